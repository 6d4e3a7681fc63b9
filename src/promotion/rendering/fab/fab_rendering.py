"""Real fab as the engine: checked before it runs, its output cleaned and told apart by component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from promotion.common.phrases import say
from promotion.common.reserved_names import find_caution
from promotion.errors import RenderError
from promotion.rendering.component_rendering import describe
from promotion.rendering.definition.access_grants import judge_address
from promotion.rendering.definition.render_plan import RenderJob
from promotion.rendering.definition.source_fetching import FetchedSources, SourceFetcher
from promotion.rendering.definition.tree_visit import Need, Visited
from promotion.rendering.fab.clone_layout import Authorized, Pinned
from promotion.rendering.fab.definition_survey import explore, survey
from promotion.rendering.fab.fab_jobs import make_jobs, make_jobs_of
from promotion.rendering.fab.fab_limitations import check_names, read_arguments
from promotion.rendering.fab.fab_output import check_manifest, clean_manifest
from promotion.rendering.lock.input_digest import digest_inputs
from promotion.rendering.manifests.file_claims import check_collisions, claim
from promotion.rendering.model import Folder, RenderedComponent, Snapshot
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source


class FabCopy(Protocol):
    """A copy of the definition's source in which fab works. Paths are from its root."""

    def install(self, path: str) -> None:
        """Run `fab install` in a folder; raise RenderError if it fails."""

    def generate(self, path: str, arguments: Sequence[str]) -> Mapping[str, bytes]:
        """Run `fab generate` there; return every file that it wrote. Raise RenderError if it fails."""

    def open(self, path: str) -> Snapshot:
        """Return the files of a folder as they are whenever they are read; its revision is that of fab's
        clone.
        """


