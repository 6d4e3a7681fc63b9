import pytest

from promotion.core.event import Event, Nothing, choose_environment, parse_environments
from promotion.errors import UsageError

KNOWN = {"dev": "dev", "stage": "stage", "prod": "prod"}


def push(branch: str, **payload: object) -> Event:
    return Event(name="push", ref=f"refs/heads/{branch}", payload={"ref": f"refs/heads/{branch}", **payload})


def test_a_push_materialises_the_environment_of_its_branch() -> None:
    assert choose_environment("", push("stage"), KNOWN) == "stage"


def test_a_pair_gives_a_branch_another_environment() -> None:
    known = parse_environments(["main=dev", "prod"])
    assert choose_environment("", push("main"), known) == "dev"


def test_a_push_to_another_branch_does_nothing() -> None:
    outcome = choose_environment("", push("feature/dev"), KNOWN)
    assert isinstance(outcome, Nothing)
    assert "feature/dev" in outcome.reason


@pytest.mark.parametrize("ref", ["refs/tags/dev", "refs/pull/3/merge"])
def test_a_tag_called_like_a_branch_does_nothing(ref: str) -> None:
    outcome = choose_environment("", Event(name="push", ref=ref, payload={"ref": ref}), KNOWN)
    assert isinstance(outcome, Nothing)


def test_a_deleted_branch_does_nothing() -> None:
    assert isinstance(choose_environment("", push("dev", deleted=True), KNOWN), Nothing)
    assert isinstance(choose_environment("", push("dev", after="0" * 40), KNOWN), Nothing)


def test_a_dispatch_names_its_environment() -> None:
    event = Event(name="repository_dispatch", payload={"client_payload": {"environment": "prod"}})
    assert choose_environment("", event, KNOWN) == "prod"


@pytest.mark.parametrize("payload", [{}, {"client_payload": None}, {"client_payload": {"environment": 3}}])
def test_a_dispatch_without_an_environment_is_an_error(payload: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"client_payload\.environment"):
        choose_environment("", Event(name="repository_dispatch", payload=payload), KNOWN)


def test_a_manual_run_takes_its_input_before_its_branch() -> None:
    event = Event(name="workflow_dispatch", ref="refs/heads/dev", payload={"inputs": {"environment": "prod"}})
    assert choose_environment("", event, KNOWN) == "prod"


def test_a_manual_run_without_input_takes_its_branch() -> None:
    event = Event(name="workflow_dispatch", ref="refs/heads/dev", payload={"inputs": None})
    assert choose_environment("", event, KNOWN) == "dev"


@pytest.mark.parametrize("name", ["workflow_dispatch", "schedule"])
def test_who_asks_on_a_branch_that_is_no_environment_is_told_to_name_one(name: str) -> None:
    event = Event(name=name, ref="refs/heads/main", payload={})
    with pytest.raises(UsageError, match=f"{name} names no environment"):
        choose_environment("", event, KNOWN)


def test_the_input_wins_over_the_event() -> None:
    assert choose_environment("prod", push("dev"), KNOWN) == "prod"


def test_a_named_environment_must_be_known() -> None:
    with pytest.raises(UsageError, match=r"'production', .*Known are dev, stage, prod"):
        choose_environment("production", push("dev"), KNOWN)


def test_other_events_name_no_environment() -> None:
    with pytest.raises(UsageError, match="pull_request names no environment"):
        choose_environment("", Event(name="pull_request", ref="refs/heads/dev"), KNOWN)


@pytest.mark.parametrize("word", ["=dev", "main=", "=", "main=dev=prod"])
def test_half_a_pair_is_an_error(word: str) -> None:
    with pytest.raises(UsageError, match="environments"):
        parse_environments([word])


def test_a_branch_has_one_environment() -> None:
    with pytest.raises(UsageError, match="two environments"):
        parse_environments(["main=dev", "main=prod"])
