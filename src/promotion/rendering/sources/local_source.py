"""The definition that is given on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

from promotion.rendering.model import Provenance, Snapshot
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

    def trace(self, _revision: str, path: str) -> Provenance:
        """Return the path alone: the lock says of the whole definition where it comes from."""
        return Provenance(path=path)

    def dump(self) -> dict[str, str]:
        """Refuse: a lock is about what can be asked."""
        raise TypeError(f"{self} can't be asked anything")

    @classmethod
    def load(cls, _text: Callable[[str], str], /) -> Self | None:
        """Return None."""
        return None
