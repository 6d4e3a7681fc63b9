"""A repository on the fake GitHub whose commits and branches are those of a real one."""

from __future__ import annotations

from support.github_state import FakeCommit, FakePull, FakeRepository
from support.repositories import Repository


class MirroredRepository(FakeRepository):
    """What the git server and the fake GitHub both have. `refresh` after each change of the real one.

    Trees aren't copied: it has only the files that `files` of a commit were given here.
    """

    def __init__(self, full_name: str, real: Repository) -> None:
        super().__init__(full_name)
        self.real = real
        self.refresh()

    def refresh(self) -> None:
        """Take over the commits and branches as they are."""
        rows = self.real.git(
            "log", "--all", "--reverse", "--topo-order", "--format=%H%x1f%P%x1f%T%x1f%an%x1f%B%x1e"
        )
        for row in filter(None, (row.strip("\n") for row in rows.split("\x1e"))):
            sha, parents, tree, author, message = row.split("\x1f", 4)
            if sha not in self.commits:
                known = tuple(parents.split()), message.strip(), author
                commit = FakeCommit(sha, *known, {}, tree_id=tree)
                self.commits[sha] = commit
        refs = self.real.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        self.branches = dict(row.split(" ") for row in refs.splitlines())


class LiveRepository(MirroredRepository):
    """One that is always as the real one is, with pull requests that follow their branches as GitHub's do."""

    def catch_up(self) -> None:
        self.refresh()
        for pull in self.pulls.values():
            if pull.state == "open":
                self._follow(pull)

    def _follow(self, pull: FakePull) -> None:
        head, base = self.branches.get(pull.head_branch), self.branches.get(pull.base_branch)
        if head is not None:
            pull.head_sha = head
        if base is not None and pull.head_sha in self.history(base):
            pull.merged, pull.merge_commit, pull.state = True, base, "closed"
        elif head is None:
            pull.state = "closed"
