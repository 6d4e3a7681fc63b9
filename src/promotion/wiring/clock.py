"""TODO src/promotion/wiring/pace.py."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial

from promotion.publishing.retry import Clock
from promotion.wiring.runtime import Runtime

_LONGEST_PAUSE = 20.0  # seconds


def make_clock(runtime: Runtime) -> Clock:
    """Return the real time."""
    return Clock(now=lambda: int(time.time()), pause=partial(_pause, runtime.cancellation.sleep))


def _pause(sleep: Callable[[float], None], attempt: int) -> None:
    """Wait before the next attempt: longer each time, by chance, so that many runs don't keep step."""
    sleep(random.uniform(0.1, min(0.5 * 2**attempt, _LONGEST_PAUSE)))  # noqa: S311  no secret
