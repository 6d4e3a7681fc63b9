import pytest

from promotion.commands.notify.inputs import NOTIFY, NotifyRequest, read_notify_request
from promotion.common.event import Event, NothingToDo
from promotion.common.settings import Settings
from promotion.errors import UsageError

PUSH = Event(
    name="push",
    ref="refs/heads/main",
    repository="acme/cat",
    commit="a" * 40,
    actor="octocat",
    run_url="https://git.test/acme/cat/actions/runs/7",
    payload={"ref": "refs/heads/main"},
)
INPUTS = {"hld-repository": "acme/hld", "environments": "main=dev, prod"}


def read(event: Event = PUSH, **inputs: str) -> NotifyRequest:
    values = INPUTS | {name.replace("_", "-"): value for name, value in inputs.items()}
    request = read_notify_request(Settings(NOTIFY, values), event)
    assert isinstance(request, NotifyRequest)
    return request


def test_what_is_sent_is_what_materialize_takes_for_a_change() -> None:
    request = read()
    received = Event(
        name="repository_dispatch",
        repository="acme/hld",
        run_url="https://git.test/acme/hld/actions/runs/1",
        payload={"client_payload": request.client_payload},
    )
    assert received.dispatched == PUSH.origin
    assert request.client_payload["environment"] == request.environment == "dev"


def test_github_takes_ten_entries_at_most() -> None:
    assert len(read().client_payload) <= 10


def test_the_status_has_the_context_of_the_answer() -> None:
    status = read(environment="prod").status
    assert status
    assert (status.context, status.state, status.commit) == ("promotion/prod", "pending", "a" * 40)
    assert read(status="off").status is None


def test_another_branch_is_nothing_to_do() -> None:
    event = Event(name="push", ref="refs/heads/x", payload={"ref": "refs/heads/x"})
    assert isinstance(read_notify_request(Settings(NOTIFY, INPUTS), event), NothingToDo)


def test_outside_of_a_workflow_there_is_nothing_to_tell_of() -> None:
    with pytest.raises(UsageError, match="no repository and commit"):
        read(Event(), environment="dev")
