"""Merge groups: every pull request in the group is judged; what can't be resolved is a no."""

from __future__ import annotations

from typing import Any

import pytest

from promotion.common.promotion_rules.decision import Decision, Reason
from support.github_events import example, group_event
from support.github_state import FakePull
from support.guard_world import World


def queue(world: World, pulls: list[FakePull], method: str = "merge", **inputs: Any) -> Decision:
    """The decision on a group of these pull requests, in their order, on top of `stage`."""
    base = head = world.shop.branches["stage"]
    for pull in pulls:
        head = world.shop.merge_onto(head, pull, method)
    return world.ask("merge_group", group_event(world.shop, "stage", base, head, pulls[-1].number), **inputs)


@pytest.fixture
def good(world: World) -> FakePull:
    return world.shop.open_pull("dev", "stage")


@pytest.fixture
def bad(world: World) -> FakePull:
    world.shop.branches["feature"] = world.shop.branches["main"]
    world.shop.commit("feature", "Not for stage")
    return world.shop.open_pull("feature", "stage", author="mallory")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_one_allowed_pull_request(world: World, good: FakePull, method: str) -> None:
    decision = queue(world, [good], method)
    assert decision.reason is Reason.GROUP_ALLOWED
    assert (decision.source, decision.target) == ("dev", "stage")


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_every_pull_request_of_the_group_counts(
    world: World, good: FakePull, bad: FakePull, method: str
) -> None:
    for group in ([good, bad], [bad, good]):
        decision = queue(world, group, method)
        assert decision.reason is Reason.SOURCE_NOT_ALLOWED
        assert len(decision.subjects) == 2


def test_a_group_without_a_history_in_common_with_its_base_is_a_no(world: World, good: FakePull) -> None:
    orphan = world.shop.commit("orphan", "From nothing")
    payload = group_event(world.shop, "stage", world.shop.branches["stage"], orphan, good.number)
    assert world.ask("merge_group", payload).reason is Reason.UNRESOLVED_GROUP


def test_a_commit_that_names_no_pull_request_is_a_no(world: World, good: FakePull) -> None:
    world.shop.branches["stray"] = base = world.shop.branches["stage"]
    stray = world.shop.commit("stray", "Stray")
    head = world.shop.merge_onto(stray, good)
    decision = world.ask("merge_group", group_event(world.shop, "stage", base, head, good.number))
    assert decision.reason is Reason.UNRESOLVED_GROUP


def test_a_commit_that_claims_the_pull_request_of_another_is_a_no(world: World, good: FakePull) -> None:
    world.shop.branches["stray"] = base = world.shop.branches["stage"]
    stray = world.shop.commit("stray", f"Harmless (#{good.number})")
    head = world.shop.merge_onto(stray, good)
    decision = world.ask("merge_group", group_event(world.shop, "stage", base, head, good.number))
    assert decision.reason is Reason.UNRESOLVED_GROUP


def test_a_merge_of_another_head_is_a_no(world: World, good: FakePull, bad: FakePull) -> None:
    base = world.shop.branches["stage"]
    bad_head = world.shop.merge_onto(base, bad)
    decision = world.ask("merge_group", group_event(world.shop, "stage", base, bad_head, good.number))
    assert decision.reason is Reason.HEAD_CHANGED


def test_a_pull_request_that_was_retargeted_is_a_no(world: World, good: FakePull) -> None:
    good.base_branch = "prod"
    assert queue(world, [good]).reason is Reason.BASE_CHANGED


def test_a_pull_request_that_is_gone_is_a_no(world: World, good: FakePull) -> None:
    world.shop.pulls.clear()
    decision = queue(world, [good])
    assert (decision.allowed, decision.outcome) == (False, "error")


def test_rules_are_those_of_the_branch_and_not_of_the_queue(world: World, bad: FakePull) -> None:
    queued = world.shop.branches["queued"] = world.shop.branches["stage"]
    queued = world.shop.commit("queued", "Earlier group", files={".github/promotion.yml": "stage: feature"})
    head = world.shop.merge_onto(queued, bad)
    decision = world.ask("merge_group", group_event(world.shop, "stage", queued, head, bad.number))
    assert decision.reason is Reason.SOURCE_NOT_ALLOWED


def test_the_merge_method_counts(world: World, good: FakePull) -> None:
    rules = "stage: {from: dev, merge-method: merge}"
    assert queue(world, [good], rules=rules).allowed
    assert queue(world, [good], "squash", rules=rules).reason is Reason.WRONG_MERGE_METHOD


def test_a_bypass_is_by_the_author_of_each_pull_request(world: World, good: FakePull, bad: FakePull) -> None:
    rules = "stage: {from: dev, bypass: [{actors: [mallory], reason: trusted, until: never}]}"
    assert queue(world, [good, bad], rules=rules).reason is Reason.GROUP_ALLOWED


def test_a_head_that_is_not_on_top_of_the_base_is_a_no(world: World, good: FakePull) -> None:
    payload = group_event(
        world.shop, "stage", world.shop.commit("stage"), world.shop.branches["dev"], good.number
    )
    assert world.ask("merge_group", payload).reason is Reason.UNRESOLVED_GROUP


def test_an_answer_without_the_groups_head_is_a_no(
    world: World, good: FakePull, monkeypatch: pytest.MonkeyPatch
) -> None:
    between = world.shop.between
    monkeypatch.setattr(world.shop, "between", lambda base, head: between(base, head)[:-1])
    assert queue(world, [good]).reason is Reason.UNRESOLVED_GROUP


def test_a_ref_that_names_no_pull_request_is_an_error(world: World, good: FakePull) -> None:
    payload = group_event(world.shop, "stage", "1" * 40, "2" * 40, good.number)
    for ref in ("refs/heads/stage", "refs/heads/gh-readonly-queue/prod/pr-1-" + "1" * 40):
        payload["merge_group"]["head_ref"] = ref
        assert world.ask("merge_group", payload).reason is Reason.UNSUPPORTED_EVENT


def test_a_branch_with_slashes_in_its_name(world: World) -> None:
    world.shop.branches["release/1/pr-9-abcdef0"] = world.shop.branches["stage"]
    pull = world.shop.open_pull("dev", "release/1/pr-9-abcdef0")
    base = world.shop.branches["stage"]
    head = world.shop.merge_onto(base, pull)
    payload = group_event(world.shop, "release/1/pr-9-abcdef0", base, head, pull.number)
    assert world.ask("merge_group", payload, rules="release/1/pr-9-abcdef0: dev").allowed


def test_the_published_example_is_judged_and_not_waved_through(world: World) -> None:
    world.shop.branches["main"] = world.shop.branches["dev"]
    decision = world.ask("merge_group", example("merge_group.checks_requested"), rules="main: dev")
    assert (decision.allowed, decision.target, decision.number) == (False, "main", 104)
