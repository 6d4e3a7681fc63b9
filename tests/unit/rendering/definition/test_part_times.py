"""A part that takes too long is left, in whatever step, and no other part is blamed for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from math import inf
from typing import Any

import pytest

from promotion.common.settings import Input, Settings
from promotion.edges.part_stopwatch import PartStopwatch
from promotion.errors import PartLimitError, PromotionError, UnreachableError, UsageError
from promotion.rendering.definition.part_failures import PartFailures
from promotion.rendering.definition.part_times import ENDLESS, read_part_timeout
from promotion.rendering.definition.render_plan import RenderPlan
from promotion.rendering.definition.resolution import resolve_definition
from promotion.rendering.definition.source_fetching import ask_all
from promotion.rendering.model import Folder, Snapshot
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from support.definitions import MemoryFetcher, MemorySnapshot

STATIC = {"component.yaml": "{name: app, generator: static, path: m}", "m/a.yaml": "kind: ServiceAccount\n"}
CHART = {"component.yaml": "{name: app, generator: helm, path: chart}", "chart/Chart.yaml": "name: x\n"}
BAD, GOOD = "https://git.test/bad", "https://git.test/good"
CLUSTER = f"""
name: cluster
subcomponents:
- {{name: bad, method: git, source: '{BAD}'}}
- {{name: good, method: git, source: '{GOOD}'}}
"""


class Fetcher(MemoryFetcher):
    """Waits where a test says so."""

    def __init__(self, wait: Callable[[str], object], **kinds: Any) -> None:
        super().__init__(**kinds)
        self._wait = wait

    def git(self, source: GitSource, *, token: str) -> Snapshot:
        self._wait(f"fetch {source.url}")
        return Slow(self._git[str(source)], f"commit of {source}", self._wait, source.url)

    def ask(self, source: Any, *, token: str) -> str:
        self._wait(f"ask {source.url}")
        return "answer"

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> Any:
        self._wait(f"chart {repository}")
        return super().local_chart(snapshot, path, repository=repository)


class Slow(MemorySnapshot):
    """Files that come when they are read."""

    def __init__(self, files: Any, revision: str, wait: Callable[[str], object], url: str) -> None:
        super().__init__(files, revision)
        self._wait, self._url = wait, url

    def read(self, path: str) -> bytes | None:
        self._wait(f"read {self._url} {path}")
        return super().read(path)


@pytest.fixture
def hang() -> Iterator[Callable[[str], Callable[[str], object]]]:
    """Gives what hangs at a step, until the test is over."""
    over = threading.Event()
    yield lambda where: lambda step: over.wait() if step == where else None
    over.set()


def resolve(
    fetcher: MemoryFetcher, cluster: str = CLUSTER, *, holds: bool = True, limit: float = 0.4
) -> tuple[RenderPlan, PartFailures]:
    failures = PartFailures(holds=holds)
    plan = resolve_definition(
        Folder(LocalSource()),
        MemorySnapshot({"component.yaml": cluster}, revision="1"),
        ["prod"],
        fetcher=fetcher,
        environment={},
        failures=failures,
        times=PartStopwatch(limit),
    )
    return plan, failures


STEPS = {
    f"fetch {BAD}": (UnreachableError, "hasn't answered in 0.4 s"),
    f"read {BAD} component.yaml": (PartLimitError, "files of it are still to be read"),
    f"read {BAD} m/a.yaml": (PartLimitError, "files of it are still to be read"),
    f"chart {BAD}": (PartLimitError, "charts of it aren't ready"),
}


@pytest.mark.parametrize("step", STEPS)
def test_what_hangs_is_held_for_now(step: str, hang: Callable[[str], Callable[[str], object]]) -> None:
    git = {BAD: CHART if step.startswith("chart") else STATIC, GOOD: STATIC}
    start = time.monotonic()
    plan, failures = resolve(Fetcher(hang(step), git=git))
    assert time.monotonic() - start < 5
    assert [job.component.label for job in plan.jobs] == ["good/app"]
    kind, words = STEPS[step]
    (error,) = failures.found.values()
    assert isinstance(error, kind)
    assert words in error.what
    assert (error.part, error.is_passing) == ("bad", True)
    assert "part-timeout" in str(error)


@pytest.mark.parametrize("step", STEPS)
def test_without_holding_it_is_one_error(step: str, hang: Callable[[str], Callable[[str], object]]) -> None:
    git = {BAD: CHART if step.startswith("chart") else STATIC, GOOD: STATIC}
    with pytest.raises(PromotionError) as caught:
        resolve(Fetcher(hang(step), git=git), holds=False)
    assert caught.value.part == "bad"


def test_who_hangs_on_anothers_source_before_it_is_asked_takes_nothing_from_it(
    hang: Callable[[str], Callable[[str], object]],
) -> None:
    """`bad` brings the repository of `good`, too, and has no time left when that is asked for."""
    nested = f"{{name: x, subcomponents: [{{name: theirs, method: git, source: '{GOOD}'}}]}}"
    cluster = CLUSTER.replace(f"- {{name: good, method: git, source: '{GOOD}'}}", "")
    cluster += f"- {{name: late, method: git, source: '{BAD}/late'}}\n"
    late = f"{{name: y, subcomponents: [{{name: good, method: git, source: '{GOOD}'}}]}}"
    git = {BAD: {"component.yaml": nested}, f"{BAD}/late": {"component.yaml": late}, GOOD: STATIC}
    plan, failures = resolve(Fetcher(hang(f"read {BAD} access.yaml"), git=git), cluster)
    assert [job.component.label for job in plan.jobs] == ["late/good/app"]
    assert list(failures.found) == ["bad"]


def test_a_source_that_never_answers_is_waited_for_once_whoever_names_it(
    hang: Callable[[str], Callable[[str], object]],
) -> None:
    cluster = CLUSTER + f"- {{name: worse, method: git, source: '{BAD}'}}\n"
    start = time.monotonic()
    plan, failures = resolve(Fetcher(hang(f"fetch {BAD}"), git={GOOD: STATIC}), cluster, limit=1)
    assert time.monotonic() - start < 1.9
    assert [job.component.label for job in plan.jobs] == ["good/app"]
    assert {part: error.component for part, error in failures.found.items()} == {
        "bad": "bad",
        "worse": "worse",
    }


def test_what_does_not_say_what_it_is_in_time_is_asked_no_longer(
    hang: Callable[[str], Callable[[str], object]],
) -> None:
    sources = {GitSource(url=url): [url] for url in (BAD, GOOD)}
    answers = ask_all(sources, Fetcher(hang(f"ask {BAD}")), 2, PartStopwatch(0.2))
    assert answers == {GitSource(url=BAD): "", GitSource(url=GOOD): "answer"}


def test_without_a_limit_nothing_is_left() -> None:
    assert ENDLESS.watch(lambda turn: turn("a"), ValueError) == "a"
    with ENDLESS.spending("a") as left:
        assert left == inf


@pytest.mark.parametrize(("text", "seconds"), [("1", 1), ("120", 120), ("21600", 21600), ("007", 7)])
def test_the_limit_is_a_number_of_seconds(text: str, seconds: int) -> None:
    table = [Input(name="part-timeout", help="")]
    assert read_part_timeout(Settings(table, {"part-timeout": text})) == seconds


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "2 m", "21601", "1e3", "٣", "9" * 5000, "inf", ""])
def test_nothing_else_is(text: str) -> None:
    table = [Input(name="part-timeout", help="")]
    with pytest.raises(UsageError, match="It is a number of seconds, from 1 to 21600"):
        read_part_timeout(Settings(table, {"part-timeout": text}))
