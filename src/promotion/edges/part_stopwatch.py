"""Stopwatches for the parts of a definition, and threads that none of them can hold up."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from math import inf
from typing import Any, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")
_WAITS = 1.0  # seconds after which a call counts as waiting for a server, and takes no worker
_MOST = 256  # threads at once
_GLANCE = 0.5  # seconds between two looks at the time


class PartStopwatch:
    """Implements `promotion.rendering.definition.part_times.PartTimes`. Threads may share it.

    Args:
        limit: seconds that each part has.
        clock: monotonic seconds.
        check: called now and then by whoever waits; what it raises ends the waiting.
    """

    def __init__(
        self,
        limit: float,
        clock: Callable[[], float] = time.monotonic,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        self.limit, self.check = limit, check
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}
        self._under_way: Counter[str] = Counter()
        self._since: dict[str, float] = {}

    def left(self, part: str) -> float:
        """Return the seconds that a part has left."""
        if not part:
            return inf
        with self._lock:
            running = self._clock() - self._since[part] if self._under_way[part] else 0.0
            return max(self.limit - self._used.get(part, 0.0) - running, 0.0)

    @contextmanager
    def spending(self, part: str) -> Iterator[float]:
        """Open a stretch of a part's time; it gives the seconds that are left."""
        self._begin(part)
        try:
            yield self.left(part)
        finally:
            self._end(part)

    def _begin(self, part: str) -> None:
        with self._lock:
            self._under_way[part] += 1
            if self._under_way[part] == 1:
                self._since[part] = self._clock()

    def _end(self, part: str) -> None:
        with self._lock:
            self._under_way[part] -= 1
            if not self._under_way[part]:
                self._used[part] = self._used.get(part, 0.0) + self._clock() - self._since[part]

    def map(
        self,
        function: Callable[[_T], _R],
        items: Sequence[_T],
        *,
        parts_of: Callable[[_T], Sequence[str]],
        late: Callable[[_T, float], _R],
        workers: int,
    ) -> list[_R]:
        """Call a function on each item, many at once; as of `PartTimes`."""
        parts = [tuple(dict.fromkeys(parts_of(item))) or ("",) for item in items]
        calls = _Calls(self, parts, lambda index: function(items[index]), workers, self._clock)
        calls.run()
        for outcome in calls.outcomes.values():
            error = outcome.exception()
            if error is not None and not isinstance(error, Exception):
                raise error  # the run is to end
        return [
            calls.outcomes[index].result()
            if index in calls.outcomes
            else late(item, calls.left.get(index, 0.0))
            for index, item in enumerate(items)
        ]

    def watch(self, work: Callable[[Callable[[str], object]], _R], late: Callable[[str], Exception]) -> _R:
        """Return what some work gives, which says each time whose turn it is; as of `PartTimes`."""
        changed, outcome, turn, is_left = threading.Condition(), Future[_R](), "", False

        def switch(part: str) -> None:
            nonlocal turn
            if part != turn:
                with changed:
                    if not is_left:
                        self._end(turn)
                        self._begin(part)
                        turn = part

        def run() -> None:
            try:
                outcome.set_result(work(switch))
            except BaseException as error:
                outcome.set_exception(error)
            with changed:
                changed.notify()

        self._begin(turn)
        threading.Thread(target=run, daemon=True).start()
        with changed:
            try:
                while not outcome.done():
                    self.check()
                    if (left := self.left(turn)) <= 0:
                        raise late(turn)
                    changed.wait(min(left, _GLANCE))
            finally:
                is_left = True
                self._end(turn)
        return outcome.result()


class _Calls:
    """Calls for parts, each in a thread of ours. `outcomes` has those that came to an end, by index; `left`
    says of others how long they were under way.
    """

    def __init__(
        self,
        times: PartStopwatch,
        parts: Sequence[Sequence[str]],
        call: Callable[[int], Any],
        workers: int,
        clock: Callable[[], float],
    ) -> None:
        self._times, self._parts, self._call, self._workers = times, parts, call, workers
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[int]] = {}  # by the first part, which takes turns with the others
        for index, names in enumerate(parts):
            self._waiting.setdefault(names[0], deque()).append(index)
        self._turns = deque(self._waiting)
        self._running: dict[int, float] = {}  # when each began
        self.outcomes: dict[int, Future[Any]] = {}
        self.left: dict[int, float] = {}

    def run(self) -> None:
        """Make all calls, but for those of parts whose time is up."""
        with self._changed:
            while self._turns or self._running:
                self._times.check()
                self._leave_overdue()
                while (index := self._take()) is not None:
                    self._hire(index)
                if self._turns or self._running:
                    self._changed.wait(self._find_pause())

    def _hire(self, index: int) -> None:
        try:
            threading.Thread(target=self._serve, args=(index,), daemon=True).start()
        except RuntimeError:  # the system has no more
            self._finish(index)
            if not self._running:
                raise
            self._return(index)

    def _serve(self, index: int | None) -> None:
        while index is not None:
            outcome: Future[Any] = Future()
            try:
                outcome.set_result(self._call(index))
            except BaseException as error:
                outcome.set_exception(error)
            with self._changed:
                if index not in self._running:
                    return  # it was left alone
                self._finish(index)
                self.outcomes[index] = outcome
                if outcome.exception() is not None:
                    self._drop_after(index)
                index = self._take()
                if index is None:
                    self._changed.notify()

    def _take(self) -> int | None:
        """Return the next call, which is under way from now on; none if there is none, or too many are."""
        now = self._clock()
        busy = sum(now - began < _WAITS for began in self._running.values())
        if busy >= self._workers or len(self._running) >= _MOST:
            return None
        while self._turns:
            index = self._choose()
            for part in self._parts[index]:
                self._times._begin(part)
            self._running[index] = now
            if any(self._times.left(part) > 0 for part in self._parts[index]):
                return index
            self._finish(index)
        return None

    def _choose(self) -> int:
        """Return the first call of the next part; of one of which nothing is under way, if there is any."""
        active = {self._parts[index][0] for index in self._running}
        part = next((part for part in self._turns if part not in active), self._turns[0])
        self._turns.remove(part)
        index = self._waiting[part].popleft()
        if self._waiting[part]:
            self._turns.append(part)
        return index

    def _return(self, index: int) -> None:
        part = self._parts[index][0]
        self._waiting[part].appendleft(index)
        if part not in self._turns:
            self._turns.append(part)

    def _finish(self, index: int) -> None:
        del self._running[index]
        for part in self._parts[index]:
            self._times._end(part)

    def _drop_after(self, index: int) -> None:
        """Leave out the calls after one that failed: the first failure is what is raised."""
        for part, waiting in self._waiting.items():
            self._waiting[part] = deque(one for one in waiting if one < index)
        self._turns = deque(part for part in self._turns if self._waiting[part])

    def _leave_overdue(self) -> None:
        now = self._clock()
        for index, began in list(self._running.items()):
            if not any(self._times.left(part) > 0 for part in self._parts[index]):
                self._finish(index)
                self.left[index] = now - began

    def _find_pause(self) -> float:
        """Return the seconds until something may have to be left, or waits long enough to take no worker; at
        most until the next look.
        """
        now = self._clock()
        ends = [max(map(self._times.left, self._parts[index])) for index in self._running]
        if self._turns:
            ages = (now - began for began in self._running.values())
            ends += [_WAITS - age for age in ages if age < _WAITS]
        return max(min((*ends, _GLANCE)), 0.001)
