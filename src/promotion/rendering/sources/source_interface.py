"""What each kind of source answers for itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from promotion.common.addresses import without_credentials
from promotion.rendering.sources.credential_reach import Reach

if TYPE_CHECKING:
    from promotion.rendering.model import Definition, Folder, Provenance

Fetched = TypeVar("Fetched")


class SourceKind(ABC, Generic[Fetched]):
    """A kind of source; `Fetched` is what fetching one gives. Its values are frozen.

    As text they are fit to be shown: their addresses have no credentials.
    """

    METHOD: ClassVar[str]  # what Fabrikate calls it
    TYPES: ClassVar[tuple[str, ...]]  # of components that it can be the source of; of all, if it has folders
    BOUNDARY: ClassVar[str] = "its repository"  # what a path in it may not leave, for messages

    @classmethod
    def from_definition(cls, definition: Definition, copy: str, reach: Reach = Reach.OWN) -> Self:
        """Return the source that a component names.

        Args:
            copy: its property `copy`, which a kind with folders keeps; empty where no hooks run.
            reach: whether credentials of ours go to it.

        Raises:
            DefinitionError: a field is missing or wrong.
        """
        raise NotImplementedError

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
    def reach(self) -> Reach:
        """Whether credentials of ours go to it."""
        return Reach.OWN

    @property
    def required(self) -> Self | None:
        """Another that must be there as well."""
        return None

    def without_copy(self) -> Self:
        """Return the source itself, wherever its working copy is."""
        return self

    def with_reach(self, reach: Reach) -> Self:
        """Return the source as somebody with other rights names it; the local definition has no others."""
        return self if reach is self.reach else replace(self, reach=reach)  # type: ignore[type-var]

    def placed_path(self, folder: Folder, name: str) -> str:  # noqa: ARG002
        """Return where Fabrikate lays it out in the working copy, for a component of this name."""
        return self.copy

    def trace(self, revision: str, path: str) -> Provenance:
        """Return where a component comes from, of which this is the source, at a revision and a path."""
        raise NotImplementedError

    def dump(self) -> dict[str, str]:
        """Return what the lock says of it."""
        raise TypeError(f"{self} can't be asked anything")

    @classmethod
    def load(cls, text: Callable[[str], str], /) -> Self | None:
        """Return the source that `dump` described; None if it was of another kind.

        Args:
            text: gives the text of a key, empty if it isn't there.
        """
        raise NotImplementedError


Source = SourceKind[Any]
