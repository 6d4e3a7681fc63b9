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
    """A commit; `files` is the whole tree. `is_signed` says that GitHub made it, for whomever."""

    sha: str
    parents: tuple[str, ...]
    message: str
    author: str | None
    files: Mapping[str, str]
    date: str = "2026-01-31T12:00:00Z"
    is_signed: bool = False
    tree_id: str = ""

    @property
    def tree(self) -> str:
        return self.tree_id or tree_of(self.files)


def tree_of(files: Mapping[str, str]) -> str:
    """The id of a tree."""
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()  # noqa: S324


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
        self.moves: list[dict[str, Any]] = []  # what GitHub recorded of its branches, oldest first
        self.keeps_record = True
        self.kinds: dict[str, str] = {}  # paths that are links or submodules
        self.record_delay = 0  # how many times it is asked for before it shows

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
        is_signed: bool = False,
    ) -> str:
        """A commit on top of a branch; `merging` are further parents, whose files `files` has to have."""
        tip = self.branches.get(branch)
        sha = self._add((*([tip] if tip else []), *merging), message, author, files, is_signed=is_signed)
        self.branches[branch] = sha
        return sha

    def _add(
        self,
        parents: tuple[str, ...],
        message: str,
        author: str | None,
        files: Mapping[str, str] | None = None,
        *,
        is_signed: bool = False,
    ) -> str:
        sha = hashlib.sha1(f"{next(_numbers)} {parents} {message}".encode()).hexdigest()  # noqa: S324
        before = self.commits[parents[0]].files if parents else {}
        after = {**before, **(files or {})}
        self.commits[sha] = FakeCommit(sha, parents, message, author, after, is_signed=is_signed)
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

    def methods(self, branch: str) -> set[str]:
        """How pull requests into a branch may be merged."""
        keys = {"merge": "merge_commit", "squash": "squash_merge", "rebase": "rebase_merge"}
        allowed = {name for name, key in keys.items() if self.settings.get(f"allow_{key}", True)}
        for ruleset in self.rulesets.values():
            if f"refs/heads/{branch}" not in ruleset["conditions"]["ref_name"]["include"]:
                continue
            for rule in ruleset["rules"]:
                if rule["type"] == "pull_request":
                    allowed &= set(rule["parameters"].get("allowed_merge_methods", allowed))
                elif rule["type"] == "required_linear_history":
                    allowed -= {"merge"}
                elif rule["type"] == "merge_queue":
                    return {"merge", "squash", "rebase"}  # whatever is asked for is ignored
        if self.protections.get(branch, {}).get("required_linear_history", {}).get("enabled"):
            allowed -= {"merge"}
        return allowed

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
        self.move(pull.base_branch, pull.merge_commit, "pr_merge")
        pull.merged, pull.state = True, "closed"
        return pull.merge_commit

    def move(self, branch: str, commit: str, kind: str = "push") -> None:
        """Move a branch, which GitHub records."""
        before = self.branches[branch]
        self.branches[branch] = commit
        recorded = {"ref": f"refs/heads/{branch}", "before": before, "after": commit, "activity_type": kind}
        self.moves.append(recorded)

    def notice(self, pull: FakePull) -> None:
        """Mark a pull request as merged whose commits were pushed, as GitHub does."""
        tip = self.branches[pull.base_branch]
        assert pull.head_sha in self.history(tip)
        pull.merged, pull.state, pull.merge_commit = True, "closed", tip
        pull.landed = {commit.sha for commit in self.between(self.moves[-1]["before"], tip)}

    def merge_onto(self, base: str, pull: FakePull, method: str = "merge") -> str:
        """The commit that merging makes on top of another, as a merge queue does; moves no branch."""
        files = self.merge_files(base, pull.head_sha) or {}
        if method == "merge":
            title = f"Merge pull request #{pull.number} from {self.owner}/{pull.head_branch}\n\n{pull.title}"
            return self._add((base, pull.head_sha), title, "web-flow", files, is_signed=True)
        if method == "squash":
            title = f"{pull.title} (#{pull.number})"
            return self._add((base,), title, pull.author, files, is_signed=True)
        tip = base
        for commit in self.between(base, pull.head_sha):  # GitHub doesn't sign these
            tip = self._add((tip,), commit.message, commit.author, commit.files)
        return tip

    def merge_files(self, one: str, other: str) -> Mapping[str, str] | None:
        """The clean merge of two trees, whole files only; None if it conflicts."""
        base = self.commits[self.merge_base(one, other)].files
        ours, theirs = self.commits[one].files, self.commits[other].files
        merged = {}
        for path in {*ours, *theirs}:
            versions = base.get(path), ours.get(path), theirs.get(path)
            if versions[1] not in (versions[0], versions[2]) and versions[2] != versions[0]:
                return None
            content = versions[2] if versions[1] == versions[0] else versions[1]
            if content is not None:
                merged[path] = content
        return merged

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
