"""Versions of Kubernetes: those that users name, and the nearest that is known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promotion.common.phrases import say
from promotion.errors import UsageError

_MINOR = re.compile(r"v?1\.(\d+)(?:[.+-].*)?")


def check_version(wanted: str, name: str) -> str:
    """Return the same, if it is a version of Kubernetes; an empty one stands for the newest that is known.

    Args:
        name: of the input that has it.

    Raises:
        UsageError: it is something else.
    """
    if wanted and not _MINOR.fullmatch(wanted):
        raise UsageError(say("{} is {}", name, repr(wanted)), fix="Give a version of Kubernetes, as `1.33`.")
    return wanted


def choose_version(wanted: str, known: Sequence[str]) -> tuple[str, bool]:
    """Return the known version that comes closest to the one that is wanted, and whether it is that one.

    Args:
        wanted: as `1.33`, `v1.33.2`, or empty for the newest.
        known: as `1.33`.
    """
    if not (found := _MINOR.fullmatch(wanted)):
        return max(known, key=minor_of), True
    closest = min(known, key=lambda version: abs(minor_of(version) - int(found[1])))
    return closest, minor_of(closest) == int(found[1])


def minor_of(version: str) -> int:
    """Return the second number of a known version."""
    return int(version.partition(".")[2])
