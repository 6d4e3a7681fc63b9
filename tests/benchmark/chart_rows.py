"""One chart: what we take for it, against `helm template` with a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.charts import write_large_chart, write_small_chart
from benchmark.estates import BRANCH, commit, create
from benchmark.measure import Measured, measure, middle
from support.tools import helm_program

PROMOTION = Path(sys.executable).with_name("promotion")


@dataclass(frozen=True, kw_only=True)
class ChartResult:
    """Both sides of one chart; `goal` is how many times Helm's time ours may be."""

    title: str
    helm: Measured
    ours: Measured
    goal: float


def measure_charts(folder: Path, environment: Mapping[str, str], *, rounds: int) -> list[ChartResult]:
    """Measure both charts, the sides in turn."""
    return [
        _measure("`render` of one small chart", 2.5, folder / "small", _prepare_render, environment, rounds),
        _measure(
            "`materialize` of a chart of 3.4 MB, with `validate`, `secrets` and `determinism`",
            3,
            folder / "large",
            _prepare_materialize,
            environment,
            rounds,
        ),
    ]


def _measure(
    title: str,
    goal: float,
    folder: Path,
    prepare: Callable[[Path], tuple[Path, list[str | Path]]],
    environment: Mapping[str, str],
    rounds: int,
) -> ChartResult:
    chart, ours = prepare(folder)
    sides: tuple[list[str | Path], ...] = ([helm_program(), "template", "app", chart], ours)
    runs: list[list[Measured]] = [[measure(argv, environment) for argv in sides] for _ in range(rounds)]
    helm, own = (middle(side) for side in zip(*runs, strict=True))
    return ChartResult(title=title, helm=helm, ours=own, goal=goal)


def _prepare_render(folder: Path) -> tuple[Path, list[str | Path]]:
    definition = folder / "hld"
    return write_small_chart(definition), [PROMOTION, "render", definition, folder / "out", "--replace"]


def _prepare_materialize(folder: Path) -> tuple[Path, list[str | Path]]:
    files, definition, manifests = folder / "hld", folder / "hld.git", folder / "manifests.git"
    chart = write_large_chart(files)
    create(manifests)
    create(definition)
    paths = [path for path in files.rglob("*") if path.is_file()]
    commit(definition, {str(path.relative_to(files)): path.read_bytes() for path in paths})
    argv: list[str | Path] = [
        PROMOTION, "materialize", "--environment", BRANCH, "--hld-repository", definition,
        "--manifest-repository", manifests, "--full", "true",
        "--validate", "fail", "--secrets", "deny", "--determinism", "warn",
    ]  # fmt: skip
    return chart, argv
