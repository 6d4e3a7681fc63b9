"""Resolving a definition whose components have hooks, in a working copy that the hooks may change.

The order is Fabrikate's (cmd/install.go:32-61, cmd/generate.go): from the root downwards, a component's
before-install hooks, then what it fetches, then its after-install hooks; when the whole tree is installed,
again from the root downwards, its before-generate hooks, then what its manifest is made of, then its
after-generate hooks. The files that hooks make count, component and config files too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from promotion.errors import DefinitionError
from promotion.rendering.definition.definition_reader import Reader
from promotion.rendering.definition.remark_reporting import noting
from promotion.rendering.definition.render_jobs import (
    chart_job,
    file_job,
    list_remarks,
    prepare_chart,
    prepare_static,
)
from promotion.rendering.definition.render_plan import RenderJob, RenderPlan
from promotion.rendering.definition.source_fetching import FetchedSources, asked_by, plain
from promotion.rendering.definition.source_rights import SourceRights
from promotion.rendering.definition.spelling_remarks import Remark
from promotion.rendering.definition.tree_visit import Key, Need, Visited, Walk
from promotion.rendering.definition.tree_walk import walk_tree
from promotion.rendering.model import Folder, ResolvedChart, Snapshot
from promotion.rendering.sources.source_interface import Source


class Workspace(Protocol):
    """A working copy of the definition's source, of our own. Paths are from its root."""

    def open(self, path: str, *, revision: str = "") -> Snapshot:
        """Return the files as they are whenever they are read. Exports copy them at the first export."""

    def place(self, path: str, content: Path | bytes) -> None:
        """Put a copy of a folder, or a file, there, in the place of what is there."""

    def run(self, command: str, path: str, *, phase: str) -> None:
        """Run a hook in a folder; RenderError if it fails."""


def resolve_with_hooks(
    root: Folder,
    layers: Sequence[str],
    gathered: FetchedSources,
    workspace: Workspace,
    rights: SourceRights | None = None,
) -> RenderPlan:
    """Resolve as `resolve` does, running the hooks of every component."""
    stage = _Stage(root, layers, gathered, workspace, rights)
    with noting(lambda: stage.remarks):
        tree = stage.descend((), stage.install)
        replaced = [item.key for item in tree.visited if item.replaced]
        tree = stage.descend(replaced, stage.generate)
        jobs = tuple(stage.jobs[item.key] for item in tree.visited if item.key in stage.jobs)
        remarks = list_remarks(tree, jobs)
    return RenderPlan(root=root, tree=tree.visited, jobs=jobs, remarks=remarks)


class _Stage:
    def __init__(
        self,
        root: Folder,
        layers: Sequence[str],
        gathered: FetchedSources,
        workspace: Workspace,
        rights: SourceRights | None,
    ) -> None:
        self._rights = rights
        self._root, self._layers, self._gathered, self._workspace = root, layers, gathered, workspace
        self._placed: dict[str, Source] = {}
        self._snapshots: dict[Source, Snapshot] = {root.source: workspace.open("")}
        self.jobs: dict[Key, RenderJob] = {}
        self.remarks: tuple[Remark, ...] = ()

    def descend(self, done: Collection[Key], work: Callable[[Visited], None]) -> Walk:
        """Do the work for every component from the root downwards; the tree as it is at the end."""
        done = set(done)
        while True:
            # A new reader each time, for hooks may have changed what it would remember.
            tree = walk_tree(self._root, Reader(self._snapshots), self._layers, ran=done, rights=self._rights)
            self.remarks = tree.remarks
            front = [item for item in tree.visited if item.key not in done]
            if not front:
                return tree
            self._gathered.fetch([plain(need) for item in front for need in item.needs])
            for item in front:
                work(item)
                done.add(item.key)

    def install(self, item: Visited) -> None:
        """Lay out what a component fetches, between its install hooks."""
        hooks = item.component.definition.hooks
        self._run(item, hooks.before_install, "before-install")
        for need in item.needs:
            self._place(item, need)
        self._run(item, hooks.after_install, "after-install")

    def generate(self, item: Visited) -> None:
        """Take what a component's manifest is made of, between its generate hooks."""
        hooks = item.component.definition.hooks
        self._run(item, hooks.before_generate, "before-generate")
        job = self._make_job(item)
        if job is not None:
            self.jobs[item.key] = job
        self._run(item, hooks.after_generate, "after-generate")

    def _run(self, item: Visited, commands: Sequence[str], phase: str) -> None:
        component = item.component
        for command in commands:
            if command:
                with asked_by(component.label, component.definition.location):
                    self._workspace.run(command, component.folder.path_in_copy(), phase=phase)

    def _place(self, item: Visited, need: Need) -> None:
        source = plain(need).source
        path = item.placed_path(need.source)
        if self._placed.setdefault(path, source) != source:
            shown = [str(each) for each in (self._placed[path], source)]
            raise DefinitionError(
                f"two sources, {shown[0]} and {shown[1]}, would be laid out in {path} for the hooks",
                where=need.where,
                component=need.label,
                fix="Give one of the two another name.",
            )
        if need.source in self._snapshots:
            return  # a second component in the same folder; hooks may have changed the copy
        match self._gathered.fetched[source]:
            case bytes() as data:
                self._workspace.place(path, data)
            case ResolvedChart(path=chart):
                self._workspace.place(path, chart)
            case snapshot:
                self._workspace.place(path, snapshot.export(""))
                self._snapshots[need.source] = self._workspace.open(path, revision=snapshot.revision)

    def _make_job(self, item: Visited) -> RenderJob | None:
        component, content = item.component, item.content
        if content is None:
            return None
        if not isinstance(content, Folder):
            fetched, everything = self._gathered.fetched[content], self._workspace.open("")
            path = item.placed_path(content)
            if component.definition.type == "static":
                data = everything.read(path)
                return file_job(component, content, fetched if data is None else data)
            folder = Folder(self._root.source, path)
            chart = prepare_chart(component, folder, everything, self._gathered.fetcher)
            return chart_job(component, content, replace(chart, version=fetched.version))
        commit = self._snapshots[content.source].revision
        snapshot = self._workspace.open(content.source.copy)
        if component.definition.type == "static":
            return prepare_static(component, content, snapshot, commit=commit)
        chart = prepare_chart(component, content, snapshot, self._gathered.fetcher)
        return chart_job(component, content, chart, commit=commit)
