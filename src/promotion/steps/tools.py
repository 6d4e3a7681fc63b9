"""The edges of one attempt, as the steps see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from promotion.core.model import ResolvedChart, Snapshot
from promotion.errors import Location
from promotion.steps.fab.engine import Fab
from promotion.steps.gather import Fetcher
from promotion.steps.inspection import Schemas
from promotion.steps.publish import ManifestBranch
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

    def open_branch(self, repository: str, branch: str) -> tuple[ManifestBranch, Callable[[str], None]]:
        """The manifest branch as it is at this moment, and what pushes a commit to it.

        The push raises BranchMovedError if the branch moved since it was opened.
        """
