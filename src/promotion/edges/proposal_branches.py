"""The two branches of a pull request that delivers manifests: git writes them, GitHub's API the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dulwich.objects import ObjectID

from promotion.common.commit_history import PastCommit
from promotion.common.github_json import PullSummary
from promotion.edges.git.branch_history import read_commit
from promotion.edges.git.branch_snapshot import BranchSnapshot
from promotion.edges.git.git_client import GitClient
from promotion.edges.github.github_client import GitHubClient
from promotion.edges.github.pulls_api import PullsApi
from promotion.edges.github.repository_api import RepositoryApi


class ProposalPlace:
    """A manifest repository on GitHub (`promotion.publishing.pull_request.pull_repository.Place`).

    Args:
        git: reads and pushes.
        session: GitHub's API with the token that writes.
        address: the repository, for git.
        repository: `owner/name`.
        base, head: the branches' names.
        sign: has a commit on top of a branch made anew, and gives its id; the commit itself where it isn't to
            be.
    """

    def __init__(
        self,
        git: GitClient,
        session: GitHubClient,
        *,
        address: str,
        repository: str,
        base: str,
        head: str,
        sign: Callable[[BranchSnapshot, str], str],
    ) -> None:
        self._git, self._address, self._sign = git, address, sign
        self._pulls, self._repository = PullsApi(session, repository), RepositoryApi(session, repository)
        self.name = head
        self.base = git.open_branch(address, base)
        self._head = git.open_branch(address, head)

    @property
    def head(self) -> PastCommit | None:
        """The tip of the head."""
        tip = self._head.commit
        return read_commit(self._head.objects, ObjectID(tip.encode())) if tip else None

    def begin(self, *, author: str, email: str, timestamp: int) -> BranchSnapshot:
        """Create the base."""
        first = self.base.begin(author=author, email=email, timestamp=timestamp)
        self._git.push(self.base, first)
        self.base = self.base.at(first)
        return self.base

    def files_of(self, commit: str) -> Mapping[str, str]:
        """Return every path of a commit."""
        return self._at(commit).files()

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file of a commit; None if there is no such file."""
        return self._at(commit).read(path)

    def _at(self, commit: str) -> BranchSnapshot:
        branch = self._head if commit == self._head.commit else self.base
        return branch.at(commit)

    def push(self, commit: str) -> str:
        """Set the head."""
        made = self._sign(self.base, commit)
        self._git.pushes.push(self._head, made, made_by=self.base)
        return made

    def delete_head(self) -> None:
        """Delete the head."""
        self._git.pushes.delete(self._head)

    def tips(self) -> tuple[str | None, str | None]:
        """Return where base and head are; git tells, since the API may lag behind."""
        tips = self._git.find_tips(self._address, [self.base.name, self.name])
        return tips.get(self.base.name), tips.get(self.name)

    def new_commits(self) -> Sequence[PastCommit]:
        """Return the commits of the head that the base doesn't have."""
        if self.head is None:
            return ()
        if self.base.commit is None:
            return (self.head,)
        found = self._repository.compare(self.base.commit, self.head.id).commits
        return [
            PastCommit(id=commit.sha, time=0, message=commit.message, parents=commit.parents)
            for commit in found
        ]

    def find_open(self) -> PullSummary | None:
        """Return the open pull request."""
        return self._pulls.find_open(self.name, self.base.name)

    def find_closed(self, commit: str) -> PullSummary | None:
        """Return one that was closed unmerged with this head."""
        return self._pulls.find_closed(self.name, self.base.name, commit)

    def create(self, *, title: str, body: str) -> PullSummary | None:
        """Open one."""
        return self._pulls.create(head=self.name, base=self.base.name, title=title, body=body)

    def edit(self, number: int, *, title: str, body: str) -> None:
        """Replace title and text."""
        self._pulls.edit(number, title=title, body=body)

    def close(self, number: int) -> None:
        """Close it."""
        self._pulls.close(number)

    def enable_auto_merge(self, pull: PullSummary) -> str:
        """Have it merged as soon as the rules allow."""
        return self._pulls.enable_auto_merge(pull)
