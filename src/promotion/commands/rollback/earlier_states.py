"""The states that a rollback may restore, for users who don't name one."""

from __future__ import annotations

from promotion.common.ages import iso, short_age
from promotion.common.commit_history import CommitHistory
from promotion.common.git_ids import abbreviate
from promotion.common.text import line

_SHOWN = 10


def list_states(history: CommitHistory, now: int) -> str:
    """Return the last states of a branch as lines, newest first: commit, time, age and change."""
    rows = [
        f"{abbreviate(commit.id)}  {iso(commit.time)}  {short_age(now - commit.time):>4}  "
        f"{line(commit.subject)}{'  (now)' if commit.id == history.tip else ''}"
        for commit in history.line[:_SHOWN]
    ]
    older = len(history.line) - _SHOWN
    return "\n".join([*rows, *([f"and {older} older ones"] if older > 0 else [])])
