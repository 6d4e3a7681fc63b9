"""How long a server asks to wait."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in `Retry-After`, or None (RFC 9110, section 10.2.3).

    A date counts from the server's own clock.

    Args:
        headers: of the answer; names in any case.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        then = email.utils.parsedate_to_datetime(text)
        now = email.utils.parsedate_to_datetime(headers.get("Date", ""))
        return max((then - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
