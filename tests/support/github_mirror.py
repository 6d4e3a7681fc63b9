"""A repository on the fake GitHub whose commits and branches are those of a real one."""

from __future__ import annotations

from support.github_state import FakeCommit, FakeRepository
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
            "log", "--all", "--reverse", "--topo-order", "--format=%H%x1f%P%x1f%an%x1f%B%x1e"
        )
        for row in filter(None, (row.strip("\n") for row in rows.split("\x1e"))):
            sha, parents, author, message = row.split("\x1f", 3)
            if sha not in self.commits:
                commit = FakeCommit(sha, tuple(parents.split()), message.strip(), author, {})
                self.commits[sha] = commit
        refs = self.real.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        self.branches = dict(row.split(" ") for row in refs.splitlines())
