"""From the definition to a plan: fetch what the tree needs until nothing is missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NoReturn

from promotion.common.addresses import without_credentials
from promotion.errors import PromotionError
from promotion.rendering.definition.definition_reader import Reader
from promotion.rendering.definition.hook_stages import Workspace, resolve_with_hooks
from promotion.rendering.definition.part_failures import PartFailures, repeat_for
from promotion.rendering.definition.part_room import PartRoom
from promotion.rendering.definition.part_times import ENDLESS, PartTimes, make_overdue
from promotion.rendering.definition.remark_reporting import noting
from promotion.rendering.definition.render_jobs import (
    chart_job,
    file_job,
    list_remarks,
    prepare_chart,
    prepare_static,
)
from promotion.rendering.definition.render_plan import RenderJob, RenderPlan
from promotion.rendering.definition.source_fetching import STOP, WORKERS, FetchedSources, SourceFetcher
from promotion.rendering.definition.source_paths import Content
from promotion.rendering.definition.source_rights import SourceRights
from promotion.rendering.definition.tree_visit import Visited, Walk
from promotion.rendering.definition.tree_walk import walk_tree
from promotion.rendering.lock.lock import LockedSubtree
from promotion.rendering.model import Component, Folder, ResolvedChart, Snapshot
from promotion.rendering.sources.git_source import GitSource
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
    subtree: str = "",
    known: Collection[str] = (),
    failures: PartFailures = STOP,
    times: PartTimes = ENDLESS,
    rights: SourceRights | None = None,
) -> RenderPlan:
    """Walk the tree of a definition and get everything that its manifests are made of.

    Args:
        root: the folder of the definition's component file, in its source.
        snapshot: the root's source.
        layers: the config layers (fab's environments), the most important first; `common` is added.
        environment: holds the tokens whose variables access.yaml names.
        workspace: a working copy for hooks, which are then run; None to refuse components with hooks.
        workers: how many things are done at once.
        subtree: the digest of the tree as a subtree.
        known: digests of subtrees that needn't be resolved. Where hooks run, everything is.
        failures: gets what fails in parts, and has what failed before; those parts are left out. Where hooks
            run, nothing is.
        times: what each part has.
        rights: as of `walk_tree`.

    Raises:
        DefinitionError: the definition is malformed; the first error in tree order.
        SourceError: a source can't be had.
        RenderError: a hook failed.
    """
    gathered = FetchedSources(fetcher, environment, workers, times)
    gathered.fetched[root.source] = snapshot
    if workspace is not None:
        return resolve_with_hooks(root, layers, gathered, workspace, rights)
    reader = Reader(gathered.fetched)

    def leave(part: str) -> PromotionError:
        return make_overdue("files of it are still to be read", part, times.limit)

    is_complete = False
    while not is_complete:
        try:
            held = frozenset(failures.found)
            walk = partial(
                walk_tree, root, reader, layers, subtree=subtree, known=known, held=held, rights=rights
            )
            tree = times.watch(lambda turn, walk=walk: walk(turn=turn), leave)  # type: ignore[misc]
            with noting(lambda seen=tree: seen.remarks):  # type: ignore[misc]
                has_fetched = gathered.fetch(tree.needs, failures)
                _note_origins(tree, gathered, failures)
                if has_fetched:
                    continue
                charts = _prepare_charts(tree.visited, gathered, failures)
                make = partial(_make_jobs, tree.visited, gathered, charts, failures)
                jobs = _sort_out(times.watch(make, leave), failures)
                remarks = list_remarks(tree, jobs)
                is_complete = len(failures.found) == len(held)
        except PromotionError as error:
            failures.add(error)
    return RenderPlan(
        root=root,
        tree=tree.visited,
        jobs=jobs,
        remarks=remarks,
        subtrees=_note_subtrees(tree, jobs, root, gathered),
        kept=tree.kept,
        subtree_parts=_list_subtree_parts(tree),
    )


def _list_subtree_parts(tree: Walk) -> dict[str, str]:
    """Return the part of each subtree but the root, by its digest."""
    kept = {digest: need.part for digest, need in tree.kept}
    return kept | {digest: subtree.need.part for digest, subtree in tree.subtrees.items() if subtree.need}


def _note_origins(tree: Walk, gathered: FetchedSources, failures: PartFailures) -> None:
    """Note where each part comes from, if not from the definition itself, and all repositories below it."""
    asked = [need for item in tree.visited for need in item.needs]
    for need in asked:
        if isinstance(need.source, GitSource) and not need.variable and not _holds_credentials(need.source):
            answer = gathered.answer(need.source) if need.source in gathered.fetched else ""
            failures.answers.setdefault(need.part, {})[need.source] = answer
    for need in (*asked, *(need for _, need in tree.kept)):
        if need.source == tree.own:
            continue
        if isinstance(need.source, GitSource):
            address = without_credentials(need.source.address)
            failures.repositories.setdefault(need.part, set()).add(address)
        if need.label == need.part:
            answer = gathered.answer(need.source) if need.source in gathered.fetched else ""
            failures.origins[need.part] = (without_credentials(need.source.address), answer)


def _note_subtrees(
    tree: Walk, jobs: Sequence[RenderJob], root: Folder, gathered: FetchedSources
) -> dict[str, LockedSubtree]:
    """Return the subtrees with what their sources answered; without those whose sources can't be asked
    another time: the lock holds no credentials, and nobody could say where the token goes that a lock names.
    """
    answers: dict[str, dict[Source, str]] = {}
    for digest, subtree in tree.subtrees.items():
        source = subtree.need.source if subtree.need else root.source
        answers[digest] = {source: gathered.answer(source)}
    for job in jobs:
        answers[job.subtree].update(job.chart.dependencies if job.chart else {})
    return {
        digest: LockedSubtree(answers=answers[digest], subtrees=subtree.subtrees)
        for digest, subtree in tree.subtrees.items()
        if not (subtree.need and subtree.need.variable) and not any(map(_holds_credentials, answers[digest]))
    }


def _holds_credentials(source: Source) -> bool:
    return without_credentials(source.address) != source.address


def _prepare_charts(
    visited: Sequence[Visited], gathered: FetchedSources, failures: PartFailures
) -> Mapping[Folder, ResolvedChart | PromotionError]:
    """Return the charts in folders; each is prepared once, several at a time."""
    users: dict[Folder, list[Component]] = {}
    for item in visited:
        if isinstance(item.content, Folder) and item.component.definition.type == "helm":
            users.setdefault(item.content, []).append(item.component)

    def prepare(folder: Folder) -> ResolvedChart | PromotionError:
        component, snapshot = users[folder][0], gathered.fetched[folder.source]
        return failures.attempt(
            component.part, lambda: prepare_chart(component, folder, snapshot, gathered.fetcher)
        )

    def leave(folder: Folder, _: float) -> ResolvedChart | PromotionError:
        part, limit = users[folder][0].part, gathered.times.limit
        return failures.attempt(part, lambda: _refuse(make_overdue("charts of it aren't ready", part, limit)))

    prepared = gathered.times.map(
        prepare,
        list(users),
        parts_of=lambda folder: [component.part for component in users[folder]],
        late=leave,
        workers=gathered.workers,
    )
    return dict(zip(users, prepared, strict=True))


def _refuse(error: PromotionError) -> NoReturn:
    raise error


def _make_jobs(
    visited: Sequence[Visited],
    gathered: FetchedSources,
    charts: Mapping[Folder, ResolvedChart | PromotionError],
    failures: PartFailures,
    turn: Callable[[str], object],
) -> list[RenderJob | PromotionError]:
    """Return the jobs of components, or why there is none."""
    jobs: list[RenderJob | PromotionError] = []
    room = PartRoom("what is read of its files")

    def make(component: Component, content: Content) -> RenderJob:
        room.check(component.part)
        job = _make_job(component, content, gathered, charts)
        room.take(component.part, sum(len(file.data) for file in job.files))
        return job

    for item in visited:
        if item.content:
            turn(item.component.part)
            job = failures.attempt(item.component.part, partial(make, item.component, item.content))
            jobs.append(job if isinstance(job, PromotionError) else replace(job, subtree=item.subtree))
    return jobs


def _sort_out(jobs: Sequence[RenderJob | PromotionError], failures: PartFailures) -> tuple[RenderJob, ...]:
    """Return the jobs, and note the failures."""
    for job in jobs:
        if isinstance(job, PromotionError):
            failures.add(job)
    return tuple(job for job in jobs if isinstance(job, RenderJob))


def _make_job(
    component: Component,
    content: Content,
    gathered: FetchedSources,
    charts: Mapping[Folder, ResolvedChart | PromotionError],
) -> RenderJob:
    if not isinstance(content, Folder):
        make_job = chart_job if component.definition.type == "helm" else file_job
        return make_job(component, content, gathered.fetched[content])
    snapshot = gathered.fetched[content.source]
    if component.definition.type == "helm":
        chart = charts[content]
        if isinstance(chart, PromotionError):
            raise repeat_for(chart, part=component.part, label=component.label)
        return chart_job(component, content, chart, commit=snapshot.revision)
    return prepare_static(component, content, snapshot, commit=snapshot.revision)
