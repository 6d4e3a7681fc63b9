"""Times for people to read."""

from __future__ import annotations

from datetime import UTC, datetime

from promotion.common.text import count

_UNITS = ((86_400 * 365, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"))


def age(seconds: int) -> str:
    """Return a time span in its largest unit, as `3 days`; a time to come is `0 minutes`."""
    for size, name in _UNITS:
        if seconds >= size or name == "minute":
            return count(max(seconds, 0) // size, name)
    raise AssertionError


def short_age(seconds: int) -> str:
    """Return a time span in its shortest form, as `3d`."""
    number, _, unit = age(seconds).partition(" ")
    return f"{number}{unit[0]}"


def moment(timestamp: int) -> str:
    """Return seconds since 1970 as `2026-11-22 15:00 UTC`; as a number if no calendar has the time."""
    try:
        return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return str(timestamp)


def iso(timestamp: int) -> str:
    """Return seconds since 1970 by ISO 8601, as `2026-11-22T15:00:00Z`; empty if no calendar has the time."""
    try:
        return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return ""
