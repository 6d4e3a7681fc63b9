"""The benchmark's results as Markdown."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.chart_rows import ChartResult
from benchmark.measure import Measured

FAB = 1.23  # fab itself against the processes that it starts: 9.0 s to 7.3 s for 200 applications
# What we want at most, of fab's time: by applications, then cold, nothing changed, one changed.
GOALS = {
    10: (0.60, 0.30, 0.50),
    50: (0.25, 0.07, 0.12),
    200: (0.20, 0.05, 0.06),
    800: (0.14, 0.035, 0.04),
}
_START, _END = "<!-- measured -->", "<!-- /measured -->"
_AGAINST_FAB, _CHARTS, _SECONDS = "### Ratios to fab", "### One chart", "### Seconds"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One estate at one length of a round trip (`delay`, seconds); `ballast` and `size` are in bytes.

    `factor` is fab's time by the baseline's.
    """

    applications: int
    is_local: bool
    ballast: int
    size: int
    delay: float
    factor: float
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
        return f"{self.applications}{kind}{trip}{', local' if self.is_local else ''}"

    def ratio(self, scenario: str) -> float:
        """Our time by fab's: that of the baseline of processes, and fab's own work."""
        return self.ours[scenario].wall / (self.baseline.wall * self.factor)

    def cpu_ratio(self, scenario: str) -> float:
        """The same for processor time."""
        return self.ours[scenario].cpu / (self.baseline.cpu * self.factor)


def write(results: Sequence[Result], charts: Sequence[ChartResult], path: Path, *, save: bool) -> None:
    """Print the tables; put them between the marks of the page, too, if asked. What wasn't measured stays."""
    sections = {
        _AGAINST_FAB: _against_fab(results),
        _CHARTS: _chart_table(charts),
        _SECONDS: _seconds(results),
        **{f"### {result.title}": _table(result) for result in results},
    }
    sections = {title: body for title, body in sections.items() if body}
    print(_join(_machine(), sections))
    if save:
        page = path.read_text("utf-8")
        marked = re.compile(f"{_START}\n(.*){_END}", re.DOTALL)
        found = marked.search(page)
        text = _join(_machine(), _merge(found[1] if found else "", sections))
        path.write_text(marked.sub(lambda _: f"{_START}\n{text}{_END}", page), "utf-8")


def _join(head: str, sections: Mapping[str, str]) -> str:
    return "\n".join([f"{head}\n", *(f"{title}\n\n{body}\n" for title, body in sections.items())])


def _merge(old: str, new: Mapping[str, str]) -> dict[str, str]:
    """Return the sections of the page with those that are new; of tables over many estates, the rows."""
    parts = re.split(r"^(### .*)\n", old, flags=re.MULTILINE)[1:]
    merged = dict.fromkeys((_AGAINST_FAB, _CHARTS, _SECONDS), "")
    merged |= {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}
    merged |= new
    for title in (_AGAINST_FAB, _CHARTS, _SECONDS):
        before = parts[parts.index(title) + 1] if title in parts else ""
        lines = [*before.strip().splitlines(), *new.get(title, "").splitlines()]
        merged[title] = "\n".join({line.split("|")[1]: line for line in lines}.values())
    return {title: body for title, body in merged.items() if body}


def _machine() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"Python {platform.python_version()}, {machine}."


def _against_fab(results: Sequence[Result]) -> str:
    """Return the ratios where there is a goal: by wall time, by processor time, and the goal."""
    with_goals = [result for result in results if _has_goal(result)]
    rows = [
        f"| {result.title} | "
        + " | ".join(
            _rate(result.ratio(name), result.cpu_ratio(name), goal)
            for name, goal in zip(result.ours, GOALS[result.applications], strict=False)
        )
        + " |"
        for result in with_goals
    ]
    names = list(results[0].ours)[:3] if results else []
    return _grid(["", *names], rows)


def _has_goal(result: Result) -> bool:
    return result.applications in GOALS and not result.ballast and not result.delay


def _rate(wall: float, cpu: float, goal: float) -> str:
    return f"{_stress(wall, goal)} · {_stress(cpu, goal)} · {goal}"


def _stress(ratio: float, goal: float) -> str:
    """Return the number, bold where it misses the goal."""
    return f"**{ratio:.3f}**" if ratio > goal else f"{ratio:.3f}"


def _chart_table(charts: Sequence[ChartResult]) -> str:
    rows = [
        f"| {chart.title} | {chart.helm.wall:.2f} | {chart.helm.cpu:.2f} | {chart.ours.wall:.2f} | "
        f"{chart.ours.cpu:.2f} | {_stress(chart.ours.wall / chart.helm.wall, chart.goal)} · "
        f"{_stress(chart.ours.cpu / chart.helm.cpu, chart.goal)} · {chart.goal} |"
        for chart in charts
    ]
    return _grid(["", "Helm, wall s", "CPU s", "ours, wall s", "CPU s", "ratio"], rows)


def _table(result: Result) -> str:
    heads = [
        *("", "wall s", "CPU s", "memory MB", "wire MB", "requests", "programs started", "ratio to fab"),
    ]
    rows = [
        _row("baseline", result.baseline, result, ""),
        *(_row(name, run, result, f"{result.ratio(name):.3f}") for name, run in result.ours.items()),
    ]
    text = _grid(heads, rows)
    if result.ballast:
        share = result.ours["cold"].wire * 1e6 / result.size
        text += f"\n\nThe `hld/` folders have {result.size / 1e6:.3f} MB; cold takes {share:.1f} times that."
    return text


def _row(name: str, run: Measured, result: Result, ratio: str) -> str:
    processes, memory = result.processes.get(name), result.memory.get(name)
    return (
        f"| {name} | {run.wall:.2f} | {run.cpu:.2f} | {'' if memory is None else f'{memory:.0f}'} | "
        f"{run.wire:.2f} | {run.requests} | {'' if processes is None else processes} | {ratio} |"
    )


def _seconds(results: Sequence[Result]) -> str:
    """Return how the times grow with the estate."""
    rows = [
        f"| {result.title} | {result.baseline.wall:.2f} | "
        + " | ".join(f"{run.wall:.2f}" for run in result.ours.values())
        + " |"
        for result in results
    ]
    return _grid(["", "baseline", *(results[0].ours if results else ())], rows)


def _grid(heads: Sequence[str], rows: Sequence[str]) -> str:
    """Return a table; empty without rows."""
    if not rows:
        return ""
    return "\n".join(
        [f"| {' | '.join(heads)} |".replace("|  |", "| |"), "|---|" + "---:|" * (len(heads) - 1), *rows]
    )
