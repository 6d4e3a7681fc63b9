"""From a component in fab's copy to a job: what its manifest was made of, for the lock and its digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from promotion.common.yaml.composer import compose_first
from promotion.common.yaml.yaml_nodes import text_at
from promotion.errors import Location, RenderError
from promotion.rendering.definition.render_jobs import (
    chart_job,
    check_folder,
    file_job,
    read_static,
    static_job,
)
from promotion.rendering.definition.render_plan import RenderJob
from promotion.rendering.definition.source_fetching import asked_by
from promotion.rendering.definition.source_paths import Content
from promotion.rendering.definition.tree_visit import Visited
from promotion.rendering.lock.input_digest import digest_fields
from promotion.rendering.model import Folder, ResolvedChart, Snapshot
from promotion.rendering.sources.source_interface import Source


def make_jobs(
    root: Folder, visited: Sequence[Visited], snapshots: Mapping[Source, Snapshot]
) -> tuple[RenderJob, ...]:
    """Return the jobs of a tree in tree order; their charts aren't there to be rendered, but to be told
    apart.

    Links that lead out of fab's copy are an error here, before fab follows them.

    Args:
        snapshots: the sources as they lie in fab's copy.

    Raises:
        DefinitionError: a folder isn't there, or holds what a static component can't have.
        SourceError: a link leads out of its source.
        RenderError: fab fetched nothing.
    """
    jobs = []
    for item in visited:
        if item.content is not None:
            with asked_by(item.component.label, item.component.definition.location):
                jobs.append(_make_job(item, item.content, root, snapshots))
    return tuple(jobs)


def make_jobs_of(
    files: Mapping[str, bytes], root: Folder, visited: Sequence[Visited], snapshots: Mapping[Source, Snapshot]
) -> tuple[RenderJob, ...]:
    """Return the same where hooks come and go with the files, so that only what fab wrote can tell jobs
    apart.
    """
    jobs = []
    for item in visited:
        component, content = item.component, item.content
        if content is None:
            continue
        digest = digest_fields({"manifest": files.get(component.manifest_path, b"")})
        chart = None
        if not isinstance(content, Folder) and component.definition.type == "helm":
            path = item.placed_path(content)
            version = _read_version(snapshots[root.source], path)
            chart = ResolvedChart(path=Path(path), version=version, digest=digest)
        commit = ""
        if isinstance(content, Folder) and content.source != root.source:
            commit = snapshots[content.source].revision
        jobs.append(
            RenderJob(component=component, content=content, chart=chart, digest=digest, commit=commit)
        )
    return tuple(jobs)


def _make_job(
    item: Visited, content: Content, root: Folder, snapshots: Mapping[Source, Snapshot]
) -> RenderJob:
    component, everything = item.component, snapshots[root.source]
    if not isinstance(content, Folder):
        path = item.placed_path(content)
        if component.definition.type == "static":
            data = everything.read(path)
            if data is None:
                raise RenderError(f"fab fetched nothing from {content}")
            return file_job(component, content, data)
        chart = ResolvedChart(
            path=Path(path), version=_read_version(everything, path), digest=everything.digest(path)
        )
        return chart_job(component, content, chart)
    snapshot = snapshots[content.source]
    commit = snapshot.revision if content.source != root.source else ""
    if component.definition.type == "static":
        return static_job(component, content, read_static(component, content, snapshot), commit=commit)
    check_folder(component, content, snapshot)
    digest = snapshot.digest(content.path)
    if commit:  # `helm dependency update` writes the time into a clone's Chart.lock
        digest = digest_fields({"commit": commit, "path": content.path})
    chart = ResolvedChart(path=Path(content.path), version="", digest=digest)
    return chart_job(component, content, chart, commit=commit)


def _read_version(snapshot: Snapshot, path: str) -> str:
    file = f"{path}/Chart.yaml"
    return text_at(compose_first(snapshot.read(file) or b"", Location(file)), "version")
