"""A repository with `dev`, `stage` and `prod` on the fake GitHub, and the guard asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from promotion.commands.guard.enforcement import enforce_rules
from promotion.commands.guard.inputs import GuardRequest
from promotion.common.backoff import Backoff
from promotion.common.promotion_rules.decision import Decision
from promotion.edges.github.github_client import GitHubClient
from promotion.edges.github.repository_api import RepositoryApi
from promotion.errors import SourceError
from support.github_events import pull_event
from support.github_server import FakeGitHub
from support.github_state import FakePull, FakeRepository, tree_of

TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"  # made up
TODAY = date(2026, 11, 22)


@dataclass
class World:
    """`main` (default), `dev`, `stage` and `prod` start at one commit; then `dev` has one more."""

    github: FakeGitHub
    shop: FakeRepository
    merges_fail: bool = False

    def api(self, **options: Any) -> RepositoryApi:
        """The API as the guard uses it, with short waits."""
        quick: dict[str, Any] = {"backoff": Backoff(attempts=3, longest_asked=2), **options}
        return RepositoryApi(Patient(self.github.url, TOKEN, **quick), self.shop.full_name)

    def ask(self, event: str, payload: Mapping[str, Any], **inputs: Any) -> Decision:
        """Have the guard judge an event."""
        request = GuardRequest(event_name=event, payload=payload, **{"today": TODAY, **inputs})
        return enforce_rules(request, self.api(), self.merge)

    def merge(self, one: str, other: str) -> str | None:
        """Return the tree of the clean merge of two commits, or None."""
        if self.merges_fail:
            raise SourceError("acme/shop can't be fetched")
        files = self.shop.merge_files(one, other)
        return None if files is None else tree_of(files)

    def ask_pull(
        self, pull: FakePull, action: str = "opened", *, sender: str = "", **inputs: Any
    ) -> Decision:
        """Have the guard judge a pull request as it is."""
        return self.ask("pull_request", pull_event(self.shop, pull, action, sender=sender), **inputs)


class Patient(GitHubClient):
    """Doesn't sleep; time passes for GitHub with each request."""

    def wait(self, seconds: float) -> None:
        """Nothing to wait for."""


def make_world(github: FakeGitHub) -> World:
    """A world on a server that runs."""
    shop = github.add(FakeRepository("acme/shop"))
    start = shop.commit("main", "Start")
    shop.branches |= {"dev": start, "stage": start, "prod": start}
    shop.commit("dev", "A feature")
    github.deny("users.get_authenticated")  # as for the job's own token
    return World(github, shop)
