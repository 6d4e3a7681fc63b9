"""Whose commit gets an answer, and when."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from promotion.common.addresses import name_on
from promotion.common.event import Event
from promotion.errors import AccessError, SourceError
from promotion.publishing.deployment_selection import Status
from promotion.publishing.github_status.commit_feedback import CommitFeedback
from promotion.publishing.github_status.status_records import StatusWriter
from promotion.rendering.lock.lock import Lock, LockedComponent
from promotion.rendering.model import Provenance

SENT = {"environment": "dev", "repository": "Acme/cat", "commit": "a" * 40}
CAT = Lock(
    components={
        "cat.yaml": LockedComponent(
            label="cat", provenance=Provenance(source="https://github.com/acme/Cat.git")
        )
    }
)
DOG = Lock(
    components={
        "dog.yaml": LockedComponent(
            label="dog", provenance=Provenance(source="https://github.com/acme/dog.git")
        )
    }
)


class World:
    """A run for a dispatch, with all that was written and said."""

    def __init__(self, error: SourceError | None = None, **sent: Any) -> None:
        self.error = error
        self.statuses: list[Status] = []
        self.said: list[str] = []
        event = Event(
            name="repository_dispatch", repository="acme/hld", payload={"client_payload": SENT | sent}
        )
        teller = StatusWriter(lambda: self, self, str)  # type: ignore[arg-type, return-value]
        self.feedback = CommitFeedback(
            teller, event.dispatched, "dev", "", partial(name_on, "https://github.com")
        )

    def report(self, statuses: Sequence[Status]) -> Sequence[SourceError | None]:
        self.statuses += statuses
        return [self.error] * len(statuses)

    def notice(self, text: str) -> None:
        self.said.append(text)

    def states(self) -> list[str]:
        return [status.state for status in self.statuses]


def test_pending_once_then_the_end() -> None:
    world = World()
    for lock in (DOG, CAT, CAT):
        world.feedback.learn(lock)
    world.feedback.end("success", "done")
    assert world.states() == ["pending", "success"]
    assert {status.commit for status in world.statuses} == {"a" * 40}


def test_a_repository_that_is_no_source_gets_none() -> None:
    world = World()
    world.feedback.learn(DOG)
    world.feedback.end("failure", "why")
    assert world.statuses == []
    assert world.said == ["No status is written to Acme/cat: the definition isn't made from it"]


def test_a_dispatch_of_others_asks_for_none() -> None:
    world = World(commit="dev")
    world.feedback.learn(CAT)
    world.feedback.end("success", "done")
    assert (world.statuses, world.said) == ([], [])


def test_a_refusal_is_told_once() -> None:
    world = World(AccessError("no"))
    world.feedback.learn(CAT)
    world.feedback.end("success", "x" * 500)
    assert len(world.said) == 1
    assert "`statuses: write`" in world.said[0]
    assert len(world.statuses[-1].description) == 140
