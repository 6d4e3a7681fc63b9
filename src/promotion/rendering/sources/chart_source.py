"""Charts of Helm repositories and of registries."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Self

from promotion.common.addresses import without_credentials
from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.model import Definition, Folder, Provenance, ResolvedChart, error_about
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.source_interface import SourceKind


@dataclass(frozen=True, kw_only=True)
class ChartSource(SourceKind[ResolvedChart]):
    """A chart in a Helm repository (`https://...` or `oci://...`); an empty version is the newest release."""

    METHOD: ClassVar[str] = "helm"
    TYPES: ClassVar[tuple[str, ...]] = ("helm",)

    repository: str
    chart: str
    version: str = ""
    reach: Reach = Reach.OWN

    @classmethod
    def from_definition(cls, definition: Definition, _copy: str, reach: Reach = Reach.OWN) -> Self:
        """Return the chart that a component names."""
        if not definition.source or not definition.path:
            raise error_about(
                definition,
                "the method helm needs `source` and `path`",
                "Give the chart repository's address as `source` and the chart's name as `path`.",
            )
        return cls(
            repository=definition.source, chart=definition.path, version=definition.version, reach=reach
        )

    def __str__(self) -> str:
        return f"{self._name} {self.version}" if self.version else self._name

    @property
    def _name(self) -> str:
        return f"{without_credentials(self.repository).rstrip('/')}/{self.chart}"

    @property
    def address(self) -> str:
        """The repository's."""
        return self.repository

    def placed_path(self, folder: Folder, name: str) -> str:
        """Return where Fabrikate unpacks it (fab: generators/helm.go:239)."""
        return folder.path_in_copy("helm_repos", name)

    def trace(self, revision: str, path: str) -> Provenance:
        """Return the chart's name, the version asked for, and the one that was found."""
        return Provenance(self._name, self.version, revision, path)

    def dump(self) -> dict[str, str]:
        """Return what the lock says of it."""
        names = {"charts": self.repository, "chart": self.chart, "version": self.version}
        return {**names, "reach": self.reach}

    @classmethod
    def load(cls, text: Callable[[str], str], /) -> Self | None:
        """Return the source that `dump` described."""
        if not (repository := text("charts")):
            return None
        reach = Reach.parse(text("reach"))
        return cls(repository=repository, chart=text("chart"), version=text("version"), reach=reach)
