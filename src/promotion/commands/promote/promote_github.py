"""What a promotion needs of GitHub and of the manifest repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from promotion.common.github_json import Json
from promotion.common.promotion_rules.rules_github import GuardGitHub


class PullsWriter(Protocol):
    """Pull requests between two branches of one repository. Answers are as GitHub describes them."""

    def find_open(self, head: str, base: str) -> Json | None:
        """Return the open one from one branch to another, or None."""

    def find_last_closed(self, head: str, base: str) -> Json | None:
        """Return the newest one between them that is closed, merged or not; or None."""

    def create(self, *, head: str, base: str, title: str, body: str) -> Json | None:
        """Open one; None if there is one, or nothing to merge any more."""

    def edit(self, number: int, *, title: str, body: str) -> Json:
        """Replace title and text."""

    def close(self, number: int, *, body: str) -> Json:
        """Close it without merging, with this text."""


class DeploymentsReader(Protocol):
    """The deployment record of one repository. Answers are as GitHub describes them."""

    def recent(self, environment: str) -> Iterable[Json]:
        """Return the deployments to an environment, the newest first, got as far as they are looked at."""

    def statuses(self, identifier: int) -> Sequence[Json]:
        """Return what was said of a deployment."""


class ManifestTree(Protocol):
    """A branch of the manifest repository, to be read."""

    @property
    def commit(self) -> str | None:
        """The tip's commit id; None if the branch doesn't exist."""

    def files(self) -> Mapping[str, str]:
        """Return every path with its mode and blob id."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None where there is no such file."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get files that will be read all at once."""


@dataclass(frozen=True, kw_only=True)
class PromotionHosts:
    """The outside of one promotion. `server_url` is where `owner/name` is; `warn` tells the user."""

    github: GuardGitHub
    pulls: PullsWriter
    deployments: DeploymentsReader
    open_manifests: Callable[[str], ManifestTree]
    warn: Callable[[str], None]
    now: datetime
    server_url: str
