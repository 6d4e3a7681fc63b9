"""Runs that end at any moment: the manifest branch is the old or the new one, and the next run completes.

`KILLS` says how many random moments are tried, `KILL_SEED` which. From 200 on all boundaries are tried, too.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.gitserver import GitServer
from support.processes import LINUX_ONLY, await_end, find_processes, kill_processes
from support.samples import take_every_third
from support.trials import Arena, End, Trial

pytestmark = [pytest.mark.siege, LINUX_ONLY]

KILLS = int(os.environ.get("KILLS", "24"))
SEED = int(os.environ.get("KILL_SEED", "1"))
ALL = KILLS >= 200
AT_ONCE = 3
SLOWEST_END = 5.0  # seconds that a cancelled run may take to end, on a busy machine


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("kills")
    with GitServer(folder / "server") as server:
        yield Arena(folder, server)


def kill_all(trial: Trial) -> None:
    """As the runner ends a container: whatever runs in it is gone."""
    assert trial.process
    trial.process.kill()
    kill_processes(trial.mark)


def kill_main(trial: Trial) -> None:
    """As the system does when memory runs out: a git that was started goes on for itself."""
    assert trial.process
    trial.process.kill()


def each(job: Callable[[int], str], count: int) -> list[str]:
    """The outcomes of trials, some at once; told by `pytest -s`."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(job, range(count)))
    for outcome, number in sorted(Counter(outcomes).items()):
        print(f"\n{number:4} x {outcome}", end="")
    return outcomes


def kill_and_check(arena: Arena, kill: End, *, begin: bool, at: int, delay: float = 0) -> str:
    with arena.open(begin=begin) as trial:
        code = trial.run(kill, at=at, delay=delay)
        phase, state = trial.phase, trial.check()
        await_end(trial.mark)
        after = trial.check()
        assert (state, after) != ("new", "old")
        trial.check_next()
    return f"{kill.__name__} in {phase!r}, exit code {code}: {after}"


@pytest.mark.parametrize("begin", [False, True], ids=["old branch", "no branch"])
def test_killed_at_every_step_boundary(arena: Arena, begin: bool) -> None:
    """A boundary is a line of the log, a request, its answer, and the moment after it."""
    with arena.open(begin=begin) as trial:
        assert trial.run() == 0
        events = trial.events
    assert sum(event.startswith("::group::") for event in events) >= 4
    assert any("POST" in event and "git-receive-pack" in event for event in events)
    # those of the sources are all alike
    boundaries = [
        number for number, event in enumerate(events) if ALL or "::" in event or "manifests" in event
    ]
    kills: list[tuple[int, End]] = [(number, (kill_all, kill_main)[number % 2]) for number in boundaries]
    if ALL:
        kills = [(number, kill) for number in boundaries for kill in (kill_all, kill_main)]
    kills = list(take_every_third(kills))

    def run(index: int) -> str:
        at, kill = kills[index]
        return kill_and_check(arena, kill, begin=begin, at=at)

    outcomes = each(run, len(kills))
    assert any(outcome.endswith("old") for outcome in outcomes)
    assert any(outcome.endswith("new") for outcome in outcomes)


def random_moments(arena: Arena, count: int) -> list[tuple[int, float]]:
    """Moments of a run: an event, and seconds after it. The first second is Python's and imports."""
    chance = random.Random(SEED)  # noqa: S311
    events = [chance.randrange(-1, arena.events) for _ in range(count)]
    return [(event, chance.uniform(0.001, 0.06 if event >= 0 else 0.4)) for event in events]


def test_killed_at_random_moments(arena: Arena) -> None:
    moments = take_every_third(random_moments(arena, KILLS))

    def run(index: int) -> str:
        at, delay = moments[index]
        kill = (kill_all, kill_main)[index % 2]
        return kill_and_check(arena, kill, begin=index % 3 == 0, at=at, delay=delay)

    outcomes = each(run, len(moments))
    killed = sum("exit code -9" in outcome for outcome in outcomes)
    assert killed > len(moments) / 2, "most runs had ended before they were killed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancelled_at_random_moments(arena: Arena, number: signal.Signals) -> None:
    """It ends soon, with everything that it started and wrote."""
    moments = random_moments(arena, KILLS // 4)

    def run(index: int) -> str:
        times: list[float] = []

        def cancel(trial: Trial) -> None:
            assert trial.process
            times.append(time.monotonic())
            trial.process.send_signal(number)

        with arena.open() as trial:
            at, delay = moments[index]
            code = trial.run(cancel, at=at, delay=delay)
            took = time.monotonic() - times[0] if times else 0.0
            phase, state = trial.phase, trial.check()
            assert took < SLOWEST_END
            assert code in (0, -number, 128 + number), trial.events
            assert not [event for event in trial.events if event.startswith("::error")]
            assert not list(trial.temporary.rglob("*"))
            assert not find_processes(trial.mark)
            trial.check_next()
        return f"{number.name} in {phase!r}, exit code {code}: {state}"

    outcomes = each(run, len(moments))
    assert any(f"exit code {128 + number}" in outcome for outcome in outcomes)
