"""The parts of git and GitHub that a delivery by pull request needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from promotion.common.commit_history import PastCommit
from promotion.common.github_json import PullSummary
from promotion.rendering.manifest_branch import ManifestBranch


class Place(Protocol):
    """A manifest repository with two branches: the base, for the manifests, and the pull request's head.

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
        """Create the missing base from an empty commit. Raises BranchMovedError if it exists by now."""

    def files_of(self, commit: str) -> Mapping[str, str]:
        """Return every path of the head's tip or of a new commit, as `ManifestBranch.files`."""

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file of the head's tip or of a new commit; None if there is no such file."""

    def push(self, commit: str) -> str:
        """Set the head to a commit of the base's `write`, unless it has moved (BranchMovedError).

        Returns:
            The commit's id as others see it.
        """

    def delete_head(self) -> None:
        """Delete the head, unless it has moved (BranchMovedError)."""

    def tips(self) -> tuple[str | None, str | None]:
        """Return the current commits of base and head."""

    def new_commits(self) -> Sequence[PastCommit]:
        """Return the head's commits that the base lacks, according to GitHub."""

    def find_open(self) -> PullSummary | None:
        """Return the open pull request from the head to the base."""

    def find_closed(self, commit: str) -> PullSummary | None:
        """Return a pull request closed unmerged with this commit as its head; None if there is none."""

    def create(self, *, title: str, body: str) -> PullSummary | None:
        """Open a pull request; return None if one exists, or nothing is left to merge."""

    def edit(self, number: int, *, title: str, body: str) -> None:
        """Replace title and text of a pull request."""

    def close(self, number: int) -> None:
        """Close a pull request."""

    def enable_auto_merge(self, pull: PullSummary) -> str:
        """Enable auto-merge; return why GitHub refuses and what to do, else an empty text."""
