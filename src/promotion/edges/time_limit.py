"""A time limit for calls into code that can't be interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")


def run_within(seconds: float, job: Callable[[], _T]) -> _T:
    """Run a job in a thread of its own, and stop waiting for it after a time.

    The thread can't be ended; being a daemon it doesn't keep the process from ending.

    Raises:
        TimeoutError: the job took longer.
    """
    outcome: Future[_T] = Future()

    def run() -> None:
        try:
            outcome.set_result(job())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome.result(seconds)
