"""What is promoted to what, from inputs, events and rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promotion.commands.promote.inputs import PROMOTE
from promotion.commands.promote.promote_request import (
    Pair,
    PromoteRequest,
    choose_pair,
    parse_duration,
    read_promote_request,
)
from promotion.common.event import Event, NothingToDo
from promotion.common.promotion_rules.rules import DEFAULT_RULES
from promotion.common.promotion_rules.rules_file import parse_rules
from promotion.common.settings import Settings
from promotion.errors import UsageError


def read(event: Event | None = None, **inputs: str) -> PromoteRequest | NothingToDo:
    """`_` stands for `-`, and for nothing at the end of `from_`."""
    values = {name.rstrip("_").replace("_", "-"): value for name, value in inputs.items()}
    return read_promote_request(Settings(PROMOTE, values), event or Event(repository="acme/cat"))


def pair(event: Event | None = None, rules: str = "", **inputs: str) -> Pair | NothingToDo:
    request = read(event, **inputs)
    assert isinstance(request, PromoteRequest)
    return choose_pair(request, parse_rules(rules, "rules") if rules else DEFAULT_RULES)


def push(branch: str, **more: object) -> Event:
    payload = {"ref": f"refs/heads/{branch}", **more}
    return Event(name="push", ref=f"refs/heads/{branch}", repository="acme/cat", payload=payload)


def deployed(environment: str, state: str = "success") -> Event:
    payload = {"deployment": {"environment": environment}, "deployment_status": {"state": state}}
    return Event(name="deployment_status", repository="acme/cat", payload=payload)


def test_the_rules_name_the_source() -> None:
    assert pair(to="stage") == Pair("dev", "stage")
    assert pair(to="prod") == Pair("stage", "prod")
    assert pair(to="prod", rules="prod: ['hotfix/*', beta, stage]") == Pair("beta", "prod")


def test_both_may_be_given_also_against_the_rules() -> None:
    assert pair(from_="dev", to="stage") == Pair("dev", "stage")
    found = pair(from_="dev", to="prod")
    assert isinstance(found, Pair)
    assert "take only stage to prod, so the guard will refuse" in found.warning
    assert pair(from_="hotfix/1", to="prod", rules="prod: [stage, 'hotfix/*']") == Pair("hotfix/1", "prod")


def test_a_target_without_an_exact_source_needs_one() -> None:
    with pytest.raises(UsageError, match=r"don't know it.*input from"):
        pair(to="qa")
    with pytest.raises(UsageError, match="name no branch for it"):
        pair(to="prod", rules="prod: ['hotfix/*', 'acme:stage']")


def test_a_push_promotes_the_pushed_branch() -> None:
    assert pair(push("dev")) == Pair("dev", "stage")
    assert pair(push("stage")) == Pair("stage", "prod")
    assert "any further" in str(pair(push("prod")))
    assert "any further" in str(pair(push("feature/x")))


def test_a_push_that_deletes_or_tags_promotes_nothing() -> None:
    assert isinstance(read(push("dev", deleted=True)), NothingToDo)
    tag = Event(name="push", ref="refs/tags/v1", repository="acme/cat", payload={"ref": "refs/tags/v1"})
    assert isinstance(read(tag), NothingToDo)


def test_a_deployment_promotes_its_environment() -> None:
    assert pair(deployed("dev")) == Pair("dev", "stage")
    assert pair(deployed("dev"), environments="main=dev, stage") == Pair("main", "stage")
    assert "is failure" in str(read(deployed("dev", "failure")))
    assert "no known environment" in str(read(deployed("github-pages")))


def test_an_event_is_about_its_own_repository() -> None:
    with pytest.raises(UsageError, match="input to"):
        read(push("dev"), repository="acme/dog")


def test_an_event_that_names_no_branch_needs_an_input() -> None:
    with pytest.raises(UsageError, match=r"event schedule names no branch.*`to: stage`"):
        read(Event(name="schedule", repository="acme/cat"))


def test_two_targets_of_one_branch_are_a_choice() -> None:
    with pytest.raises(UsageError, match=r"may be promoted to stage, qa.*input to"):
        pair(push("dev"), rules="{stage: dev, qa: dev}")


def test_environments_stand_for_their_branches() -> None:
    request = read(from_="dev", to="stage", environments="main=dev, stage")
    assert isinstance(request, PromoteRequest)
    assert (request.source, request.target) == ("main", "stage")
    assert request.environment("main") == "dev"
    assert pair(to="stage", environments="main=dev, stage") == Pair("main", "stage")
    request = read(from_="dev", to="stage", environments="dev=qa, main=dev, stage")
    assert isinstance(request, PromoteRequest)
    assert request.source == "dev", "a branch comes before an environment"


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("", None),
        ("30m", timedelta(minutes=30)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(weeks=1)),
        ("0h", timedelta()),
    ],
)
def test_durations(text: str, duration: timedelta | None) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["24", "h", "1.5h", "-1h", "24 hours", "1d12h", "99999999d"])
def test_odd_durations_are_errors(text: str) -> None:
    with pytest.raises(UsageError, match="input after is"):
        parse_duration(text)


def test_the_same_branch_twice_is_an_error() -> None:
    with pytest.raises(UsageError, match="both stage"):
        read(from_="stage", to="stage")


def test_a_repository_is_needed() -> None:
    with pytest.raises(UsageError, match="input repository"):
        read(Event(), to="stage")
