"""From a push in an application's repository to the answer on its commit, with the real program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import github_server, payloads
from support.estate import TOKEN
from support.estate_copies import copy_server, publish_estate
from support.github_mirror import LiveRepository
from support.github_server import FakeGitHub
from support.hosted import HostedEstate, finish

CAT, DOG, HLD = "cat-application", "dog-application", "cluster-hld"
DISPATCH, STATUS = "repos.create_dispatch_event", "repos.create_commit_status"
RUN = "/actions/runs/8152341234"


@pytest.fixture
def estate(tmp_path: Path, github: FakeGitHub) -> Iterator[HostedEstate]:
    """An estate that was published once."""
    with copy_server(tmp_path / "server", publish_estate) as server:
        yield HostedEstate(server, tmp_path / "steps", github)


def last_status(estate: HostedEstate, name: str = CAT) -> dict[str, Any]:
    status: dict[str, Any] = estate.github.repositories[f"acme/{name}"].statuses[-1]
    return status


def test_from_a_push_to_the_answer(estate: HostedEstate, github: FakeGitHub) -> None:
    commit = estate.release("1.2.0")
    told = finish(estate.run(estate.notify()))
    assert told.step.outputs == {"sent": "true", "environment": "dev"}
    url = f"{estate.server.url}/acme"
    assert github.repositories[f"acme/{HLD}"].dispatches == [
        {
            "event_type": "promotion",
            "client_payload": {
                "environment": "dev",
                "repository": f"acme/{CAT}",
                "ref": "refs/heads/dev",
                "commit": commit,
                "actor": "acme",
                "run_url": f"{url}/{CAT}{RUN}",
            },
        }
    ]
    assert estate.statuses(CAT) == [(commit, "promotion/dev", "pending")]
    done = finish(estate.run(estate.handle()))
    states = [state for _, _, state in estate.statuses(CAT)]
    assert states == ["pending", "pending", "success"]
    assert last_status(estate)["target_url"] == f"{url}/{HLD}{RUN}"
    made = done.step.outputs["commit"]
    assert last_status(estate)["description"] == f"dev: Published as {made[:12]}"
    assert estate.states()[CAT] == [["in_progress", "success"]]
    assert estate.manifests.git("log", "-1", "--format=%(trailers)", "dev").splitlines()[-2:] == [
        f"Triggered-By: acme/{CAT}@{commit} by acme {url}/{CAT}{RUN}",
        f"Handled-By: acme/{HLD} by promoter {url}/{HLD}{RUN}",
    ]


def test_the_status_comes_before_the_dispatch(estate: HostedEstate, github: FakeGitHub) -> None:
    """Else pending might come behind the answer."""
    finish(estate.run(estate.notify()))
    assert [request.operation for request in github.seen] == [STATUS, DISPATCH]


def test_each_token_has_its_own_use(estate: HostedEstate, github: FakeGitHub) -> None:
    done = finish(estate.run(estate.notify(status_token="ghs_of0the0job")))
    tokens = {request.operation: request.headers["authorization"] for request in github.seen}
    assert tokens == {STATUS: "token ghs_of0the0job", DISPATCH: f"token {TOKEN}"}
    shown = [text for text in done.log.splitlines() if not text.startswith("::add-mask::")]
    assert not [text for text in shown if TOKEN in text or "ghs_of0the0job" in text]


def test_another_branch_is_a_notice(estate: HostedEstate, github: FakeGitHub) -> None:
    estate.repository(CAT).commit({"a": "b"}, branch="feature")
    done = finish(estate.run(estate.notify(branch="feature")))
    assert "::notice::branch feature is no environment" in done.log
    assert done.step.outputs == {"sent": "false", "environment": ""}
    assert github.seen == []


def test_without_a_status(estate: HostedEstate, github: FakeGitHub) -> None:
    finish(estate.run(estate.notify(status="off", event_type="go")))
    assert [request.operation for request in github.seen] == [DISPATCH]
    assert github.seen[0].body["event_type"] == "go"


def test_a_status_that_may_not_be_written_is_a_notice(estate: HostedEstate, github: FakeGitHub) -> None:
    github.deny(STATUS)
    done = finish(estate.run(estate.notify()))
    assert "`statuses: write`" in done.log
    assert done.log.count("::notice") == 1
    assert github.count(DISPATCH) == 1
    done = finish(estate.run(estate.handle()))
    assert done.log.count("::notice") == 1, "the answer can't be written either"


@pytest.mark.parametrize("status", [403, 404])
def test_a_dispatch_that_is_refused(estate: HostedEstate, github: FakeGitHub, status: int) -> None:
    github.faults.append(github_server.Fault(DISPATCH, status, "Resource not accessible by integration"))
    done = finish(estate.run(estate.notify()), 1)
    (error,) = done.errors
    assert f"`contents: write` on acme/{HLD}" in error
    assert [state for _, _, state in estate.statuses(CAT)] == ["pending", "error"]


def test_a_server_error_is_tried_again(estate: HostedEstate, github: FakeGitHub) -> None:
    """Two events for one push do no harm: both make the same manifests."""
    github.faults.append(github_server.Fault(DISPATCH, 502, times=1))
    done = finish(estate.run(estate.notify()))
    assert done.step.outputs["sent"] == "true"
    assert github.count(DISPATCH) == 2


def test_a_repository_that_was_renamed_is_not_taken_for_told(
    estate: HostedEstate, github: FakeGitHub
) -> None:
    """GitHub redirects what writes by 307, which isn't followed."""
    elsewhere = {"Location": f"{github.url}/repositories/7/dispatches"}
    github.faults.append(github_server.Fault(DISPATCH, 307, "Moved Permanently", elsewhere))
    done = finish(estate.run(estate.notify()), 1)
    (error,) = done.errors
    assert "was renamed" in error
    assert done.step.outputs.get("sent") != "true"
    assert [state for _, _, state in estate.statuses(CAT)] == ["pending", "error"]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"hld_repository": "https://github.com/acme/hld"}, "`owner/name`"),
        ({"hld_repository": "acme/.."}, "`owner/name`"),
        ({"event_type": "x" * 101}, "100 characters"),
        ({"environment": "qa"}, "not a known environment"),
    ],
)
def test_wrong_inputs(estate: HostedEstate, github: FakeGitHub, inputs: dict[str, str], words: str) -> None:
    done = finish(estate.run(estate.notify(**inputs)), 2)
    assert words in done.errors[0]
    assert github.seen == []


