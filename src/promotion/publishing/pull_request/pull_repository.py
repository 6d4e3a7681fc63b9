"""What delivering by a pull request needs of git and GitHub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from promotion.common.commit_history import PastCommit
from promotion.rendering.manifest_branch import ManifestBranch

Json = Mapping[str, Any]


class Place(Protocol):
    """A manifest repository with two branches: the base, which gets the manifests, and the head of a pull
    request; both as they were when it was opened. Pull requests are as GitHub describes them.

    Every method raises AccessError where a token lacks a right, and SourceError where a server can't be
    reached.
    """

    @property
    def name(self) -> str:
        """The head's name."""

    @property
    def base(self) -> ManifestBranch:
        """The base."""

    @property
    def head(self) -> PastCommit | None:
        """The tip of the head; None if there is no such branch."""

    def begin(self, *, author: str, email: str, timestamp: int) -> ManifestBranch:
        """Create the missing base, from a commit without files; BranchMovedError if it is there by now."""

    def files_of(self, commit: str) -> Mapping[str, str]:
        """Return every path of the head's tip, or of a commit of the base's `write`, as
        `ManifestBranch.files`.
        """

    def push(self, commit: str) -> str:
        """Set the head to a commit of the base's `write`, unless it has moved (BranchMovedError).

        Returns:
            The commit's id as others see it.
        """

    def delete_head(self) -> None:
        """Delete the head, unless it has moved (BranchMovedError)."""

    def tips(self) -> tuple[str | None, str | None]:
        """Return where base and head are at this moment."""

    def new_commits(self) -> Sequence[PastCommit]:
        """Return the commits of the head that the base doesn't have, by GitHub."""

    def find_open(self) -> Json | None:
        """Return the open pull request from the head to the base."""

    def find_closed(self, commit: str) -> Json | None:
        """Return a pull request like that which was closed unmerged, and whose head was this commit."""

    def create(self, *, title: str, body: str) -> Json | None:
        """Open a pull request; None if there is one already, or nothing to merge."""

    def edit(self, number: int, *, title: str, body: str) -> None:
        """Replace title and text."""

    def close(self, number: int) -> None:
        """Close a pull request."""

    def enable_auto_merge(self, pull: Json) -> str:
        """Have it merged as soon as the rules allow; why GitHub doesn't, with what to do, else empty."""
