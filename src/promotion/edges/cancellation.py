"""Ending a run early: by a signal, from any thread, at once, and with nothing left behind."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from promotion.errors import CancelledError

# GitHub's runner cancels with SIGINT, after 7.5 s with SIGTERM, and 2.5 s later kills.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_T = TypeVar("_T")


class Cancellation:
    """What a run waits for is cut short when it is cancelled, and raises CancelledError there.

    One for all threads of a run; a fresh one is never cancelled.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._number = 0
        self._ends: dict[object, Callable[[], None]] = {}
        self._cleanups: dict[object, Callable[[], None]] = {}

    def check(self) -> None:
        """Raise CancelledError if the run was cancelled."""
        if self._cancelled.is_set():
            raise CancelledError(self._number)

    def sleep(self, seconds: float) -> None:
        """Wait, at most until the run is cancelled."""
        self._cancelled.wait(seconds)
        self.check()

    @contextmanager
    def ending(self, start: Callable[[], _T], end: Callable[[_T], None]) -> Iterator[_T]:
        """Open what `start` makes, unless the run is cancelled before; when it is cancelled later, `end` gets
        it.

        `end` is called in another thread, and must not wait.
        """
        key = object()
        with self._lock:  # so that nothing starts behind the back of `cancel`
            self.check()
            made = start()
            self._ends[key] = lambda: end(made)
        try:
            yield made
        finally:
            with self._lock:
                del self._ends[key]

    @contextmanager
    def cleaning(self, clean: Callable[[], None]) -> Iterator[None]:
        """Call `clean` at the end, or by `clean_up` where nobody waits for the end."""
        key = object()
        with self._lock:
            self._cleanups[key] = clean
        try:
            yield
        finally:
            clean()
            with self._lock:
                del self._cleanups[key]

    def cancel(self, number: int) -> None:
        """Cancel the run, because of a signal."""
        with self._lock:
            self._number = number
            self._cancelled.set()
            for end in self._ends.values():
                end()

    def clean_up(self) -> None:
        """Clean up behind the backs of threads that can't be ended; the process must end right after."""
        with self._lock:
            for clean in self._cleanups.values():
                clean()


@contextmanager
def on_signals(act: Callable[[int], None], *, grace: float, give_up: Callable[[int], None]) -> Iterator[None]:
    """Call `act`, in a thread of its own, with the number of a signal that tells us to end.

    If the block hasn't ended `grace` seconds later, `give_up` is called as well. Further signals are ignored,
    also after the block, for the process is about to end.

    Python calls a signal's handler in the main thread only, and not while that is in foreign code. So the
    handler does nothing: the thread reads the numbers that the interpreter itself writes to a pipe.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    # what our caller ignores (nohup) stays ignored
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    handlers = {number: signal.signal(number, lambda *_: None) for number in heard}
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    told, ended = threading.Event(), threading.Event()

    def listen() -> None:
        while data := os.read(reader, 1):
            if data[0] in heard:
                told.set()
                act(data[0])
                if not ended.wait(grace):
                    give_up(data[0])
                ended.wait()  # the signals that follow need somebody at this end of the pipe
                break
        os.close(reader)

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_IGN if told.is_set() else handler)
        ended.set()
        os.close(writer)
