import pytest

from promotion.common.event import Event, NothingToDo, PushOrigin, choose_environment, parse_environments
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
    assert isinstance(outcome, NothingToDo)
    assert "feature/dev" in outcome.reason


@pytest.mark.parametrize("ref", ["refs/tags/dev", "refs/pull/3/merge"])
def test_a_tag_called_like_a_branch_does_nothing(ref: str) -> None:
    outcome = choose_environment("", Event(name="push", ref=ref, payload={"ref": ref}), KNOWN)
    assert isinstance(outcome, NothingToDo)


def test_a_deleted_branch_does_nothing() -> None:
    assert isinstance(choose_environment("", push("dev", deleted=True), KNOWN), NothingToDo)
    assert isinstance(choose_environment("", push("dev", after="0" * 40), KNOWN), NothingToDo)


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


SENT = {
    "environment": "dev",
    "repository": "acme/cat",
    "commit": "a" * 40,
    "actor": "octocat",
    "run_url": "https://git.test/acme/cat/actions/runs/7",
}


def dispatch(**sent: object) -> Event:
    return Event(
        name="repository_dispatch",
        repository="acme/hld",
        commit="b" * 40,
        actor="promoter[bot]",
        run_url="https://git.test/acme/hld/actions/runs/1",
        payload={"client_payload": SENT | sent},
    )


def test_a_dispatch_tells_whose_change_it_is_about() -> None:
    event = dispatch()
    sent = PushOrigin(
        repository="acme/cat",
        commit="a" * 40,
        actor="octocat",
        run_url="https://git.test/acme/cat/actions/runs/7",
    )
    assert event.dispatched == event.origin == sent


@pytest.mark.parametrize(
    "sent",
    [
        {"repository": "acme/cat/../dog"},
        {"repository": "acme/.."},
        {"repository": "cat"},
        {"repository": ["acme/cat"]},
        {"repository": "acme/cat\n"},
        {"commit": "a" * 39},
        {"commit": "main"},
        {"commit": "A" * 40},
        {"commit": None},
    ],
)
def test_a_dispatch_of_others_is_about_its_own_repository(sent: dict[str, object]) -> None:
    event = dispatch(**sent)
    assert event.dispatched is None
    assert (event.origin.repository, event.origin.commit) == ("acme/hld", "b" * 40)


def test_what_is_no_login_and_no_run_of_that_repository_is_left_out() -> None:
    for actor in ("octo cat", "@octocat", "a\nTriggered-By: x", 7, "x[bot]y"):
        assert dispatch(actor=actor).origin.actor == ""
    for run in (
        "https://evil.test/acme/cat/actions/runs/7",
        "https://git.test/acme/dog/actions/runs/7",
        "https://git.test/acme/cat/actions/runs/7/x",
        "javascript:alert(1)",
    ):
        assert dispatch(run_url=run).origin.run_url == ""
    assert dispatch(actor="renovate[bot]").origin.actor == "renovate[bot]"


def test_a_push_with_such_a_payload_is_about_itself() -> None:
    assert push("dev", client_payload=SENT).dispatched is None


def test_an_environment_that_is_misspelt_has_a_nearest() -> None:
    with pytest.raises(UsageError, match=r"'prd', which is not .*\. Did you mean prod\? Known are dev"):
        choose_environment("prd", Event(), {"dev": "dev", "main": "prod"})
