"""The allow-list of Secrets that may be in plain text, as users write it."""

from __future__ import annotations

from collections.abc import Sequence

from promotion.common.phrases import say
from promotion.errors import UsageError


def check_patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the patterns of an allow-list themselves.

    Raises:
        UsageError: one isn't `namespace/name`.
    """
    for pattern in patterns:
        namespace, slash, name = pattern.partition("/")
        if not (namespace and slash and name) or "/" in name:
            raise UsageError(
                say("{allowed-secrets} has {}, which isn't `namespace/name`", repr(pattern)),
                fix="Write `pets/db`, `pets/*` or `*/db`.",
            )
    return tuple(patterns)
