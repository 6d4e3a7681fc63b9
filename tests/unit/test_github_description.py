"""The fake GitHub can't drift into fiction: what isn't in GitHub's description is refused."""

from __future__ import annotations

from typing import Any

import pytest

from support import github_checks, github_paths
from support.github_description import DescriptionError, check, check_event, fill, models, operation
from support.github_events import PAYLOADS, example
from support.github_routes import ROUTES

REF = {
    "ref": "refs/heads/dev",
    "node_id": "",
    "url": "",
    "object": {"type": "commit", "sha": "1" * 40, "url": ""},
}


@pytest.mark.parametrize(
    "change",
    [
        {"ref": 1},
        {"ref": None},
        {"invented": True},
        {"object": {"type": "commit", "sha": "1" * 40}},
        {"object": {**REF["object"], "invented": 1}},  # type: ignore[dict-item]
    ],
)
def test_fiction_is_refused(change: dict[str, Any]) -> None:
    check(models.GitRef, REF, "ref")
    with pytest.raises(DescriptionError):
        check(models.GitRef, REF | change, "ref")


def test_requests_are_held_to_it_too() -> None:
    described = operation("issues", "create_comment")
    described.check_request({}, {"body": "Hello"})
    for query, body in (({}, None), ({}, {}), ({}, {"text": "Hello"}), ({"page": "1"}, {"body": "Hello"})):
        with pytest.raises(DescriptionError):
            described.check_request(query, body)


def test_events_are_held_to_it_too() -> None:
    payload = example("push.branch")
    check_event("push", payload)
    del payload["pusher"]
    with pytest.raises(DescriptionError):
        check_event("push", payload)


@pytest.mark.parametrize("name", ["merge_group.checks_requested", "pull_request.synchronize", "push.branch"])
def test_published_examples_follow_it(name: str) -> None:
    check_event(name.partition(".")[0], example(name))


def test_filling_completes_a_document() -> None:
    data = fill(models.PullRequest, {"number": 7, "head": {"ref": "dev"}})
    check(models.PullRequest, data, "pull request")
    assert (data["number"], data["head"]["ref"]) == (7, "dev")


def test_every_route_is_an_operation_of_github() -> None:
    described = {name: operation(*name.split(".")) for name in map(".".join, ROUTES)}
    assert {name: f"{one.verb} {one.path}" for name, one in described.items()} == github_paths.PATHS


def test_the_fake_github_of_the_tests_is_held_to_it() -> None:
    assert github_checks.operation is operation
    assert github_checks.check_event is check_event


def test_payloads_say_where_they_come_from() -> None:
    text = (PAYLOADS / "README.md").read_text("utf-8")
    assert "@octokit/webhooks-examples" in text
    assert "MIT" in text
