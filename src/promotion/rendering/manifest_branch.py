"""The branch of an environment's manifests, as rendering reads it and publishing writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class BranchTree(Protocol):
    """The files of a branch at one commit, to be read."""

    @property
    def commit(self) -> str | None:
        """The commit's id; None if the branch doesn't exist, which then has no files."""

    def files(self) -> Mapping[str, str]:
        """Return every path → its mode and blob id, as `100644 e69de29...`."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None where there is no such file."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get files that will be read all at once, where each would be a request of its own."""


class ManifestBranch(BranchTree, Protocol):
    """The tip of a branch, to be read, and to commit on top of."""

    def write(
        self, changes: Mapping[str, bytes | None], *, message: str, author: str, email: str, timestamp: int
    ) -> str:
        """Make a commit, which nobody sees before it is pushed; None deletes. Returns its id."""
