"""Telling nothing on GitHub, and keeping what would be told."""

from __future__ import annotations

from typing import Any

from promotion.core.request import Request
from promotion.steps.tracing.records import Teller
from promotion.steps.tracing.tracer import Tracer


def silent(request: Request) -> Tracer:
    """The trace of a run outside of Actions."""

    def fail() -> Any:
        raise AssertionError("nothing is to be told")

    teller = Teller(fail, None, str)  # type: ignore[arg-type]
    return Tracer(request, teller, lambda _: "", is_on=False)
