"""Find the commit of a history that a user means, by its id or by a time; list them to one who names none."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from promotion.common.ages import iso, short_age
from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.common.git_ids import abbreviate
from promotion.common.phrases import say
from promotion.common.text import line
from promotion.errors import PublishError, UsageError

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_AGO = re.compile(r"(\d{1,6})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_FIX = (
    "Give a commit of the manifest branch (7 digits or more), a time as `2026-03-01T08:30Z`, or how long ago "
    "it was, as `2h`."
)
_SHOWN = 10  # states, to somebody who names none


def check_target(to: str, now: int) -> None:
    """Refuse a text that can't mean a commit of any history.

    Args:
        now: seconds since 1970.

    Raises:
        UsageError: it is neither a commit nor a time, or a time that is still to come.
    """
    text = to.strip().lower()
    if not _COMMIT.fullmatch(text):
        _expect_time(to, now)


def find_target(history: CommitHistory, to: str, now: int) -> PastCommit:
    """Return the commit that a text means.

    A time means the last commit at or before it that the branch was at.

    Args:
        to: the beginning of a commit's id, a time in ISO 8601 (UTC unless it says otherwise), or a duration.
        now: seconds since 1970.

    Raises:
        UsageError: as `check_target`, or it is the beginning of several ids.
        PublishError: there is no such commit.
    """
    text = to.strip().lower()
    if _COMMIT.fullmatch(text):
        return _find_commit(history, text)
    moment = _expect_time(to, now)
    found = next((commit for commit in history.line if commit.time <= moment), None)
    if found is None:
        raise PublishError(
            f"the manifest branch has no commit at or before {iso(moment)}",
            fix=f"It begins at {iso(history.line[-1].time)}." if history.line else "It doesn't exist.",
        )
    return found


def _find_commit(history: CommitHistory, prefix: str) -> PastCommit:
    found = sorted(commit for commit in history.commits if commit.startswith(prefix))
    if not found:
        raise PublishError(
            f"the manifest branch's history has no commit {prefix}",
            fix="Look for it with `git log` in the manifest repository.",
        )
    if len(found) > 1:
        raise UsageError(
            say("{to} is {}, and {} commits begin like that", repr(prefix), str(len(found))),
            fix="Give more of it.",
        )
    return history.commits[found[0]]


def _expect_time(to: str, now: int) -> int:
    moment = _read_time(to.strip().lower(), now)
    if moment is None:
        raise UsageError(say("{to} is {}", repr(line(to))), fix=_FIX)
    if moment > now:
        raise UsageError(
            say("{to} is {}, and that is still to come: it is {}", repr(line(to)), iso(now)),
            fix="A time without a zone is in UTC; add one as `+02:00` for another.",
        )
    return moment


def _read_time(text: str, now: int) -> int | None:
    if match := _AGO.fullmatch(text):
        return now - int(match[1]) * _SECONDS[match[2]]
    try:
        moment = datetime.fromisoformat(text.upper())
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def list_states(history: CommitHistory, now: int) -> str:
    """Return the last states of a branch as lines, newest first: commit, time, age and change."""
    rows = [
        f"{abbreviate(commit.id)}  {iso(commit.time)}  {short_age(now - commit.time):>4}  "
        f"{line(commit.subject)}{'  (now)' if commit.id == history.tip else ''}"
        for commit in history.line[:_SHOWN]
    ]
    older = len(history.line) - _SHOWN
    return "\n".join([*rows, *([f"and {older} older ones"] if older > 0 else [])])
