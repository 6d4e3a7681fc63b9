"""The guard's one comment on a pull request, updated in place."""

from __future__ import annotations

from dataclasses import replace

from promotion.core.guard.decision import Decision, Reason
from promotion.core.guard.pull import Json, pick
from promotion.core.guard.report import MARKER, comment
from promotion.core.guard.request import GuardRequest
from promotion.errors import AccessError, SourceError
from promotion.steps.guard.hosting import GitHub

# A stale run must not overwrite what the newer one says; without the API there is no comment either.
_SILENT = frozenset(
    {
        Reason.HEAD_CHANGED,
        Reason.BASE_CHANGED,
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
    try:
        _write(request, decision, decision.number, github)
    except AccessError:
        problem = (
            "The comment couldn't be written: the token may only read. Add `pull-requests: write` to the "
            "job's `permissions:`. (For pull requests of forks the event `pull_request` never gives more.)"
        )
    except SourceError as error:
        problem = f"The comment couldn't be written: {error.what}."
    else:
        return decision
    return replace(decision, notices=(*decision.notices, problem))


def _write(request: GuardRequest, decision: Decision, number: int, github: GitHub) -> None:
    body = comment(decision, request.mode, request.run_url)
    login = github.own_login()
    mine = next((entry for entry in github.comments(number) if _is_mine(entry, login)), None)
    if mine is not None:
        if mine.get("body") != body:
            github.edit_comment(pick(mine, "id", int), body)
    elif request.comment == "always" or not decision.allowed:
        github.add_comment(number, body)


def _is_mine(entry: Json, login: str | None) -> bool:
    """Ours starts with the marker, and is our own: others can quote us.

    The token of an App (the job's own too) can't ask whose it is; its comments are a bot's.
    """
    author = entry.get("user") or {}
    own = author.get("type") == "Bot" if login is None else author.get("login") == login
    return own and str(entry.get("body") or "").startswith(MARKER)
