"""From the definition to a plan: fetch what the tree needs until nothing is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from promotion.common.addresses import without_credentials
from promotion.common.parallel import map_in_order
from promotion.rendering.definition.definition_reader import Reader
from promotion.rendering.definition.hook_stages import Workspace, resolve_with_hooks
from promotion.rendering.definition.remark_reporting import noting
from promotion.rendering.definition.render_jobs import (
    chart_job,
    file_job,
    list_remarks,
    prepare_chart,
    prepare_static,
)
from promotion.rendering.definition.render_plan import RenderJob, RenderPlan
from promotion.rendering.definition.source_fetching import WORKERS, FetchedSources, SourceFetcher
from promotion.rendering.definition.source_paths import Content
from promotion.rendering.definition.tree_visit import Visited, Walk
from promotion.rendering.definition.tree_walk import walk_tree
from promotion.rendering.lock.lock import LockedSubtree
from promotion.rendering.model import Component, Folder, ResolvedChart, Snapshot
from promotion.rendering.sources.source_interface import Source


def resolve_definition(
    root: Folder,
    snapshot: Snapshot,
    layers: Sequence[str],
    *,
    fetcher: SourceFetcher,
    environment: Mapping[str, str],
    workspace: Workspace | None = None,
    workers: int = WORKERS,
    unit: str = "",
    known: Collection[str] = (),
) -> RenderPlan:
    """Walk the tree of a definition and get everything that its manifests are made of.

    Args:
        root: the folder of the definition's component file, in its source.
        snapshot: the root's source.
        layers: the config layers (fab's environments), the most important first; `common` is added.
        environment: holds the tokens whose variables access.yaml names.
        workspace: a working copy for hooks, which are then run; None to refuse components with hooks.
        workers: how many things are done at once.
        unit: the digest of the tree as a unit.
        known: digests of units that needn't be resolved. Where hooks run, everything is.

    Raises:
        DefinitionError: the definition is malformed; the first error in tree order.
        SourceError: a source can't be had.
        RenderError: a hook failed.
    """
    gathered = FetchedSources(fetcher, environment, workers)
    gathered.fetched[root.source] = snapshot
    if workspace is not None:
        return resolve_with_hooks(root, layers, gathered, workspace)
    reader = Reader(gathered.fetched)
    tree = walk_tree(root, reader, layers, unit=unit, known=known)
    with noting(lambda: tree.remarks):
        while gathered.fetch(tree.needs):
            tree = walk_tree(root, reader, layers, unit=unit, known=known)
        jobs = tuple(_make_jobs(tree.visited, gathered))
        remarks = list_remarks(tree, jobs)
    units = _note_units(tree, jobs, root, gathered)
    return RenderPlan(root=root, tree=tree.visited, jobs=jobs, remarks=remarks, units=units, kept=tree.kept)


def _note_units(
    tree: Walk, jobs: Sequence[RenderJob], root: Folder, gathered: FetchedSources
) -> dict[str, LockedSubtree]:
    """Return the units with what their sources answered; without those whose sources can't be asked another
    time: the lock holds no credentials, and nobody could say where the token goes that a lock names.
    """
    answers: dict[str, dict[Source, str]] = {}
    for digest, unit in tree.units.items():
        source = unit.need.source if unit.need else root.source
        answers[digest] = {source: gathered.answer(source)}
    for job in jobs:
        answers[job.unit].update(job.chart.dependencies if job.chart else {})
    return {
        digest: LockedSubtree(answers=answers[digest], units=unit.units)
        for digest, unit in tree.units.items()
        if not (unit.need and unit.need.variable) and not any(map(_holds_credentials, answers[digest]))
    }


def _holds_credentials(source: Source) -> bool:
    return without_credentials(source.address) != source.address


def _make_jobs(visited: Sequence[Visited], gathered: FetchedSources) -> list[RenderJob]:
    """Return the jobs of components; each chart in a folder is prepared once, several at a time."""
    first: dict[Folder, Component] = {}
    for item in visited:
        if isinstance(item.content, Folder) and item.component.definition.type == "helm":
            first.setdefault(item.content, item.component)
    prepared = map_in_order(
        lambda pair: prepare_chart(pair[1], pair[0], gathered.fetched[pair[0].source], gathered.fetcher),
        list(first.items()),
        gathered.workers,
    )
    charts = dict(zip(first, prepared, strict=True))
    return [
        replace(_make_job(item.component, item.content, gathered, charts), unit=item.unit)
        for item in visited
        if item.content
    ]


def _make_job(
    component: Component, content: Content, gathered: FetchedSources, charts: Mapping[Folder, ResolvedChart]
) -> RenderJob:
    if not isinstance(content, Folder):
        make_job = chart_job if component.definition.type == "helm" else file_job
        return make_job(component, content, gathered.fetched[content])
    snapshot = gathered.fetched[content.source]
    if component.definition.type == "helm":
        return chart_job(component, content, charts[content], commit=snapshot.revision)
    return prepare_static(component, content, snapshot, commit=snapshot.revision)
