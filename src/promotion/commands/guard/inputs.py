"""The guard's inputs and outputs. guard/action.yml, the flags and docs/guard.md follow them."""

from __future__ import annotations

from datetime import date
from typing import Literal, cast

from promotion.common import shared_inputs as shared
from promotion.common.event import Event
from promotion.common.github_json import Json
from promotion.common.lazy_dataclass import dataclass
from promotion.common.promotion_rules.rules import DEFAULT_CHECK, DEFAULT_RULES_FILE
from promotion.common.settings import Input, Output, Settings

Mode = Literal["enforce", "warn"]
Unlisted = Literal["allow", "deny"]
Comment = Literal["always", "failures", "off"]


@dataclass(frozen=True, kw_only=True)
class GuardRequest:
    """One event for the guard to judge.

    `today` is the day in UTC, which bypasses are held against. `rules` wins over `rules_file`, which is
    read at `rules_ref`, or where that is empty from the branch that is being changed.
    `check` is the name of the required check, with `{target}` for the branch.
    """

    event_name: str
    payload: Json
    today: date
    rules: str = ""
    rules_file: str = DEFAULT_RULES_FILE
    rules_ref: str = ""
    mode: Mode = "enforce"
    unlisted: Unlisted = "allow"
    comment: Comment = "off"
    audit: bool = False
    check: str = DEFAULT_CHECK
    run_url: str = ""


GUARD: tuple[Input, ...] = (
    Input(
        name="rules",
        default_text="the rules file",
        help="Promotion rules as YAML; they win over the rules file.",
    ),
    Input(
        name="rules-file",
        default=DEFAULT_RULES_FILE,
        help="The rules file. It is read through the API, never from the pull request. Without one, `stage` "
        "takes `dev` and `prod` takes `stage`.",
    ),
    Input(
        name="rules-ref",
        default_text="the target branch as it is before the change",
        help="Branch, tag or commit to read the rules file from.",
    ),
    Input(
        name="mode",
        kind="choice",
        choices=("enforce", "warn"),
        default="enforce",
        help="`warn` reports the same, but never fails the job.",
    ),
    Input(
        name="unlisted",
        kind="choice",
        choices=("allow", "deny"),
        default="allow",
        help="What to answer for a target branch that no rule names; `allow` says so in a notice.",
    ),
    Input(
        name="comment",
        kind="choice",
        choices=("always", "failures", "off"),
        default="off",
        help="Keep one comment on the pull request up to date. Takes `pull-requests: write`.",
    ),
    shared.make_token("Reads pull requests and commits."),
    *shared.APP,
    Input(
        name="audit",
        kind="boolean",
        default="false",
        help="Look at the protection of every branch in the rules instead, whatever the event; a manual run "
        "always does.",
    ),
)

GUARD_OUTPUTS: tuple[Output, ...] = (
    Output(name="allowed", help="`true` if the rules are kept, also with `mode: warn`."),
    Output(
        name="decision", help="`allow`, `deny`, or `error` if nothing could be established, which is a no."
    ),
    Output(name="reason-code", help="Why, as one of the documented codes, which stay as they are."),
    Output(name="matched-rule", help="The rule that allowed it, as `prod: stage`; empty if there was none."),
    Output(name="source", help="The source branch, as `owner:branch` for a fork; empty if there is none."),
    Output(name="target", help="The branch that is promoted to."),
    Output(name="json", help="All of the decision as JSON."),
)


def read_guard_request(settings: Settings, event: Event, today: date) -> GuardRequest:
    """Return the request from inputs and event.

    Args:
        today: the day in UTC, which bypasses are held against.
    """
    return GuardRequest(
        event_name=event.name,
        payload=event.payload,
        today=today,
        rules=settings.text("rules"),
        rules_file=settings.text("rules-file"),
        rules_ref=settings.text("rules-ref"),
        # The table lets no other value through.
        mode=cast(Mode, settings.text("mode")),
        unlisted=cast(Unlisted, settings.text("unlisted")),
        comment=cast(Comment, settings.text("comment")),
        audit=settings.flag("audit"),
        run_url=event.run_url,
    )
