"""The branch of an environment's manifests, as rendering reads it and publishing writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class ManifestBranch(Protocol):
    """The tip of a branch, to be read, and to commit on top of."""

    @property
    def commit(self) -> str | None:
        """The tip's commit id; None if the branch doesn't exist."""

    def files(self) -> Mapping[str, str]:
        """Return every path of the tip → its mode and blob id, as `100644 e69de29...`."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None where there is no such file."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get files that will be read all at once, where each would be a request of its own."""

    def write(
        self, changes: Mapping[str, bytes | None], *, message: str, author: str, email: str, timestamp: int
    ) -> str:
        """Make a commit, which nobody sees before it is pushed; None deletes. Returns its id."""
