"""The edges of one attempt, as the steps see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from promotion.core.model import ResolvedChart, Snapshot
from promotion.errors import Location
from promotion.steps.delivery.place import Place
from promotion.steps.fab.engine import Fab
from promotion.steps.gather import Fetcher
from promotion.steps.inspection import Schemas
from promotion.steps.publication import ManifestBranch
from promotion.steps.render import Helm
from promotion.steps.stage import Workspace


class Tools(Protocol):
    """The edges of one attempt. They cache what they fetch, so each attempt has its own."""

    @property
    def fetcher(self) -> Fetcher:
        """Gets sources."""

    @property
    def helm(self) -> Helm:
        """Renders charts."""

    @property
    def schemas(self) -> Schemas:
        """What Kubernetes takes."""

    def read_templates(self, chart: ResolvedChart) -> Iterable[str]:
        """The texts of a chart that have a template's action in them, those of its dependencies too."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    @property
    def warnings(self) -> Sequence[str]:
        """What was warned of so far, with its place."""

    def warn(self, text: str, where: Location | None = None) -> None:
        """Warn, once."""

    @property
    def fab(self) -> Fab:
        """Real fab; PromotionError if it isn't there."""

    def address(self, repository: str) -> str:
        """A repository's address in full, without credentials."""

    def workspace(self, source: Snapshot) -> Workspace:
        """A working copy for hooks."""


class PublishingTools(Tools, Protocol):
    """Those that write a manifest repository, too."""

    def open_branch(
        self, repository: str, branch: str, *, verified: bool = False
    ) -> tuple[ManifestBranch, Callable[[str], str]]:
        """The manifest branch as it is at this moment, and what pushes a commit to it.

        The push gives the commit's id as others see it: with `verified` GitHub makes it anew and signs it. It
        raises BranchMovedError if the branch moved since it was opened.
        """

    def open_place(self, repository: str, base: str, head: str, *, verified: bool) -> Place:
        """The manifest repository with the two branches of a pull request, as they are at this moment.

        Raises:
            UsageError: it isn't a repository of this GitHub server, or there is no token for it.
        """
