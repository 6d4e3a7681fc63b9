"""From the definition to a plan: fetch what the tree needs until nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promotion.core.model import ChartSource, Component, Folder, ResolvedChart, Snapshot, WebSource
from promotion.core.places import Content
from promotion.core.plan import Job, Plan
from promotion.core.reader import Reader
from promotion.core.tree import walk
from promotion.core.visited import Visited
from promotion.steps.gather import Fetcher, Gathered
from promotion.steps.jobs import chart_job, prepare_chart, read_static, static_job, web_file
from promotion.steps.parallel import map_in_order
from promotion.steps.stage import Workspace, resolve_staged

WORKERS = 16


def resolve(
    root: Folder,
    snapshot: Snapshot,
    layers: Sequence[str],
    *,
    fetcher: Fetcher,
    environment: Mapping[str, str],
    workspace: Workspace | None = None,
    workers: int = WORKERS,
) -> Plan:
    """Walk the tree of a definition and get everything that its manifests are made of.

    Args:
        root: the folder of the definition's component file, in its source.
        snapshot: the root's source.
        layers: the config layers (fab's environments), the most important first; `common` is added.
        environment: holds the tokens whose variables access.yaml names.
        workspace: a working copy for hooks, which are then run; None to refuse components with hooks.
        workers: how many things are done at once.

    Raises:
        DefinitionError: the definition is malformed; the first error in tree order.
        SourceError: a source can't be had.
        RenderError: a hook failed.
    """
    gathered = Gathered(fetcher, environment, workers)
    gathered.snapshots[root.source] = snapshot
    if workspace is not None:
        return resolve_staged(root, layers, gathered, workspace)
    reader = Reader(gathered.snapshots)
    tree = walk(root, reader, layers)
    while gathered.fetch(tree.needs):
        tree = walk(root, reader, layers)
    jobs = tuple(_make_jobs(tree.visited, gathered))
    return Plan(root=root, tree=tree.visited, jobs=jobs, remarks=tree.remarks)


def _make_jobs(visited: Sequence[Visited], gathered: Gathered) -> list[Job]:
    """Charts in folders take long, for they may have dependencies: each once, several at a time."""
    first: dict[Folder, Component] = {}
    for item in visited:
        if isinstance(item.content, Folder) and item.component.definition.type == "helm":
            first.setdefault(item.content, item.component)
    prepared = map_in_order(
        lambda pair: prepare_chart(pair[1], pair[0], gathered.snapshots[pair[0].source], gathered.fetcher),
        list(first.items()),
        gathered.workers,
    )
    charts = dict(zip(first, prepared, strict=True))
    return [_make_job(item.component, item.content, gathered, charts) for item in visited if item.content]


def _make_job(
    component: Component, content: Content, gathered: Gathered, charts: Mapping[Folder, ResolvedChart]
) -> Job:
    match content:
        case ChartSource():
            return chart_job(component, content, gathered.charts[content])
        case WebSource():
            return static_job(component, content, [web_file(content, gathered.files[content])])
    snapshot = gathered.snapshots[content.source]
    if component.definition.type == "helm":
        return chart_job(component, content, charts[content], commit=snapshot.revision)
    return static_job(component, content, read_static(component, content, snapshot), commit=snapshot.revision)
