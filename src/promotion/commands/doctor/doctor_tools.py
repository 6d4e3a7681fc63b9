"""What `promotion doctor` needs of the outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from promotion.common.promotion_rules.rules_github import GuardGitHub
from promotion.rendering.component_rendering import HelmRenderer
from promotion.rendering.definition.source_fetching import SourceFetcher


@dataclass(frozen=True, kw_only=True)
class Limit:
    """GitHub's rate limit: requests that are left, of how many in an hour."""

    remaining: int
    limit: int


class DoctorGitHub(Protocol):
    """GitHub's API with the token; all raise PromotionError."""

    def limit(self) -> Limit | None:
        """Return how many requests are left; None where there is no limit. Asking counts for none."""

    def repository(self, name: str) -> GuardGitHub:
        """Return the API for one repository, `owner/name`."""


class ReadableBranch(Protocol):
    """A branch of the manifest repository as it was when it was opened."""

    @property
    def commit(self) -> str | None:
        """Its tip; None if there is no such branch."""

    def files(self) -> Mapping[str, str]:
        """Return every path with `<mode> <git's id>`."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get files that will be read in one go."""


class DoctorTools(Protocol):
    """The edges of the run."""

    @property
    def fetcher(self) -> SourceFetcher:
        """Gets sources."""

    @property
    def helm(self) -> HelmRenderer:
        """Renders charts."""

    def address(self, repository: str) -> str:
        """Return a repository's address in full, without credentials."""

    def open_branch(self, repository: str, branch: str) -> ReadableBranch:
        """Return a branch of the manifest repository."""

    def try_push(self, repository: str, branch: str) -> None:
        """Go through a push up to where something would be written.

        Raises:
            AccessError: the token or key may not write.
            PromotionError: it fails otherwise.
        """
