"""The edges that a run needs to publish."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from promotion.rendering.rendering_tools import AttemptTools, RenderingTools

if TYPE_CHECKING:
    from promotion.publishing.pull_request.pull_repository import Place
    from promotion.rendering.manifest_branch import ManifestBranch


class BranchTools(AttemptTools, Protocol):
    """The edges of an attempt that writes to a manifest repository."""

    def open_branch(
        self, repository: str, branch: str, *, verified: bool = False
    ) -> tuple[ManifestBranch, Callable[[str], str]]:
        """Return the manifest branch as it is now, and a function that pushes a commit to it.

        The push gives the commit's id as others see it: with `verified` GitHub makes it anew and signs it. It
        raises BranchMovedError if the branch moved since it was opened.
        """


class PublishingTools(RenderingTools, BranchTools, Protocol):
    """The edges of an attempt that renders and publishes."""

    def open_place(self, repository: str, base: str, head: str, *, verified: bool) -> Place:
        """Return the manifest repository with the current two branches of a pull request.

        Raises:
            UsageError: it isn't a repository of this GitHub server, or there is no token for it.
        """
