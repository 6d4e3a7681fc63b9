"""The guard's one comment on a pull request, updated in place."""

from __future__ import annotations

from dataclasses import replace

from promotion.core.guard.decision import Decision, Reason
from promotion.core.guard.report import MARKER, comment
from promotion.core.guard.request import GuardRequest
from promotion.steps.guard.hosting import GitHub
from promotion.steps.sticky import stick

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


def leave_comment(request: GuardRequest, decision: Decision, github: GitHub) -> Decision:
    """Write or update the comment as `request.comment` asks.

    Returns:
        The decision; with a notice where the comment couldn't be written, which never changes it.
    """
    if request.comment == "off" or decision.number is None or decision.reason in _SILENT:
        return decision
    body = comment(decision, request.mode, request.run_url)
    may_add = request.comment == "always" or not decision.allowed
    left = stick(decision.number, MARKER, body, github, may_add=may_add)
    return replace(decision, notices=(*decision.notices, left.problem)) if left.problem else decision
