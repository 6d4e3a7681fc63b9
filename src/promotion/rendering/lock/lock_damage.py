"""Why a lock file isn't what we wrote, with its line and what to do."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from promotion.common.phrases import say
from promotion.common.text import line
from promotion.errors import Location, PublishError
from promotion.rendering.lock.lock import LOCK_NAME

_REBUILD = say(
    "Restore {} from the branch's history, or run once with {adopt: true}, which rebuilds it.", LOCK_NAME
)
# What git leaves where both sides changed the same lines: seven signs at the beginning of a line, unless the
# attribute conflict-marker-size says otherwise (git: ll-merge.c, ll_merge_marker_size).
_CONFLICT = re.compile(rb"^(?:<{7}|>{7}|={7}|\|{7})", re.MULTILINE)


class RepeatedKeyError(ValueError):
    """An object of JSON has a key twice, as after a merge line by line."""


def damaged(reason: str, where: Location) -> PublishError:
    """Return the error for a lock file that can't be what we wrote."""
    return PublishError(f"the lock file is damaged: {line(reason)}", where=where, fix=_REBUILD)


def explain_damage(data: bytes, error: ValueError | RecursionError, where: Location) -> PublishError:
    """Return the error for a lock file that isn't JSON, with the line at which that begins to show.

    Args:
        error: what reading it as UTF-8 and then as JSON said.
    """
    if conflict := _CONFLICT.search(data):
        number = data.count(b"\n", 0, conflict.start()) + 1
        return damaged("a merge left its conflict markers in it", replace(where, line=number))
    if isinstance(error, json.JSONDecodeError):
        reason = "it isn't JSON from here on" if data.strip() else "it is empty"
        return damaged(reason, replace(where, line=error.lineno, column=error.colno))
    if isinstance(error, UnicodeDecodeError):
        number = data.count(b"\n", 0, error.start) + 1
        return damaged("it isn't UTF-8 text", replace(where, line=number))
    if isinstance(error, RepeatedKeyError):
        return damaged(f"{error}, as after a merge", where)
    return damaged("it is nested too deeply" if isinstance(error, RecursionError) else "it isn't JSON", where)
