"""The events that the guard judges, read from the runner's payload.

Branches come from the payload alone: since 2025-12-08 `pull_request_target` runs on the default
branch (GitHub Enterprise Server from 3.20 on; before, on the target), so GITHUB_REF says nothing about
the pull request. https://github.blog/changelog/2025-11-07-actions-pull_request_target-and-environment-branch-protections-changes
"""

from __future__ import annotations

import re
from collections.abc import Callable

from promotion.common.git_ids import is_absent, is_commit
from promotion.common.github_json import Json, UnexpectedAnswerError, pick
from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import Phrase, say
from promotion.errors import PromotionError

_HEADS = "refs/heads/"
_QUEUE = re.compile(r"refs/heads/gh-readonly-queue/(?P<base>.+)/pr-(?P<number>[1-9]\d*)-[0-9a-f]{7,64}")


class UnsupportedEventError(PromotionError):
    """An event that the guard can't judge. It is always denied."""


@dataclass(frozen=True, kw_only=True)
class PullEvent:
    """`pull_request` and `pull_request_target`: the payload at the time of the event."""

    number: int
    head: str
    base: str
    sender: str


@dataclass(frozen=True, kw_only=True)
class GroupEvent:
    """`merge_group`: the queue asks for its checks. `number` is the group's last pull request."""

    base: str
    base_commit: str
    head_commit: str
    number: int


@dataclass(frozen=True, kw_only=True)
class PushEvent:
    """`push` to a branch. `before` is empty for a new branch, `after` for a deleted one."""

    branch: str
    before: str
    after: str
    forced: bool
    pusher: str
    sender: str
    repository_id: int


@dataclass(frozen=True)
class AuditEvent:
    """`workflow_dispatch`: audit the protection of the branches."""


GuardEvent = PullEvent | GroupEvent | PushEvent | AuditEvent


def parse_event(name: str, payload: Json) -> GuardEvent:
    """Parse the event by the runner's name for it.

    Raises:
        UnsupportedEventError: another event, or a payload that isn't as GitHub documents it.
    """
    parsers: dict[str, Callable[[Json], GuardEvent]] = {
        "pull_request": _pull,
        "pull_request_target": _pull,
        "merge_group": _group,
        "push": _push,
        "workflow_dispatch": lambda _: AuditEvent(),
    }
    if name not in parsers:
        known = ", ".join(parsers)
        raise UnsupportedEventError(
            f"the guard can't judge the event {name or '(none)'}",
            fix=say(
                "Start it on {}, or {} to look at the branches' protection.",
                known,
                Phrase("set `audit: true`", "use `promotion guard audit`"),
            ),
        )
    try:
        return parsers[name](payload)
    except UnexpectedAnswerError as error:
        what = error.what.replace("GitHub's answer", f"the payload of the {name} event")
        raise UnsupportedEventError(what) from None


def _pull(payload: Json) -> PullEvent:
    return PullEvent(
        number=pick(payload, "pull_request.number", int),
        head=_commit(payload, "pull_request.head.sha"),
        base=pick(payload, "pull_request.base.ref", str),
        sender=pick(payload, "sender.login", str),
    )


def _group(payload: Json) -> GroupEvent:
    action = payload.get("action")
    if action != "checks_requested":
        raise UnsupportedEventError(
            f"the guard can't judge the merge_group action {action}", fix="Use `types: [checks_requested]`."
        )
    base = pick(payload, "merge_group.base_ref", str).removeprefix(_HEADS)
    head = pick(payload, "merge_group.head_ref", str)
    found = _QUEUE.fullmatch(head)
    if not found or found["base"] != base:
        raise UnsupportedEventError(
            f"the merge group's ref {head!r} doesn't name a pull request into {base!r}"
        )
    return GroupEvent(
        base=base,
        base_commit=_commit(payload, "merge_group.base_sha"),
        head_commit=_commit(payload, "merge_group.head_sha"),
        number=int(found["number"]),
    )


def _push(payload: Json) -> PushEvent:
    ref = pick(payload, "ref", str)
    if not ref.startswith(_HEADS):
        raise UnsupportedEventError(
            f"{ref} was pushed, which isn't a branch", fix="Limit the trigger with `on: push: branches:`."
        )
    before, after = _commit(payload, "before"), _commit(payload, "after")
    return PushEvent(
        branch=ref.removeprefix(_HEADS),
        before="" if is_absent(before) else before,
        after="" if is_absent(after) else after,
        forced=pick(payload, "forced", bool),
        pusher=pick(payload, "pusher.name", str),
        # The sender is optional, the pusher is not: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
        sender=pick(payload, "sender.login" if payload.get("sender") else "pusher.name", str),
        repository_id=pick(payload, "repository.id", int),
    )


def _commit(payload: Json, path: str) -> str:
    value = pick(payload, path, str)
    if not is_commit(value):
        raise UnexpectedAnswerError(f"GitHub's answer has an odd {path}")
    return value
