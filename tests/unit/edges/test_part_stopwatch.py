from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from math import inf

import pytest

from promotion.edges import part_stopwatch
from promotion.edges.cancellation import Cancellation
from promotion.edges.part_stopwatch import PartStopwatch
from promotion.errors import CancelledError


@pytest.fixture
def forever() -> Iterator[Callable[[], object]]:
    """A call that comes back when the test is over."""
    over = threading.Event()
    yield over.wait
    over.set()


def run(
    times: PartStopwatch, calls: Sequence[tuple[str, Callable[[], object]]], *, workers: int = 2
) -> list[object]:
    """Make calls for parts, named as `a` or `a,b`; one that was left gives how."""
    return times.map(
        lambda call: call[1](),
        calls,
        parts_of=lambda call: call[0].split(","),
        late=lambda call, seconds: f"{call[0]} late",
        workers=workers,
    )


def answer(text: str) -> Callable[[], str]:
    return lambda: text


def test_results_come_in_the_order_of_what_was_asked() -> None:
    calls = [(part, answer(f"{part}{number}")) for number in range(50) for part in "abc"]
    expected = [f"{part}{number}" for number in range(50) for part in "abc"]
    assert run(PartStopwatch(60), calls) == expected
    assert run(PartStopwatch(60), []) == []


def test_what_hangs_is_left_and_holds_up_nobody(forever: Callable[[], object]) -> None:
    begun: list[int] = []

    def hang() -> object:
        begun.append(1)
        return forever()

    calls = [*[("bad", hang)] * 50, *[(f"good{number}", answer("done")) for number in range(20)]]
    start = time.monotonic()
    assert run(PartStopwatch(0.3), calls) == ["bad late"] * 50 + ["done"] * 20
    assert time.monotonic() - start < 5
    assert len(begun) <= 2


def test_however_many_hang_they_hang_side_by_side(
    forever: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_stopwatch, "_WAITS", 0.01)
    calls = [*[(f"bad{number}", forever) for number in range(40)], ("good", answer("done"))]
    start = time.monotonic()
    assert run(PartStopwatch(1), calls)[-1] == "done"
    assert time.monotonic() - start < 10


def test_a_part_has_one_time_for_all_that_it_does(forever: Callable[[], object]) -> None:
    times, begun = PartStopwatch(0.1), list[str]()
    assert run(times, [("a", forever)]) == ["a late"]
    assert run(times, [("a", lambda: begun.append("a")), ("b", answer("done"))]) == ["a late", "done"]
    assert not begun
    with times.spending("a") as left:
        assert left == 0


def test_what_two_parts_share_is_left_when_the_time_of_both_is_up(forever: Callable[[], object]) -> None:
    times = PartStopwatch(0.2)
    assert run(times, [("a", forever)]) == ["a late"]
    assert run(times, [("a,b", answer("done"))]) == ["done"]
    assert run(times, [("a,b", forever), ("c", answer("done"))]) == ["a,b late", "done"]
    assert run(times, [("b", answer("done"))]) == ["b late"]


def test_the_first_error_in_order_is_raised_and_what_comes_after_is_left_out() -> None:
    made: list[int] = []

    def fail(number: int) -> Callable[[], object]:
        def call() -> object:
            made.append(number)
            time.sleep(0.05 if number == 3 else 0)
            raise ValueError(number)

        return call

    calls = [*[("a", answer("done"))] * 3, ("a", fail(3)), *[("b", fail(number)) for number in range(4, 60)]]
    with pytest.raises(ValueError, match=r"^3$"):
        run(PartStopwatch(60), calls)
    assert len(made) < 10


def test_what_ends_the_run_is_raised_first() -> None:
    def cancel() -> object:
        raise KeyboardInterrupt

    def fail() -> object:
        time.sleep(0.1)
        raise ValueError

    with pytest.raises(KeyboardInterrupt):
        run(PartStopwatch(60), [("a", fail), ("b", cancel)])


def test_who_waits_is_told_when_the_run_is_cancelled(forever: Callable[[], object]) -> None:
    cancellation = Cancellation()
    times = PartStopwatch(60, check=cancellation.check)
    start = time.monotonic()
    threading.Timer(0.1, lambda: cancellation.cancel(15)).start()
    with pytest.raises(CancelledError):
        run(times, [("a", forever)])
    with pytest.raises(CancelledError):
        times.watch(lambda turn: turn("a") or forever(), ValueError)
    assert time.monotonic() - start < 5


def test_time_counts_once_for_what_happens_at_once() -> None:
    now = 100.0
    times = PartStopwatch(60, clock=lambda: now)
    with times.spending("a") as left:
        assert left == 60
        now += 10
        with times.spending("a"), times.spending("b"):
            now += 5
        now += 1
    now += 1000
    assert (times.left("a"), times.left("b"), times.left("c"), times.left("")) == (44, 55, 60, inf)


def test_work_says_whose_time_it_takes(forever: Callable[[], object]) -> None:
    def work(turn: Callable[[str], object]) -> object:
        turn("a")
        turn("")
        turn("b")
        return forever()

    start = time.monotonic()
    times = PartStopwatch(0.1)
    with pytest.raises(ValueError, match=r"^b$"):
        times.watch(work, ValueError)
    assert time.monotonic() - start < 5
    assert times.left("a") > 0.05
    assert times.watch(lambda turn: turn("a") or "done", ValueError) == "done"

    def fail(turn: Callable[[str], object]) -> object:
        turn("a")
        raise KeyError

    with pytest.raises(KeyError):
        times.watch(fail, ValueError)


def test_work_of_nobody_has_all_the_time() -> None:
    def work(turn: Callable[[str], object]) -> str:
        turn("")
        time.sleep(0.2)
        return "done"

    assert PartStopwatch(0.05).watch(work, ValueError) == "done"