class Fab(Protocol):
    """Runs the real fab."""

    @property
    def version(self) -> str:
        """Which fab it is, for the lock."""

    def warn(self, text: str) -> None:
        """Tell of something to look at."""

    def open_copy(
        self, source: Snapshot, path: str, sources: Pinned | Authorized, places: Iterable[str]
    ) -> FabCopy:
        """Return a copy of a source without `places`, for a fab in its folder `path` that finds `sources`."""


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What fab made: every file below its output folder as it wrote it, the tree, and its jobs."""

    files: Mapping[str, bytes]
    visited: tuple[Visited, ...]
    jobs: tuple[RenderJob, ...]


def render_with_fab(
    root: Folder,
    snapshot: Snapshot,
    layers: Sequence[str],
    fab: Fab,
    *,
    fetcher: SourceFetcher,
    environment: Mapping[str, str],
    hooks_allowed: bool,
    workers: int,
    engine: str = "",
    helm: str = "",
) -> list[RenderedComponent]:
    """Make the manifests of a definition with `fab install` and `fab generate`.

    Args:
        root: the folder of the definition's component file, in its source.
        snapshot: the root's source.
        layers: the config layers (fab's environments), the most important first.
        environment: holds the tokens whose variables access.yaml names.
        workers: how many sources are fetched at once.
        engine, helm: versions, for the digests.

    Returns:
        The components whose manifest isn't empty, in tree order.

    Raises:
        UsageError: fab can't be asked for these configs.
        DefinitionError: the definition is malformed, or fab would get it wrong.
        SourceError: a source can't be had.
        RenderError: fab failed, or wrote what is no manifest.
    """
    made = generate(
        root,
        snapshot,
        layers,
        fab,
        gathered=FetchedSources(fetcher, environment, workers),
        environment=environment,
        hooks_allowed=hooks_allowed,
    )
    _warn_of_credentials(made.visited, root, fab)
    _check_files(made)
    rendered = []
    for job in made.jobs:
        manifest = _read_manifest(job, made.files, fab)
        digest = digest_inputs(job.component, content=job.digest, engine=engine, helm=helm, options=())
        if manifest and (caution := find_caution(job.component.manifest_path)):
            fab.warn(f"component {job.component.label}: its manifest {job.component.manifest_path} {caution}")
        if manifest:
            rendered.append(describe(job, root.source, manifest, digest))
    return rendered


def generate(
    root: Folder,
    snapshot: Snapshot,
    layers: Sequence[str],
    fab: Fab,
    *,
    gathered: FetchedSources,
    environment: Mapping[str, str],
    hooks_allowed: bool,
    tolerant: bool = False,
) -> Generated:
    """Run fab in a copy; arguments and errors as of `render_with_fab`.

    Args:
        tolerant: whether only what is unsafe is refused.
    """
    arguments = read_arguments(layers)
    gathered.fetched[root.source] = snapshot
    found = survey(root, arguments, gathered, environment, hooks_allowed=hooks_allowed, tolerant=tolerant)
    copy = fab.open_copy(snapshot, root.path, found.sources, found.places)
    copy.install(root.path)
    laid_out = _look(root, arguments, copy)
    is_final = isinstance(found.sources, Pinned)  # else hooks may still change it
    if isinstance(found.sources, Pinned):
        _check_commits(laid_out, found.sources)
    else:
        check_names(laid_out.visited)
    if not tolerant:
        check_collisions(claim(item) for item in laid_out.visited if not item.replaced)
    jobs = make_jobs(root, laid_out.visited, laid_out.snapshots) if is_final and not tolerant else ()
    files = copy.generate(root.path, arguments)
    if not is_final:
        laid_out = _look(root, arguments, copy)
        jobs = () if tolerant else make_jobs_of(files, root, laid_out.visited, laid_out.snapshots)
    return Generated(files=files, visited=laid_out.visited, jobs=jobs)


@dataclass(frozen=True)
class _LaidOut:
    """The tree in fab's copy, with the sources as they lie there."""

    visited: tuple[Visited, ...]
    snapshots: Mapping[Source, Snapshot]


def _look(root: Folder, layers: Sequence[str], copy: FabCopy) -> _LaidOut:
    snapshots: dict[Source, Snapshot] = {root.source: copy.open("")}

    def open_clones(needs: Sequence[Need]) -> None:
        for need in needs:
            if isinstance(need.source, GitSource):
                snapshots[need.source] = copy.open(need.source.copy)

    return _LaidOut(explore(root, layers, snapshots, open_clones, through_hooks=True), snapshots)


def _check_commits(laid_out: _LaidOut, pinned: Pinned) -> None:
    """Check that every clone is at the commit that was checked."""
    for source, snapshot in laid_out.snapshots.items():
        wanted = pinned.snapshots.get(replace(source, copy="")) if isinstance(source, GitSource) else None
        if wanted is not None and snapshot.revision != wanted.revision:
            raise RenderError(
                f"fab's clone of {source} is at {snapshot.revision or 'no commit'}, not at {wanted.revision}",
                fix=say("Run it again; if that doesn't help, use {engine: native}."),
            )


def _warn_of_credentials(visited: Iterable[Visited], root: Folder, fab: Fab) -> None:
    """Tell of credentials in the definition's own files; in those of others the walk has refused them."""
    told: set[str] = set()
    for item in visited:
        definition = item.component.definition
        for named in (
            (definition, *definition.subcomponents) if item.component.folder.source == root.source else ()
        ):
            remark = judge_address(named.source, named.location, trusted=True)
            if remark and (text := f"{remark.where}: {replace(remark, component=named.name)}") not in told:
                told.add(text)
                fab.warn(text)


def _check_files(made: Generated) -> None:
    """Check that every file belongs to a component, and every component with content has its file."""
    known = {item.component.manifest_path for item in made.visited if not item.replaced}
    strange = sorted(path for path, data in made.files.items() if data and path not in known)
    if strange:
        raise RenderError(f"fab wrote {strange[0]}, which belongs to no component of the definition")
    for job in made.jobs:
        if job.component.manifest_path not in made.files:
            raise RenderError(
                f"fab wrote no {job.component.manifest_path}",
                component=job.component.label,
                fix=say("Run it again, or use {engine: native}."),
            )


def _read_manifest(job: RenderJob, files: Mapping[str, bytes], fab: Fab) -> bytes:
    """Return a component's manifest, without Helm's messages; empty for a file without content (bug 2)."""
    component = job.component
    manifest = files[component.manifest_path]
    if component.definition.type == "helm":
        cleaned = clean_manifest(manifest)
        manifest = cleaned.manifest
        for message in cleaned.messages:
            fab.warn(f"{component.label}: taken out of the manifest (bug 3): {message}")
    check_manifest(manifest, component.manifest_path, component.label)
    return manifest if manifest.strip() else b""
