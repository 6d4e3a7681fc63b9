"""Real time, as a run sees it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial

from promotion.common.backoff import PUBLISH
from promotion.publishing.retry import Clock
from promotion.wiring.runtime import Runtime


def make_clock(runtime: Runtime) -> Clock:
    """Return the real time."""
    return Clock(now=lambda: int(time.time()), pause=partial(_pause, runtime.cancellation.sleep))


def _pause(sleep: Callable[[float], None], attempt: int) -> None:
    """Wait after a failed attempt."""
    sleep(PUBLISH.pause_after(attempt, random.random()))  # noqa: S311  no secret
