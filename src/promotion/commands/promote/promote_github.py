"""The parts of GitHub and of the manifest repository that a promotion needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from promotion.common.github_json import Json, PullSummary
from promotion.common.promotion_rules.rules_github import GuardGitHub
from promotion.rendering.manifest_branch import BranchTree


class PullsWriter(Protocol):
    """Pull requests between two branches of one repository."""

    def find_open(self, head: str, base: str) -> PullSummary | None:
        """Return the open pull request between two branches; None if there is none."""

    def find_last_closed(self, head: str, base: str) -> PullSummary | None:
        """Return the newest closed pull request between them, merged or not; None if there is none."""

    def create(self, *, head: str, base: str, title: str, body: str) -> PullSummary | None:
        """Open a pull request; return None if there is one, or nothing is left to merge."""

    def edit(self, number: int, *, title: str, body: str) -> None:
        """Replace title and text of a pull request."""

    def close(self, number: int, *, body: str) -> None:
        """Close a pull request without merging it, with this text."""


class DeploymentsReader(Protocol):
    """The deployments of one repository. Answers are as GitHub describes them."""

    def recent(self, environment: str) -> Iterable[Json]:
        """Return the deployments to an environment, newest first, fetched only as far as they are read."""

    def statuses(self, identifier: int) -> Sequence[Json]:
        """Return the statuses of a deployment."""


@dataclass(frozen=True, kw_only=True)
class PromotionHosts:
    """The outside world of one promotion. `server_url` is where `owner/name` is; `warn` warns the user."""

    github: GuardGitHub
    pulls: PullsWriter
    deployments: DeploymentsReader
    open_manifests: Callable[[str], BranchTree]
    warn: Callable[[str], None]
    now: datetime
    server_url: str
