"""The ways to deliver, as the run sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from promotion.publishing.manifest_change import ManifestChange
from promotion.publishing.report import Report
from promotion.rendering.manifest_branch import ManifestBranch


class Delivery(Protocol):
    """One attempt's way to the manifest branch, opened before the sources are read."""

    @property
    def branch(self) -> ManifestBranch:
        """What the manifests are compared with, and the commit stands on."""

    def push(self, commit: str) -> str:
        """Send a commit that the branch's `write` made.

        Returns:
            The commit's id as others see it; empty if all that it brings is there already.

        Raises:
            BranchMovedError: others were faster: start again from the sources.
        """

    def conclude(self, publication: ManifestChange, report: Report) -> Report:
        """Do what is left to do when the commit is sent, or there is none; the report with what came of it.

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

    def conclude(self, publication: ManifestChange, report: Report) -> Report:  # noqa: ARG002
        """Return nothing is left to do."""
        return report
