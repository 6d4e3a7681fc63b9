"""Processes that take turns at their effects, in an order, with faults and kills, that one seed chooses."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
_LONGEST = 4_000  # effects of a history; none comes near, and a loop without end must end
_POOL = ThreadPoolExecutor(max_workers=64, thread_name_prefix="simulated")


class KilledError(BaseException):
    """The process is gone, as by SIGKILL: no effect of it takes place any more."""


class EndlessError(AssertionError):
    """A history doesn't come to its end."""


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How likely each trouble is at an effect, and how likely another process goes on then."""

    switch: float = 0.15
    fail: float = 0.0
    lose: float = 0.0
    kill: float = 0.0


@dataclass
class Process:
    """One run of the program, in a thread that holds the baton while it works.

    `is_excused` says why it may have left something undone; `landed` are the commits that it has pushed. Of
    its last attempt, `told` is what each source answered, and `troubles` what failed in the world, by source
    or part: whether it may pass. `is_shaken`: one of them was a matter of the moment.
    """

    name: str
    scheduler: Scheduler
    began: int
    is_dead: bool = False
    is_over: bool = False
    error: BaseException | None = None
    is_excused: str = ""
    is_lagging: bool = False
    is_unverified: bool = False
    landed: list[str] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, set[bool]] = field(default_factory=dict)
    is_shaken: bool = False
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def effect(
        self,
        what: str,
        act: Callable[[], T],
        fail: Callable[[str], BaseException] | None = None,
        *,
        is_write: bool = False,
    ) -> T:
        """Return what an effect gives, unless it fails, is killed, or its answer is lost after it took place.

        Args:
            what: for the trace.
            act: takes place at once: nobody else is at work.
            fail: makes the error of a fault; None where there are none.
            is_write: whether its answer may be lost.
        """
        scheduler = self.scheduler
        rates, chance = scheduler.rates, scheduler.rng.random
        if self.is_dead:
            raise KilledError
        scheduler.advance()
        if chance() < rates.switch:
            scheduler.give_way(self)
        if rates.kill and chance() < rates.kill:
            self._die(f"before {what}")
        if fail and rates.fail and chance() < rates.fail:
            scheduler.note(self.name, f"{what}: fails", "an effect fails")
            raise fail("a fault")
        result = act()
        scheduler.note(self.name, what)
        if rates.kill and is_write and chance() < rates.kill * 10:
            self._die(f"after {what}")
        if fail and is_write and rates.lose and chance() < rates.lose:
            scheduler.note(self.name, f"{what}: answer lost", "an answer is lost")
            raise fail("the answer is lost")
        return result

    def _die(self, when: str) -> None:
        self.is_dead = True
        self.scheduler.note(self.name, f"killed {when}", "a run is killed")
        raise KilledError


class Scheduler:
    """Hands the baton from process to process. Time is the number of effects, and of what pauses add."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rates = Rates()
        self.clock = 1_000
        self.steps = 0
        self.trace: list[tuple[int, str, str]] = []
        self.counts: Counter[str] = Counter()
        self.waiting: list[Process] = []
        self._main = threading.Semaphore(0)

    def note(self, who: str, what: str, kind: str = "") -> None:
        """Write a line of the trace, and count a kind of event."""
        self.trace.append((self.clock, who, what))
        if kind:
            self.counts[kind] += 1

    def advance(self) -> None:
        """Let a moment pass."""
        self.clock += 1
        self.steps += 1
        if self.steps > _LONGEST:
            raise EndlessError(f"more than {_LONGEST} effects")

    def give_way(self, process: Process) -> None:
        """Let the driver choose who goes on; return when this process is chosen."""
        self.waiting.append(process)
        self._main.release()
        process.baton.acquire()
        if process.is_dead:
            raise KilledError

    def start(self, name: str, work: Callable[[Process], None]) -> Process:
        """Make a process that waits for its first turn; `work` handles what it expects to be raised."""
        process = Process(name, self, began=self.steps)

        def live() -> None:
            process.baton.acquire()
            try:
                work(process)
            except KilledError:
                process.is_dead = True
            except BaseException as error:
                process.error = error
            process.is_over = True
            self._main.release()

        _submit(live)
        self.waiting.append(process)
        return process

    def go_on(self, process: Process) -> None:
        """Let a waiting process work until it gives way or ends, and raise the defect that ended it."""
        self.waiting.remove(process)
        process.baton.release()
        self._main.acquire()
        if process.error is not None:
            raise process.error

    def abandon(self) -> None:
        """End all processes."""
        while self.waiting:
            process = self.waiting.pop()
            process.is_dead = True
            process.baton.release()
            self._main.acquire()


def _submit(work: Callable[[], None]) -> None:
    _POOL.submit(work)


class InlinePool:
    """Stands in for a pool of threads: works in the caller's thread, in an order that chance gives."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._jobs: list[tuple[Future[Any], Callable[[], Any]]] = []

    def __enter__(self) -> InlinePool:
        return self

    def __exit__(self, *_: object) -> None:
        self._work()

    def submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        future = _Lazy(self._work)
        self._jobs.append((future, lambda: function(*arguments)))
        return future

    def shutdown(self, *, wait: bool = True, cancel_futures: bool = False) -> None:
        if cancel_futures:
            self._jobs.clear()

    def _work(self) -> None:
        jobs, self._jobs = self._jobs, []
        self._rng.shuffle(jobs)
        for future, job in jobs:
            try:
                future.set_result(job())
            except Exception as error:
                future.set_exception(error)


class _Lazy(Future[Any]):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._begin = work

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            self._begin()
        return super().result(timeout)
