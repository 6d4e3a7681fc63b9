"""The edges of one attempt, as the steps see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # what a run doesn't use it doesn't import
    from promotion.errors import Location
    from promotion.rendering.component_rendering import HelmRenderer
    from promotion.rendering.definition.hook_stages import Workspace
    from promotion.rendering.definition.part_times import PartTimes
    from promotion.rendering.definition.source_fetching import SourceFetcher
    from promotion.rendering.fab.fab_rendering import Fab
    from promotion.rendering.model import ResolvedChart, Snapshot
    from promotion.rendering.validation.cluster_policy import Schemas


class AttemptTools(Protocol):
    """What each attempt has, whatever it does."""

    @property
    def warnings(self) -> Sequence[str]:
        """What was warned of so far, with its place."""

    def warn(self, text: str, where: Location | None = None) -> None:
        """Warn, once."""

    def address(self, repository: str) -> str:
        """Return a repository's address in full, without credentials."""


class RenderingTools(AttemptTools, Protocol):
    """The edges of one attempt. They cache what they fetch, so each attempt has its own."""

    @property
    def fetcher(self) -> SourceFetcher:
        """Gets sources."""

    @property
    def times(self) -> PartTimes:
        """What each part has of time."""

    @property
    def helm(self) -> HelmRenderer:
        """Renders charts."""

    @property
    def schemas(self) -> Schemas:
        """What Kubernetes takes."""

    def read_templates(self, chart: ResolvedChart) -> Iterable[str]:
        """Return the texts of a chart and its dependencies that contain template actions."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    @property
    def fab(self) -> Fab:
        """Real fab; PromotionError if it isn't there."""

    def workspace(self, source: Snapshot) -> Workspace:
        """Return a working copy for hooks."""
