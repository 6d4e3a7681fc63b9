"""The guard: it turns one event into one decision. It denies whatever it can't establish."""

from __future__ import annotations

from dataclasses import replace

from promotion.commands.guard.ancestry import AncestryJudge
from promotion.commands.guard.guard_event import (
    AuditEvent,
    GroupEvent,
    GuardEvent,
    PullEvent,
    PushEvent,
    UnsupportedEventError,
    parse_event,
)
from promotion.commands.guard.inputs import GuardRequest
from promotion.commands.guard.merge_group import judge_group
from promotion.commands.guard.merge_provenance import MergeCleanly
from promotion.commands.guard.push_verdict import judge_push
from promotion.commands.guard.report import MARKER, comment
from promotion.common.git_ids import short_sha
from promotion.common.github_json import parse_pull
from promotion.common.phrases import say
from promotion.common.promotion_rules.audit import AuditResult, audit_repository
from promotion.common.promotion_rules.decision import Decision, Reason
from promotion.common.promotion_rules.rules import Rules
from promotion.common.promotion_rules.rules_file import RulesMissingError, load_rules
from promotion.common.promotion_rules.rules_github import GuardGitHub, find_default_tip, require_tip
from promotion.common.sticky_comment import update_sticky_comment
from promotion.errors import (
    AccessError,
    DefinitionError,
    PromotionError,
    RateLimitError,
    SourceError,
    UnauthenticatedError,
    UsageError,
)


def enforce_rules(request: GuardRequest, github: GuardGitHub, merge: MergeCleanly) -> Decision:
    """Judge the event, and comment on the pull request if that is wanted.

    Errors of the API, the rules and the event become decisions too, and all of them are a no.
    `request.mode` plays no part: what a no means for the job is the caller's business.

    Raises:
        UsageError: an input is wrong, so that there is no question to answer.
    """
    event: GuardEvent | None = None
    try:
        event = AuditEvent() if request.audit else parse_event(request.event_name, request.payload)
        decision = _decide(event, request, github, merge)
    except UsageError:
        raise
    except PromotionError as error:
        decision = _refuse(error, event)
    return leave_comment(request, decision, github) if isinstance(event, PullEvent) else decision


def _decide(event: GuardEvent, request: GuardRequest, github: GuardGitHub, merge: MergeCleanly) -> Decision:
    if isinstance(event, PullEvent):
        return _decide_pull(event, request, github, merge)
    if isinstance(event, GroupEvent):
        # Not from the group's base commit: in a queue that is an earlier group, which isn't merged yet.
        judge = _judge(request, github, merge, require_tip(github, event.base))
        return judge_group(event, judge, github)
    if isinstance(event, PushEvent):
        before = event.before or find_default_tip(github)
        return judge_push(event, _judge(request, github, merge, before), github)
    return audit_for(request, github).decision


def audit_for(request: GuardRequest, github: GuardGitHub) -> AuditResult:
    """Audit the protection of the branches in the rules of a request.

    Raises:
        PromotionError: the rules are malformed, or GitHub can't be asked.
    """
    return audit_repository(
        github,
        rules=request.rules,
        rules_file=request.rules_file,
        rules_ref=request.rules_ref,
        check=request.check,
    )


def _decide_pull(
    event: PullEvent, request: GuardRequest, github: GuardGitHub, merge: MergeCleanly
) -> Decision:
    pull = parse_pull(github.pull(event.number))
    stale = "This run is about an older state. Look at the run of the latest event."
    if pull.base.branch != event.base:
        return Decision(
            reason=Reason.BASE_CHANGED,
            message=f"{pull.label} targets `{pull.base.branch}`; at the event it was `{event.base}`",
            fix=stale,
            source=pull.source,
            target=event.base,
            number=pull.number,
        )
    if pull.head.commit != event.head:
        return Decision(
            reason=Reason.HEAD_CHANGED,
            message=f"{pull.label} is at {short_sha(pull.head.commit)}; at the event it was at "
            f"{short_sha(event.head)}",
            fix=stale,
            source=pull.source,
            target=event.base,
            number=pull.number,
        )
    judge = _judge(request, github, merge, require_tip(github, event.base))
    return judge.pull(pull, {pull.author, event.sender})


def _judge(request: GuardRequest, github: GuardGitHub, merge: MergeCleanly, ref: str) -> AncestryJudge:
    return AncestryJudge(
        rules=_load(request, github, ref),
        unlisted_allowed=request.unlisted == "allow",
        today=request.today,
        github=github,
        merge_cleanly=merge,
    )


def _load(request: GuardRequest, github: GuardGitHub, ref: str) -> Rules:
    return load_rules(github, ref, text=request.rules, file=request.rules_file, rules_ref=request.rules_ref)


_REASONS: tuple[tuple[type[PromotionError], Reason], ...] = (
    (DefinitionError, Reason.RULES_MALFORMED),
    (RulesMissingError, Reason.RULES_MISSING),
    (UnsupportedEventError, Reason.UNSUPPORTED_EVENT),
    (UnauthenticatedError, Reason.TOKEN_REFUSED),
    (AccessError, Reason.MISSING_PERMISSION),
    (RateLimitError, Reason.RATE_LIMITED),
    (SourceError, Reason.API_UNAVAILABLE),
)


def _refuse(error: PromotionError, event: GuardEvent | None) -> Decision:
    """Return the refusal for an error. In `_REASONS`, special classes come before general ones."""
    reason = next((reason for kind, reason in _REASONS if isinstance(error, kind)), Reason.API_UNAVAILABLE)
    place = f"{error.where}: " if error.where else ""
    if isinstance(event, PushEvent):
        target = event.branch
    else:
        target = event.base if isinstance(event, PullEvent | GroupEvent) else ""
    number = event.number if isinstance(event, PullEvent | GroupEvent) else None
    return Decision(
        reason=reason, message=say("{}{}", place, error.what), fix=error.fix, target=target, number=number
    )


# A stale run must not overwrite what the newer one says; without the API there is no comment either.
_SILENT = frozenset(
    {
        Reason.HEAD_CHANGED,
        Reason.BASE_CHANGED,
        Reason.TOKEN_REFUSED,
        Reason.MISSING_PERMISSION,
        Reason.RATE_LIMITED,
        Reason.API_UNAVAILABLE,
    }
)


def leave_comment(request: GuardRequest, decision: Decision, github: GuardGitHub) -> Decision:
    """Write or update the comment as `request.comment` says.

    Returns:
        The decision; with a notice where the comment couldn't be written, which never changes it.
    """
    if request.comment == "off" or decision.number is None or decision.reason in _SILENT:
        return decision
    body = comment(decision, request.mode, request.run_url)
    may_add = request.comment == "always" or not decision.allowed
    left = update_sticky_comment(decision.number, MARKER, body, github, may_add=may_add)
    return replace(decision, notices=(*decision.notices, left.problem)) if left.problem else decision