def test_a_missing_token(estate: HostedEstate) -> None:
    payload = payloads.small_push(f"acme/{CAT}", "dev", estate.repository(CAT).tip())
    done = finish(estate.run(estate.step("push", payload, "notify")), 2)
    assert "there is no token" in done.errors[0]


def test_a_failure_is_the_answer_too(estate: HostedEstate) -> None:
    """By what the definition was made from at the last commit: its file can't be read any more."""
    commit = estate.repository(CAT).commit({"hld/component.yaml": "name: [\n"})
    finish(estate.run(estate.notify()))
    finish(estate.run(estate.handle(on_failure="stop")), 1)
    assert [state for _, _, state in estate.statuses(CAT)] == ["pending", "pending", "failure"]
    assert last_status(estate)["sha"] == commit
    assert "YAML" in last_status(estate)["description"]
    assert estate.states() == {}, "only a push records what failed before it was begun"


def test_nothing_to_change_is_a_success(estate: HostedEstate) -> None:
    estate.repository(CAT).commit({"README.md": "words"})
    finish(estate.run(estate.notify()))
    finish(estate.run(estate.handle()))
    assert last_status(estate)["state"] == "success"
    assert last_status(estate)["description"] == "dev: There was nothing to change"


def test_the_first_publish_answers(estate: HostedEstate) -> None:
    """There is no earlier commit that would say what the definition is made from."""
    finish(estate.run(estate.notify()))
    finish(estate.run(estate.handle(manifest_branch="fresh")))
    assert last_status(estate)["state"] == "success"


def test_a_dry_run_answers_nothing(estate: HostedEstate) -> None:
    finish(estate.run(estate.notify(status="off")))
    finish(estate.run(estate.handle(dry_run="true")))
    assert estate.statuses(CAT) == []


@pytest.mark.parametrize("code", [0, 1])
def test_nobody_can_have_us_write_a_status_elsewhere(
    estate: HostedEstate, github: FakeGitHub, code: int
) -> None:
    """The commit is there, and the token may; but the definition isn't made from that repository."""
    finish(estate.run(estate.notify()))
    if code:
        estate.repository(CAT).commit({"hld/component.yaml": "name: [\n"})
    sent = github.repositories[f"acme/{HLD}"].dispatches[-1]["client_payload"]
    sent |= {"repository": "acme/cluster-manifests", "commit": estate.manifests.tip()}
    github.seen.clear()
    done = finish(estate.run(estate.handle(deployments="off", on_failure="stop")), code)
    assert github.count(STATUS) == 0
    assert "No status is written to acme/cluster-manifests" in done.log


@pytest.mark.parametrize(
    "sent",
    [
        {"repository": f"acme/{CAT}/../../orgs"},
        {"repository": "../acme"},
        {"commit": "dev"},
        {"commit": "../../deployments"},
        {"repository": {"a": 1}, "commit": ["x"]},
    ],
)
def test_a_malformed_payload_is_nobodys_change(
    estate: HostedEstate, github: FakeGitHub, sent: dict[str, Any]
) -> None:
    estate.release("1.2.0")
    finish(estate.run(estate.notify(status="off")))
    github.repositories[f"acme/{HLD}"].dispatches[-1]["client_payload"] |= sent
    github.seen.clear()
    finish(estate.run(estate.handle(deployments="off")))
    assert github.seen == []
    trailers = estate.manifests.git("log", "-1", "--format=%(trailers)", "dev").splitlines()
    assert trailers[-1] == f"Triggered-By: acme/{HLD} by promoter {estate.server.url}/acme/{HLD}{RUN}"


def test_words_in_the_payload_are_no_trailers(estate: HostedEstate, github: FakeGitHub) -> None:
    commit = estate.release("1.2.0")
    finish(estate.run(estate.notify()))
    sent = github.repositories[f"acme/{HLD}"].dispatches[-1]["client_payload"]
    sent |= {"actor": "ada\nHLD-Commit: evil", "run_url": "https://evil.test/x"}
    finish(estate.run(estate.handle()))
    message = estate.manifests.git("log", "-1", "--format=%B", "dev")
    assert "evil" not in message
    assert f"\nTriggered-By: acme/{CAT}@{commit}\n" in message


def test_an_api_that_is_down_fails_no_publish(estate: HostedEstate, github: FakeGitHub) -> None:
    estate.release("1.2.0")
    finish(estate.run(estate.notify()))
    github.faults.append(github_server.Fault("*", 502))
    done = finish(estate.run(estate.handle()))
    assert done.step.outputs["changed"] == "true"
    assert done.log.count("::warning") == 1


def test_a_proposal_is_the_answer_too(estate: HostedEstate, github: FakeGitHub) -> None:
    estate.release("1.2.0")
    finish(estate.run(estate.notify()))
    github.add(LiveRepository("acme/cluster-manifests", estate.manifests))
    finish(estate.run(estate.handle(delivery="pull-request")))
    assert last_status(estate)["description"] == "dev: Pull request #1 is opened"
