"""Manifests at web addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Self

from promotion.common.addresses import path_of, without_credentials
from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.model import Definition, Folder, Provenance, error_about
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.source_interface import SourceKind


@dataclass(frozen=True, kw_only=True)
class WebSource(SourceKind[bytes]):
    """One manifest file at a web address."""

    METHOD: ClassVar[str] = "http"
    TYPES: ClassVar[tuple[str, ...]] = ("static",)

    url: str
    reach: Reach = Reach.OWN

    @classmethod
    def from_definition(cls, definition: Definition, _copy: str, reach: Reach = Reach.OWN) -> Self:
        """Return a manifest's address; only with these endings (fab: S:61), maybe before a query."""
        if not path_of(definition.source).lower().endswith((".yaml", ".yml")):
            raise error_about(
                definition,
                f"the source {without_credentials(definition.source)!r} doesn't end in .yaml or .yml",
                "Give the address of a manifest.",
            )
        return cls(url=definition.source, reach=reach)

    @property
    def address(self) -> str:
        """The file's."""
        return self.url

    def placed_path(self, folder: Folder, name: str) -> str:
        """Return where Fabrikate writes it (fab: generators/static.go:60)."""
        return folder.path_in_copy("components", name, f"{name}.yaml")

    def trace(self, revision: str, path: str) -> Provenance:
        """Return the address."""
        return Provenance(without_credentials(self.url), "", revision, path)

    def dump(self) -> dict[str, str]:
        """Return what the lock says of it."""
        return {"file": self.url, "reach": self.reach}

    @classmethod
    def load(cls, text: Callable[[str], str], /) -> Self | None:
        """Return the source that `dump` described."""
        url = text("file")
        return cls(url=url, reach=Reach.parse(text("reach"))) if url else None
