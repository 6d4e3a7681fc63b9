"""GitHub's rate limit."""

from __future__ import annotations

from promotion.edges.github.answers import read_map, read_number
from promotion.edges.github.session import Session


def read_limit(session: Session) -> tuple[int, int] | None:
    """The requests that are left, and how many there are in an hour; None on a server without limits.

    Asking counts for none.
    """
    data = session.find("/rate_limit", "metadata: read")
    if data is None:
        return None
    core = read_map(read_map(read_map(data).get("resources")).get("core"))
    return read_number(core, "remaining"), read_number(core, "limit")
