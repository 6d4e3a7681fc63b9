"""Event payloads: GitHub's published examples, varied to fit the fake GitHub, checked by its schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.github_answers import pull_data
from support.github_checks import check_event
from support.github_state import FakePull, FakeRepository

PAYLOADS = Path(__file__).parent.parent / "payloads"
NOTHING = "0" * 40


def example(name: str) -> dict[str, Any]:
    """A published example, as it is."""
    payload: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    return payload


def pull_event(
    repository: FakeRepository, pull: FakePull, action: str = "opened", *, sender: str = ""
) -> dict[str, Any]:
    """What GitHub sends about a pull request at this moment."""
    payload = example("pull_request.synchronize" if action == "synchronize" else "pull_request.opened")
    payload["action"] = action
    known = pull_data(repository, pull)
    about: dict[str, Any] = payload["pull_request"]
    about["labels"] = []  # the example is older than a field that labels have
    about |= {"number": pull.number, "state": pull.state, "title": pull.title}
    payload["number"] = pull.number
    about["user"]["login"] = pull.author
    for side in ("head", "base"):
        about[side] |= {key: known[side][key] for key in ("ref", "sha", "label")}
        about[side]["repo"] = {**about[side]["repo"], **known[side]["repo"]} if known[side]["repo"] else None
        if about[side]["repo"]:
            about[side]["repo"]["owner"] = {
                **about[side]["user"],
                "login": known[side]["repo"]["owner"]["login"],
            }
    if action == "edited":
        payload["changes"] = {"base": {"ref": {"from": "main"}, "sha": {"from": NOTHING}}}
    if action == "auto_merge_disabled":
        payload["reason"] = "Disabled by a user"
    return _finish("pull_request", payload, repository, sender or pull.author)


def group_event(
    repository: FakeRepository, base: str, base_commit: str, head: str, number: int
) -> dict[str, Any]:
    """What the merge queue asks for."""
    payload = example("merge_group.checks_requested")
    payload["merge_group"] |= {
        "base_ref": f"refs/heads/{base}",
        "base_sha": base_commit,
        "head_sha": head,
        "head_ref": f"refs/heads/gh-readonly-queue/{base}/pr-{number}-{base_commit}",
    }
    return _finish("merge_group", payload, repository, "github-merge-queue[bot]")


def push_event(
    repository: FakeRepository,
    branch: str,
    before: str,
    after: str,
    *,
    pusher: str = "mallory",
    forced: bool = False,
) -> dict[str, Any]:
    """A push that has just happened."""
    payload = example("push.branch")
    payload |= {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "created": before == NOTHING,
        "deleted": after == NOTHING,
        "forced": forced,
        "commits": [],
    }
    payload["pusher"]["name"] = pusher
    return _finish("push", payload, repository, pusher)


def dispatch_event(repository: FakeRepository, body: dict[str, Any], *, sender: str) -> dict[str, Any]:
    """What a `repository_dispatch` that was sent to the API comes to.

    Args:
        body: what was sent.
        sender: whose token it was.
    """
    payload = example("repository_dispatch")
    payload |= {
        "action": body["event_type"],
        "branch": repository.default_branch,
        "client_payload": body.get("client_payload", {}),
    }
    payload["repository"]["disabled"] = False  # the example is older than this field
    return _finish("repository_dispatch", payload, repository, sender)


def _finish(name: str, payload: dict[str, Any], repository: FakeRepository, sender: str) -> dict[str, Any]:
    payload["repository"] |= {"id": repository.identifier, "full_name": repository.full_name}
    payload["sender"]["login"] = sender
    check_event(name, payload)
    return payload
