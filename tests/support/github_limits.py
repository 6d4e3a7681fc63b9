"""The fake GitHub's rate limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from support.github_answers import Asked


def _limit(asked: Asked) -> Any:
    left = {"limit": 5000, "remaining": asked.github.remaining, "reset": 1893456000, "used": 5000}
    return {"resources": {"core": left, "search": left}, "rate": left}


ROUTES: Mapping[tuple[str, str], Callable[[Asked], Any]] = {("rate_limit", "get"): _limit}
