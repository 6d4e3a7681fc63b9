"""The edges of a rollback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from promotion.core.history import History
from promotion.errors import Location
from promotion.steps.publication import ManifestBranch


class Tools(Protocol):
    """The edges of one attempt."""

    @property
    def warnings(self) -> Sequence[str]:
        """What was warned of so far, with its place."""

    def warn(self, text: str, where: Location | None = None) -> None:
        """Warn, once."""

    def address(self, repository: str) -> str:
        """A repository's address in full, without credentials."""

    def open_branch(
        self, repository: str, branch: str, *, verified: bool = False
    ) -> tuple[ManifestBranch, Callable[[str], str]]:
        """The manifest branch as it is at this moment, and what pushes a commit to it.

        The push gives the commit's id as others see it: with `verified` GitHub makes it anew and signs it. It
        raises BranchMovedError if the branch moved since it was opened.
        """

    def list_branches(self, repository: str) -> Sequence[str]:
        """The names of all branches of the manifest repository."""

    def read_history(self, repository: str, branch: str) -> History:
        """The commits that the branch stands on at this moment."""

    def open_commit(self, repository: str, branch: str, commit: str) -> ManifestBranch:
        """The branch as it was at a commit."""
