"""The benchmark's results as Markdown."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.measure import Measured

FAB = 1.23  # fab itself against the processes that it starts: 9.0 s to 7.3 s for 200 applications
_START, _END = "<!-- measured -->", "<!-- /measured -->"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One estate at one length of a round trip (`delay`, seconds); `ballast` and `size` are in bytes."""

    applications: int
    ballast: int
    size: int
    delay: float
    baseline: Measured
    ours: Mapping[str, Measured]
    memory: Mapping[str, float]
    processes: Mapping[str, int | None]

    @property
    def title(self) -> str:
        kind = (
            f" large repositories ({self.ballast // 1_000_000} MB each)" if self.ballast else " applications"
        )
        trip = f", {self.delay * 1000:.0f} ms for each round trip" if self.delay else ""
        return f"{self.applications}{kind}{trip}"

    def ratio(self, scenario: str) -> float:
        """Ours against fab: the baseline of processes, and fab's own work."""
        return self.ours[scenario].wall / (self.baseline.wall * FAB)


def write(results: Sequence[Result], path: Path, *, save: bool) -> None:
    """Print the tables; put them between the marks of the page, too, if asked."""
    text = "\n".join([_machine(), *map(_table, results), _growth(results)])
    print(text)
    if save:
        page = path.read_text("utf-8")
        marked = re.compile(f"{_START}.*{_END}", re.DOTALL)
        path.write_text(marked.sub(lambda _: f"{_START}\n{text}\n{_END}", page), "utf-8")


def _machine() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"Python {platform.python_version()}, {machine}.\n"


def _table(result: Result) -> str:
    rows = [
        f"### {result.title}\n",
        "| | wall s | CPU s | memory MB | wire MB | requests | programs started | ratio to fab |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        _row("baseline", result.baseline, result, ""),
        *(_row(name, run, result, f"{result.ratio(name):.3f}") for name, run in result.ours.items()),
    ]
    if result.ballast:
        share = result.ours["cold"].wire * 1e6 / result.size
        rows.append(
            f"\nThe `hld/` folders have {result.size / 1e6:.3f} MB; cold takes {share:.1f} times that."
        )
    return "\n".join([*rows, ""])


def _row(name: str, run: Measured, result: Result, ratio: str) -> str:
    processes = result.processes.get(name)
    return (
        f"| {name} | {run.wall:.2f} | {run.cpu:.2f} | {result.memory.get(name, 0):.0f} | {run.wire:.2f} | "
        f"{run.requests} | {'' if processes is None else processes} | {ratio} |"
    )


def _growth(results: Sequence[Result]) -> str:
    plain = sorted(
        (result for result in results if not result.ballast and not result.delay),
        key=lambda r: r.applications,
    )
    if len(plain) < 2:
        return ""
    rows = [
        "### Growth\n",
        "| | " + " | ".join(f"{result.applications}" for result in plain) + " |",
        "|---|" + "---:|" * len(plain),
        "| baseline | " + " | ".join(f"{result.baseline.wall:.2f} s" for result in plain) + " |",
    ]
    rows += [
        f"| {name} | " + " | ".join(f"{result.ours[name].wall:.2f} s" for result in plain) + " |"
        for name in plain[0].ours
    ]
    return "\n".join([*rows, ""])
