"""Answers that aren't as GitHub describes them: always a decision, never a yes, never a trace."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promotion.common.promotion_rules.decision import Reason
from support import github_server
from support.github_events import example, group_event, pull_event, push_event
from support.github_server import Fault
from support.guard_world import World

ODD: tuple[Any, ...] = (None, [], {}, [None], [[]], "x", 1)
ANSWERS = 3  # how many of a run are replaced in turn, each with what follows it


def make_payload(world: World, event: str) -> dict[str, Any]:
    if event == "workflow_dispatch":
        return example(event)
    pull = world.shop.open_pull("dev", "stage")
    if event == "pull_request":
        return pull_event(world.shop, pull)
    before = world.shop.branches["stage"]
    if event == "merge_group":
        head = world.shop.merge_onto(before, pull)
        return group_event(world.shop, "stage", before, head, pull.number)
    world.shop.commit("stage", "Before")
    return push_event(world.shop, "stage", before, world.shop.merge(pull))


def spoil(data: Any, value: Any, *, deep: bool) -> Any:
    """The value instead of an answer; or of every field of it, and of the maps in it."""
    if not deep:
        return value
    if isinstance(data, list):
        return [spoil(entry, value, deep=True) for entry in data]
    if isinstance(data, dict):
        return {
            key: spoil(entry, value, deep=True) if isinstance(entry, dict | list) else value
            for key, entry in data.items()
        }
    return value


@pytest.mark.siege
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("event", ["pull_request", "merge_group", "push", "workflow_dispatch"])
def test_are_never_a_yes(world: World, monkeypatch: pytest.MonkeyPatch, event: str, deep: bool) -> None:
    payload = make_payload(world, event)
    for first in range(ANSWERS):
        for value in ODD:
            seen = iter(range(1000))
            monkeypatch.setattr(
                github_server,
                "_text",
                lambda data, first=first, value=value, seen=seen: json.dumps(
                    spoil(data, value, deep=deep) if next(seen) >= first else data
                ),
            )
            decision = world.ask(event, payload, rules='stage: ["hotfix/*", dev]')
            assert not decision.allowed, f"answer {first} was {value!r}"


@pytest.mark.parametrize("status", [401, 404, 410])
def test_a_proxys_error_is_not_githubs(world: World, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(github_server, "_text", lambda data: '["refused by the proxy"]')
    world.github.faults.append(Fault("*", status))
    assert world.ask_pull(world.shop.open_pull("dev", "stage")).reason is Reason.API_UNAVAILABLE
