"""From a visited component to a render job: its chart, or its files, and where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from promotion.core.addresses import without_credentials
from promotion.core.hld.places import Content
from promotion.core.hld.plan import Job
from promotion.core.hld.reader import location
from promotion.core.lock.digest import digest_fields
from promotion.core.manifests.manifest import ManifestFile, is_manifest
from promotion.core.model import Component, Folder, ResolvedChart, Snapshot, WebSource
from promotion.errors import DefinitionError, Location, SourceError
from promotion.steps.gather import Fetcher, asked_by

_MOST_BYTES = 100 * 2**20  # of a component's manifests: one file for git, of which GitHub takes no larger one
_NOT_MANIFESTS = ("access.yaml", "component.json", "component.yaml")


def chart_job(component: Component, content: Content, chart: ResolvedChart, *, commit: str = "") -> Job:
    """A job for Helm. `commit` is that of a chart from git."""
    return Job(component=component, content=content, chart=chart, digest=chart.digest, commit=commit)


def static_job(
    component: Component, content: Content, files: Sequence[ManifestFile], *, commit: str = ""
) -> Job:
    """A job that joins files. `commit` is that of files from git."""
    digest = digest_fields({f"{index:06}": file.data for index, file in enumerate(files)})
    return Job(component=component, content=content, files=tuple(files), digest=digest, commit=commit)


def prepare_chart(
    component: Component, folder: Folder, snapshot: Snapshot, fetcher: Fetcher
) -> ResolvedChart:
    """The chart in a folder of a snapshot.

    Raises:
        DefinitionError: the folder isn't there.
        SourceError: it holds no chart, or a dependency can't be had.
    """
    with asked_by(component.label, component.definition.location):
        check_folder(component, folder, snapshot)
        return fetcher.local_chart(snapshot, folder.path, repository=location(folder).repository)


def web_file(content: WebSource, data: bytes) -> ManifestFile:
    """The file at a web address."""
    return ManifestFile(where=Location(without_credentials(content.url)), data=data)


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
    """The manifests of a static component, in byte order of their names.

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


def _read_manifests(component: Component, folder: Folder, snapshot: Snapshot) -> Iterator[ManifestFile]:
    for entry in snapshot.list(folder.path) or ():
        where = replace(location(folder, entry.name), revision=snapshot.revision)
        if entry.is_folder and not entry.name.startswith("."):
            raise DefinitionError(
                f"the folder {where} is inside a static component's folder, where it would be left out",
                where=component.definition.location,
                component=component.label,
                fix="Move its files up, or give it a static component of its own.",
            )
        if not is_manifest(entry.name) or (folder == component.folder and entry.name in _NOT_MANIFESTS):
            continue
        data = snapshot.read("/".join(part for part in (folder.path, entry.name) if part))
        if data is not None:
            yield ManifestFile(where=where, data=data)
