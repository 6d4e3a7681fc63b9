"""What the fake GitHub holds: repositories with a real commit graph, pull requests, rulesets."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_numbers = itertools.count(1)


@dataclass(frozen=True)
class FakeCommit:
    """A commit; `files` is the whole tree."""

    sha: str
    parents: tuple[str, ...]
    message: str
    author: str | None
    files: Mapping[str, str]
    date: str = "2026-01-31T12:00:00Z"


@dataclass
class FakePull:
    """A pull request. `head_repository` is None when the fork was deleted."""

    number: int
    head_repository: FakeRepository | None
    head_branch: str
    head_sha: str
    base_branch: str
    author: str
    title: str = "A change"
    body: str | None = None
    state: str = "open"
    merged: bool = False
    merge_commit: str | None = None
    auto_merge: str | None = None
    landed: set[str] = field(default_factory=set)


@dataclass
class FakeComment:
    """A comment on a pull request."""

    identifier: int
    pull: int
    body: str
    login: str
    kind: str


class FakeRepository:
    """One repository. Forks share its commits, as a repository network does."""

    def __init__(self, full_name: str, commits: dict[str, FakeCommit] | None = None) -> None:
        self.full_name = full_name
        self.identifier = next(_numbers) + 1_000_000
        self.default_branch = "main"
        self.commits: dict[str, FakeCommit] = {} if commits is None else commits
        self.branches: dict[str, str] = {}
        self.pulls: dict[int, FakePull] = {}
        self.comments: list[FakeComment] = []
        self.rulesets: dict[int, dict[str, Any]] = {}
        self.protections: dict[str, dict[str, Any]] = {}
        self.renamed: dict[str, str] = {}
        self.settings: dict[str, Any] = {}
        self.deployments: list[Any] = []  # of github_deployments.FakeDeployment
        self.statuses: list[dict[str, Any]] = []
        self.dispatches: list[dict[str, Any]] = []
        self.link_delay = 0  # how many times commits' pull requests are asked for before they show

    @property
    def owner(self) -> str:
        return self.full_name.split("/")[0]

    def commit(
        self,
        branch: str,
        message: str = "Work",
        *,
        author: str | None = "ada",
        files: Mapping[str, str] | None = None,
        merging: Sequence[str] = (),
    ) -> str:
        """A commit on top of a branch; `merging` are further parents."""
        tip = self.branches.get(branch)
        sha = self._add((*([tip] if tip else []), *merging), message, author, files)
        self.branches[branch] = sha
        return sha

    def _add(
        self,
        parents: tuple[str, ...],
        message: str,
        author: str | None,
        files: Mapping[str, str] | None = None,
    ) -> str:
        sha = hashlib.sha1(f"{next(_numbers)} {parents} {message}".encode()).hexdigest()  # noqa: S324
        before = self.commits[parents[0]].files if parents else {}
        self.commits[sha] = FakeCommit(sha, parents, message, author, {**before, **(files or {})})
        return sha

    def resolve(self, ref: str) -> str | None:
        """The commit of a branch or id."""
        name = ref.removeprefix("refs/heads/")
        return self.branches.get(name) or (ref if ref in self.commits else None)

    def history(self, sha: str) -> set[str]:
        """A commit with all its ancestors."""
        found: set[str] = set()
        waiting = [sha]
        while waiting:
            if (commit := waiting.pop()) not in found:
                found.add(commit)
                waiting += self.commits[commit].parents
        return found

    def between(self, base: str, head: str) -> list[FakeCommit]:
        """`git log base..head`, oldest first: parents before children."""
        wanted = self.history(head) - self.history(base)
        return [commit for sha, commit in self.commits.items() if sha in wanted]

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit that both have."""
        shared = self.history(one) & self.history(other)
        return next(sha for sha in reversed(self.commits) if sha in shared)

    def fork(self, owner: str) -> FakeRepository:
        """A fork with the same branches."""
        fork = FakeRepository(f"{owner}/{self.full_name.split('/')[1]}", self.commits)
        fork.branches = dict(self.branches)
        return fork

    def catch_up(self) -> None:
        """Take over what happened elsewhere."""

    def open_pull(
        self, head: str, base: str, *, author: str = "ada", fork: FakeRepository | None = None
    ) -> FakePull:
        """Open a pull request from a branch of this repository or of a fork."""
        home = fork or self
        number = len(self.pulls) + 1
        pull = FakePull(number, home, head, home.branches[head], base, author)
        self.pulls[number] = pull
        return pull

    def synchronize(self, pull: FakePull) -> None:
        """The pull request follows its branch."""
        assert pull.head_repository
        pull.head_sha = pull.head_repository.branches[pull.head_branch]

    def merge(self, pull: FakePull, method: str = "merge") -> str:
        """Merge a pull request as GitHub does; the branch's new tip."""
        base = self.branches[pull.base_branch]
        pull.merge_commit = self.merge_onto(base, pull, method)
        pull.landed = {commit.sha for commit in self.between(base, pull.merge_commit)}
        self.branches[pull.base_branch] = pull.merge_commit
        pull.merged, pull.state = True, "closed"
        return pull.merge_commit

    def merge_onto(self, base: str, pull: FakePull, method: str = "merge") -> str:
        """The commit that merging makes on top of another, as a merge queue does; moves no branch."""
        if method == "merge":
            title = f"Merge pull request #{pull.number} from {self.owner}/{pull.head_branch}\n\n{pull.title}"
            return self._add((base, pull.head_sha), title, "web-flow")
        if method == "squash":
            return self._add((base,), f"{pull.title} (#{pull.number})", pull.author)
        tip = base
        for commit in self.between(base, pull.head_sha):
            tip = self._add((tip,), commit.message, commit.author)
        return tip

    def pulls_of(self, sha: str) -> Iterable[FakePull]:
        """The pull requests that brought a commit, and open ones that would."""
        if self.link_delay:
            self.link_delay -= 1
            return []
        return [
            pull for pull in self.pulls.values() if sha in (pull.landed if pull.merged else self._new(pull))
        ]

    def _new(self, pull: FakePull) -> set[str]:
        return {commit.sha for commit in self.between(self.branches[pull.base_branch], pull.head_sha)}
