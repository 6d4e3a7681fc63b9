"""What `promotion doctor` needs of the outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from promotion.steps.gather import Fetcher
from promotion.steps.guard.hosting import GitHub
from promotion.steps.render import Helm


@dataclass(frozen=True, kw_only=True)
class Limit:
    """GitHub's rate limit: requests that are left, of how many in an hour."""

    remaining: int
    limit: int


class Hosting(Protocol):
    """GitHub's API with the token; all raise PromotionError."""

    def limit(self) -> Limit | None:
        """How many requests are left; None where there is no limit. Asking counts for none."""

    def repository(self, name: str) -> GitHub:
        """The API for one repository, `owner/name`."""


class ManifestBranch(Protocol):
    """A branch of the manifest repository as it was when it was opened."""

    @property
    def commit(self) -> str | None:
        """Its tip; None if there is no such branch."""

    def files(self) -> Mapping[str, str]:
        """Every path with `<mode> <git's id>`."""

    def read(self, path: str) -> bytes | None:
        """A file's content, or None."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get files that will be read in one go."""


class Tools(Protocol):
    """The edges of the run."""

    @property
    def fetcher(self) -> Fetcher:
        """Gets sources."""

    @property
    def helm(self) -> Helm:
        """Renders charts."""

    def address(self, repository: str) -> str:
        """A repository's address in full, without credentials."""

    def open_branch(self, repository: str, branch: str) -> ManifestBranch:
        """A branch of the manifest repository."""

    def try_push(self, repository: str, branch: str) -> None:
        """Go through a push up to where something would be written.

        Raises:
            AccessError: the token or key may not write.
            PromotionError: it fails otherwise.
        """
