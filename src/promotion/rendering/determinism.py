"""Charts that don't print the same each time: found by rendering them twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from promotion.common.lazy_dataclass import dataclass
from promotion.common.parallel import map_in_order
from promotion.errors import PromotionError
from promotion.rendering.charts.nondeterminism import (
    TIME,
    compare_renderings,
    find_functions,
    list_differences,
)
from promotion.rendering.component_rendering import HelmRenderer, render_job
from promotion.rendering.definition.render_plan import RenderJob
from promotion.rendering.manifests.cluster_findings import ClusterFinding
from promotion.rendering.model import RenderedComponent, ResolvedChart

_TICK = 1.1  # seconds, since few charts print fractions of them
_FIX = "Set the value in the config, or have the cluster make it"


@dataclass(frozen=True)
class _Suspect:
    """A chart with functions that can print something else each time."""

    job: RenderJob
    first: RenderedComponent
    functions: tuple[str, ...]

    @property
    def tells_time(self) -> bool:
        """Whether the time is among them."""
        return not TIME.isdisjoint(self.functions)


def find_nondeterminism(
    jobs: Iterable[RenderJob],
    rendered: Iterable[RenderedComponent],
    helm: HelmRenderer,
    read_chart: Callable[[ResolvedChart], Iterable[str]],
    *,
    wait: Callable[[float], None],
    workers: int,
) -> list[ClusterFinding]:
    """Return what charts print that isn't the same when they are rendered again, a moment later.

    Only charts that call a function of time or chance, or get values that do, are rendered again. One that
    calls a function of time and prints the same after a second is told, too: it may print the day.

    Args:
        rendered: the first outcome.
        read_chart: the texts of a chart's files, those of its dependencies too.
        wait: waits for so many seconds.
        workers: how many charts are rendered at once.
    """
    suspects = _find_suspects(jobs, rendered, read_chart)
    if any(suspect.tells_time for suspect in suspects):
        wait(_TICK)
    verdicts = map_in_order(lambda suspect: _judge(suspect, helm), suspects, workers)
    findings = [finding for finding in verdicts if finding]
    pairs = zip(suspects, verdicts, strict=True)
    return [*findings, *(_doubt(suspect) for suspect, found in pairs if not found and suspect.tells_time)]


def _find_suspects(
    jobs: Iterable[RenderJob],
    rendered: Iterable[RenderedComponent],
    read_chart: Callable[[ResolvedChart], Iterable[str]],
) -> list[_Suspect]:
    firsts = {component.path: component for component in rendered}
    known: dict[str, set[str]] = {}  # one chart may be that of many components
    suspects = []
    for job in jobs:
        first = firsts.get(job.component.manifest_path)
        if job.chart is None or first is None:
            continue
        if job.chart.digest not in known:
            texts = read_chart(job.chart)
            known[job.chart.digest] = {name for text in texts for name in find_functions(text)}
        values = json.dumps(job.component.values, ensure_ascii=False, default=str)
        if functions := known[job.chart.digest] | find_functions(values):
            suspects.append(_Suspect(job, first, tuple(sorted(functions))))
    return suspects


def _judge(suspect: _Suspect, helm: HelmRenderer) -> ClusterFinding | None:
    try:
        second = render_job(suspect.job, helm).manifest
    except PromotionError as error:
        return _find(suspect, f"the chart could be rendered once, and not again: {error.what}")
    if second == suspect.first.manifest:
        return None
    what = list_differences(compare_renderings(suspect.first.manifest, second)) or "the order or the comments"
    return _find(suspect, f"the chart prints something else each time: {what}. It calls {_name(suspect)}")


def _doubt(suspect: _Suspect) -> ClusterFinding:
    return _find(suspect, f"the chart may print something else another day: it calls {_name(suspect)}")


def _find(suspect: _Suspect, what: str) -> ClusterFinding:
    return ClusterFinding(component=suspect.first.label, path=suspect.first.path, what=what, fix=_FIX)


def _name(suspect: _Suspect) -> str:
    return ", ".join(f"`{name}`" for name in suspect.functions)
