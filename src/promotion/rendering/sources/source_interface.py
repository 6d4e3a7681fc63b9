"""What each kind of source answers for itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from promotion.common.addresses import without_credentials

if TYPE_CHECKING:
    from promotion.rendering.model import Folder, Provenance

Fetched = TypeVar("Fetched")


class SourceKind(ABC, Generic[Fetched]):
    """A kind of source; `Fetched` is what fetching one gives. Its values are frozen.

    As text they are fit to be shown: their addresses have no credentials.
    """

    BOUNDARY: ClassVar[str] = "its repository"  # what a path in it may not leave, for messages

    def __str__(self) -> str:
        return without_credentials(self.address)

    @property
    @abstractmethod
    def address(self) -> str:
        """The address as written, credentials and all; empty for the local definition."""

    @property
    def copy(self) -> str:
        """Its folder in the working copy of hooks, where that tells it from other copies of the same."""
        return ""

    @property
    def required(self) -> Self | None:
        """Another that must be there as well."""
        return None

    def without_copy(self) -> Self:
        """Return the source itself, wherever its working copy is."""
        return self

    def placed_path(self, folder: Folder, name: str) -> str:  # noqa: ARG002
        """Return where Fabrikate lays it out in the working copy, for a component of this name."""
        return self.copy

    @abstractmethod
    def trace(self, revision: str, path: str) -> Provenance:
        """Return where a component comes from, of which this is the source, at a revision and a path."""

    @abstractmethod
    def dump(self) -> dict[str, str]:
        """Return what the lock says of it."""

    @classmethod
    @abstractmethod
    def load(cls, text: Callable[[str], str], /) -> Self | None:
        """Return the source that `dump` described; None if it was of another kind.

        Args:
            text: gives the text of a key, empty if it isn't there.
        """


Source = SourceKind[Any]
