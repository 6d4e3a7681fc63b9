"""The ways to deliver manifests, as a run sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from promotion.publishing.manifest_change import ManifestChange
from promotion.publishing.report import Report
from promotion.rendering.manifest_branch import ManifestBranch


class Delivery(Protocol):
    """The way to the manifest branch in one attempt, opened before the sources are read."""

    @property
    def branch(self) -> ManifestBranch:
        """The branch to compare with, on which the commit is made."""

    def push(self, commit: str) -> str:
        """Push a commit that the branch's `write` made.

        Returns:
            The commit's id as others see it; empty if all that it brings is there already.

        Raises:
            BranchMovedError: others were faster: start again from the sources.
        """

    def conclude(self, change: ManifestChange, report: Report) -> Report:
        """Finish the delivery after the push, or without one, and return the completed report.

        Raises as `push` does.
        """


class PushDelivery:
    """A push to the manifest branch itself.

    Args:
        branch: as it is.
        push: sends a commit; gives its id as others see it.
    """

    def __init__(self, branch: ManifestBranch, push: Callable[[str], str]) -> None:
        self.branch = branch
        self.push = push

    def conclude(self, change: ManifestChange, report: Report) -> Report:  # noqa: ARG002
        """Return the report: nothing is left to do."""
        return report
