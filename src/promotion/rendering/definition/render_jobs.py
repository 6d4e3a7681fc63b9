"""From a visited component to a render job: its chart, or its files, and where they came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from promotion.common.paths import join
from promotion.common.reserved_names import KUSTOMIZATIONS
from promotion.common.text import count
from promotion.errors import DefinitionError, Location, SourceError
from promotion.rendering.definition.access_grants import judge_address
from promotion.rendering.definition.definition_reader import location
from promotion.rendering.definition.part_failures import blaming
from promotion.rendering.definition.render_plan import RenderJob
from promotion.rendering.definition.source_fetching import SourceFetcher, asked_by
from promotion.rendering.definition.source_paths import Content
from promotion.rendering.definition.spelling_remarks import Remark
from promotion.rendering.definition.tree_visit import Walk
from promotion.rendering.lock.input_digest import digest_fields
from promotion.rendering.manifests.left_out_files import find_resource, has_content, is_manifest
from promotion.rendering.manifests.manifest_file import ManifestFile
from promotion.rendering.model import Component, Folder, ResolvedChart, Snapshot
from promotion.rendering.sources.source_interface import Source

_MOST_BYTES = 100 * 2**20  # of a component's manifests: one file for git, of which GitHub takes no larger one
_NOT_MANIFESTS = ("access.yaml", "component.json", "component.yaml")
_NAMED = 20  # files of one component that are left out


def chart_job(component: Component, content: Content, chart: ResolvedChart, *, commit: str = "") -> RenderJob:
    """Return a job for Helm. `commit` is that of a chart from git."""
    return RenderJob(component=component, content=content, chart=chart, digest=chart.digest, commit=commit)


def static_job(
    component: Component, content: Content, files: Sequence[ManifestFile], *, commit: str = ""
) -> RenderJob:
    """Return a job that joins files. `commit` is that of files from git."""
    digest = digest_fields({f"{index:06}": file.data for index, file in enumerate(files)})
    return RenderJob(component=component, content=content, files=tuple(files), digest=digest, commit=commit)


def prepare_chart(
    component: Component, folder: Folder, snapshot: Snapshot, fetcher: SourceFetcher
) -> ResolvedChart:
    """Return the chart in a folder of a snapshot.

    Raises:
        DefinitionError: the folder isn't there.
        SourceError: it holds no chart, or a dependency can't be had.
    """
    with asked_by(component.label, component.definition.location):
        check_folder(component, folder, snapshot)
        return fetcher.local_chart(snapshot, folder.path, repository=location(folder).repository)


def list_remarks(tree: Walk, jobs: Sequence[RenderJob]) -> tuple[Remark, ...]:
    """Return what there is to say of a tree and its jobs, also of credentials in their charts' addresses.

    Raises:
        DefinitionError: a credential stands in a chart of another repository.
    """
    left_out = (remark for job in jobs for remark in job.remarks)
    return (*tree.remarks, *left_out, *dict.fromkeys(_judge_dependencies(jobs, tree.own)))


def _judge_dependencies(jobs: Iterable[RenderJob], own: Source | None) -> Iterator[Remark]:
    """Look for credentials in the addresses that charts' files name for their dependencies.

    Args:
        own: what the definition's own files lie in.
    """
    for job in jobs:
        folder, where = job.content, job.component.definition.location
        if isinstance(folder, Folder):
            where = location(folder, "Chart.yaml")
        for source in job.chart.dependencies if job.chart else ():
            trusted = isinstance(folder, Folder) and folder.source == own
            with blaming(job.component.part), asked_by(job.component.label):
                if remark := judge_address(source.address, where, trusted=trusted):
                    yield replace(remark, component=job.component.label)


def file_job(component: Component, source: Source, data: bytes) -> RenderJob:
    """Return the job of a source that is one file."""
    return static_job(component, source, [ManifestFile(where=Location(str(source)), data=data)])


def check_folder(component: Component, folder: Folder, snapshot: Snapshot) -> None:
    """Refuse a component whose folder of manifests, or chart, isn't there.

    Raises:
        DefinitionError
    """
    if snapshot.list(folder.path) is not None:
        return
    problem = "is a file, not a folder" if snapshot.read(folder.path) is not None else "doesn't exist"
    place = location(folder)
    raise DefinitionError(
        f"the folder {place} {problem}",
        where=component.definition.location,
        component=component.label,
        fix="Correct `path`, which starts at the component's folder, or in a repository at its root.",
    )


def read_static(component: Component, folder: Folder, snapshot: Snapshot) -> tuple[ManifestFile, ...]:
    """Return the manifests of a static component, in byte order of their names.

    Raises:
        DefinitionError: the folder isn't there, or holds another folder; hidden ones don't count.
        SourceError: a link leads out of the source, a file can't be read, or all are too large.
    """
    with asked_by(component.label, component.definition.location):
        check_folder(component, folder, snapshot)
        files: list[ManifestFile] = []
        room = _MOST_BYTES
        for file in _read_manifests(component, folder, snapshot):
            files.append(file)
            room -= len(file.data)
            if room < 0:
                raise SourceError(
                    f"the manifests in {location(folder)} have more than {_MOST_BYTES // 2**20} MiB",
                    fix="Give the component a smaller folder.",
                )
        return tuple(files)


def prepare_static(component: Component, folder: Folder, snapshot: Snapshot, *, commit: str) -> RenderJob:
    """Return the job of a static component that is a folder, with a remark on each file that is left out.

    Fabrikate takes every file (generators/static.go:24-56).

    Args:
        commit: of the folder, if it is from git.

    Raises:
        DefinitionError: as of `read_static`, or what is left out holds a resource.
        SourceError: as of `read_static`.
    """
    files = read_static(component, folder, snapshot)
    with asked_by(component.label, component.definition.location):
        remarks = list(_remark_on_others(component, folder, snapshot))
    if (more := len(remarks) - _NAMED) > 0:
        what = f"… and {count(more, 'more file')} of this folder"
        remarks = [*remarks[:_NAMED], Remark(what=what, component=component.label)]
    return replace(static_job(component, folder, files, commit=commit), remarks=tuple(remarks))


def _remark_on_others(component: Component, folder: Folder, snapshot: Snapshot) -> Iterator[Remark]:
    for entry in snapshot.list(folder.path) or ():
        where = replace(location(folder, entry.name), revision=snapshot.revision)
        is_part = _is_part(component, folder, entry.name)
        if entry.name in KUSTOMIZATIONS and not entry.is_folder:
            fate = "becomes part of the manifest, which no cluster takes then" if is_part else "is left out"
            what = f"the file {where} is for kustomize, which nothing runs here: it {fate}"
            yield Remark(what=what, where=where, component=component.label)
            continue
        if is_part or entry.is_folder or (folder == component.folder and entry.name in _NOT_MANIFESTS):
            continue
        data = snapshot.read(join(folder.path, entry.name)) or b""
        is_hidden = is_manifest(entry.name.lstrip("."))
        flaw = "begins with a dot" if is_hidden else "doesn't end in .yaml, .yml or .json"
        reason = f"its name {flaw}"
        if line := find_resource(entry.name, data):
            raise DefinitionError(
                f"the file {where} holds a resource and would be left out of the manifest, for {reason}",
                where=replace(where, line=line),
                component=component.label,
                fix="Rename the file, or move it out of the folder.",
            )
        if has_content(data):
            what = f"the file {where} is left out of the manifest: {reason}"
            yield Remark(what=what, where=where, component=component.label)


def _is_part(component: Component, folder: Folder, name: str) -> bool:
    return is_manifest(name) and not (folder == component.folder and name in _NOT_MANIFESTS)


def _read_manifests(component: Component, folder: Folder, snapshot: Snapshot) -> Iterator[ManifestFile]:
    for entry in snapshot.list(folder.path) or ():
        where = replace(location(folder, entry.name), revision=snapshot.revision)
        if entry.is_folder and not entry.name.startswith("."):
            snapshot.list(join(folder.path, entry.name))  # of a submodule it says what that is
            raise DefinitionError(
                f"the folder {where} is inside a static component's folder, where it would be left out",
                where=component.definition.location,
                component=component.label,
                fix="Move its files up, or give it a static component of its own.",
            )
        if not _is_part(component, folder, entry.name):
            continue
        data = snapshot.read(join(folder.path, entry.name))
        if data is not None:
            yield ManifestFile(where=where, data=data)
