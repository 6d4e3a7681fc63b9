"""Git repositories: they hold components, charts and manifests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Self

from promotion.common.addresses import without_credentials
from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.model import Definition, Provenance, Snapshot, error_about
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.source_interface import SourceKind


@dataclass(frozen=True, kw_only=True)
class GitSource(SourceKind[Snapshot]):
    """A git repository at a branch, at a version (commit, tag or branch) or at its default branch.

    `url` is as written in the component file. As in Fabrikate, `version` wins where both are given.
    `copy` tells working copies apart when hooks may write into them; else it is empty.
    """

    METHOD: ClassVar[str] = "git"
    TYPES: ClassVar[tuple[str, ...]] = ("component", "helm", "static")

    url: str
    branch: str = ""
    version: str = ""
    copy: str = ""
    reach: Reach = Reach.OWN

    @classmethod
    def from_definition(cls, definition: Definition, copy: str, reach: Reach = Reach.OWN) -> Self:
        """Return the repository that a component names."""
        if not definition.source:
            raise error_about(definition, "the method git needs a `source`", "Give the repository's address.")
        return cls(
            url=definition.source,
            branch=definition.branch,
            version=definition.version,
            copy=copy,
            reach=reach,
        )

    def __str__(self) -> str:
        ref, url = self.version or self.branch, without_credentials(self.url)
        return f"{url}@{ref}" if ref else url

    @property
    def address(self) -> str:
        """The repository's."""
        return self.url

    @property
    def required(self) -> Self | None:
        """The branch beside a version: fab clones it, then checks the version out."""
        return replace(self, version="") if self.version and self.branch else None

    def without_copy(self) -> Self:
        """Return the repository itself, wherever its working copy is."""
        return replace(self, copy="") if self.copy else self

    def trace(self, revision: str, path: str) -> Provenance:
        """Return the commit of a folder."""
        return Provenance(without_credentials(self.url), self.version or self.branch, revision, path)

    def dump(self) -> dict[str, str]:
        """Return what the lock says of it."""
        return {"git": self.url, "branch": self.branch, "version": self.version, "reach": self.reach}

    @classmethod
    def load(cls, text: Callable[[str], str], /) -> Self | None:
        """Return the source that `dump` described."""
        if not (url := text("git")):
            return None
        reach = Reach.parse(text("reach"))
        return cls(url=url, branch=text("branch"), version=text("version"), reach=reach)
