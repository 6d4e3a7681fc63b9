"""The edges that `promotion doctor` needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from promotion.common.promotion_rules.rules_github import GuardGitHub
from promotion.rendering.component_rendering import HelmRenderer
from promotion.rendering.definition.source_fetching import SourceFetcher
from promotion.rendering.manifest_branch import BranchTree


@dataclass(frozen=True, kw_only=True)
class Limit:
    """GitHub's rate limit: the requests that are left, and how many there are per hour."""

    remaining: int
    limit: int


class DoctorGitHub(Protocol):
    """GitHub's API with the token. All methods raise PromotionError."""

    def limit(self) -> Limit | None:
        """Return how many requests are left; None if there is no limit. Asking is free."""

    def repository(self, name: str) -> GuardGitHub:
        """Return the API for one repository, `owner/name`."""


class DoctorTools(Protocol):
    """The edges of the run."""

    @property
    def fetcher(self) -> SourceFetcher:
        """Fetches sources."""

    @property
    def helm(self) -> HelmRenderer:
        """Renders charts."""

    def address(self, repository: str) -> str:
        """Return a repository's full address, without credentials."""

    def open_branch(self, repository: str, branch: str) -> BranchTree:
        """Return a branch of the manifest repository."""

    def try_push(self, repository: str, branch: str) -> None:
        """Go through a push up to the point where something would be written.

        Raises:
            AccessError: the token or key may not write.
            PromotionError: it fails otherwise.
        """
