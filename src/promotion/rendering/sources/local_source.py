"""The definition that is given on the command line."""

from __future__ import annotations

from typing import ClassVar

from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.model import Snapshot
from promotion.rendering.sources.source_interface import SourceKind


@dataclass(frozen=True, kw_only=True)
class LocalSource(SourceKind[Snapshot]):
    """The folder that holds the definition given on the command line; no lock names it."""

    BOUNDARY: ClassVar[str] = "the definition's folder"

    name: str = "."

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """None."""
        return ""
