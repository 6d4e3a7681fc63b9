"""The times of a CronJob, as the library robfig/cron reads them (parser.go: ParseStandard, getRange)."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("days of the month", 1, 31, {}),
    ("months", 1, 12, {name: index for index, name in enumerate(_MONTHS, 1)}),
    ("days of the week", 0, 6, {name: index for index, name in enumerate(_DAYS)}),
)
_NAMED = ("yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly")
_ZONES = ("TZ=", "CRON_TZ=")  # some versions take these


def find_schedule_fault(text: str) -> str:
    """Return why a text is no schedule; empty if it is one."""
    if text.startswith(_ZONES):
        return ""
    if text.startswith("@"):
        is_known = text[1:] in _NAMED or text.startswith("@every ")
        return (
            "" if is_known else f"must be one of {', '.join('@' + name for name in _NAMED)}, or five fields"
        )
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"must have five fields, and has {len(fields)}"
    for field, (what, low, high, names) in zip(fields, _FIELDS, strict=True):
        if not all(_is_range(part, low, high, names) for part in field.split(",") if part):
            return f"must have {what} from {low} to {high}"
    return ""


def _is_range(text: str, low: int, high: int, names: dict[str, int]) -> bool:
    """Judge a part as `*`, `5`, `1-5` or `mon-fri`, each with `/` and a step."""
    span, *steps = text.split("/")
    first, *last = span.split("-")
    if len(steps) > 1 or len(last) > 1 or not all(re.fullmatch(r"\+?0*[1-9]\d*", step) for step in steps):
        return False
    if first in ("*", "?"):
        return True
    begin = _read(first, names)
    end = _read(last[0], names) if last else begin
    return begin is not None and end is not None and low <= begin <= end <= high


def _read(text: str, names: dict[str, int]) -> int | None:
    if text.lower() in names:
        return names[text.lower()]
    return int(text) if re.fullmatch(r"\+?\d{1,9}", text, re.ASCII) else None
