"""The values that flow through a run. All frozen; nothing here has effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from promotion.common.lazy_dataclass import dataclass
from promotion.errors import DefinitionError, Location
from promotion.rendering.sources.source_interface import Source

if TYPE_CHECKING:
    from promotion.rendering.definition.spelling_remarks import Remark
    from promotion.rendering.lock.lock import LockedComponent
    from promotion.rendering.lock.value_origins import FileOrigin
    from promotion.rendering.manifests.resources import ManifestDocument


@dataclass(frozen=True)
class Entry:
    """One name in a folder of a snapshot. A link counts as what it leads to."""

    name: str
    is_folder: bool


class Snapshot(Protocol):
    """The files of one source at one revision, to be read.

    Paths are relative to the source's root, with `/`, normalised; the root is `""`.
    """

    @property
    def revision(self) -> str:
        """The commit id; empty for a folder that isn't from git."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None where there is no such file."""

    def list(self, path: str) -> Sequence[Entry] | None:
        """Return a folder's entries in byte order of their names, or None where there is no such folder."""

    def digest(self, path: str) -> str:
        """Return a digest of a file's or folder's content (names, modes and bytes)."""

    def export(self, path: str) -> Path:
        """Return the folder as real files in our scratch space.

        Exports of one source lie beside each other as they do in it, so `../` between them works.
        """


@dataclass(frozen=True)
class Folder:
    """A folder of a source: where a component's files are (Fabrikate: its physical path)."""

    source: Source
    path: str = ""

    def path_in_copy(self, *below: str) -> str:
        """Return its path, or one below it, in the working copy."""
        return "/".join(part for part in (self.source.copy, self.path, *below) if part)


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Shell commands of a component, by phase."""

    before_install: tuple[str, ...] = ()
    after_install: tuple[str, ...] = ()
    before_generate: tuple[str, ...] = ()
    after_generate: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((*self.before_install, *self.after_install, *self.before_generate, *self.after_generate))


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A component file, or one entry of its `subcomponents`, with Fabrikate's defaults applied.

    `type` is `component`, `helm` or `static`; other texts are kept for the error that names them.
    `remarks` are on its own keys; those of a component file, on the keys that the file has twice, too.
    """

    name: str = ""
    type: str = "component"
    method: str = ""
    source: str = ""
    path: str = ""
    version: str = ""
    branch: str = ""
    hooks: Hooks = Hooks()
    subcomponents: tuple[Definition, ...] = ()
    location: Location = field(default=Location("component.yaml"), compare=False)
    remarks: tuple[Remark, ...] = field(default=(), compare=False)


def error_about(definition: Definition, what: str, fix: str) -> DefinitionError:
    """Return an error at a component's place."""
    return DefinitionError(what, where=definition.location, fix=fix)


@dataclass(frozen=True, kw_only=True)
class Component:
    """One visited component with everything that decides its manifest.

    `folders` is its logical path (`()` for the root), so the manifest is `<folders>/<name>.yaml`.
    `folder` is where its relative paths start: its own, or its parent's if it is inlined.
    `values` is the merged `config`, ready for JSON. `part` is the entry of the definition's own files that
    brings it, by its label.
    """

    name: str
    folders: tuple[str, ...]
    definition: Definition
    folder: Folder
    values: Mapping[str, Any]
    namespace: str = ""
    inject_namespace: bool = False
    part: str = ""

    @property
    def label(self) -> str:
        """The name users know it by: `cloud-native/logging`."""
        if self.folders and self.folders[-1] == self.name:
            return "/".join(self.folders)
        return "/".join((*self.folders, self.name)) or "the root component"

    @property
    def manifest_path(self) -> str:
        """The path of its manifest below the output folder."""
        return "/".join((*self.folders, f"{self.name}.yaml"))


@dataclass(frozen=True, kw_only=True)
class Release:
    """What Helm needs to render one chart. `chart` is an unpacked chart folder with its dependencies; `label`
    is the name by which users know the component, `part` whose time it takes.
    """

    name: str
    namespace: str
    chart: Path
    values: Mapping[str, Any]
    label: str = ""
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What Helm makes of a release: `text` is what `helm template` prints; `left_out` are the files of the
    folders `crds/` that aren't in it, as Helm would print them.
    """

    text: str
    left_out: str = ""


@dataclass(frozen=True, kw_only=True)
class ResolvedChart:
    """A chart ready to render: an unpacked folder, the version it turned out to be, a content digest.

    `dependencies` are those that were fetched from chart repositories, each with its version and digest.
    """

    path: Path
    version: str
    digest: str
    dependencies: Mapping[Source, str] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """What it turned out to be, as the lock has it."""
        return f"{self.version} {self.digest}"


@dataclass(frozen=True)
class Provenance:
    """Where a component came from.

    `source` is an address without credentials, empty for the definition's own repository; `ref` is what was
    asked for there: a branch, a tag or a chart's version; `revision` is what that turned out to be: a commit,
    or a chart's version and digest. `path` is the folder of its chart or files in a repository.
    """

    source: str = ""
    ref: str = ""
    revision: str = ""
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class RenderedComponent:
    """A component that has a manifest, with where it came from, for the lock and the report.

    `path`: where its manifest is, below the output folder; `manifest`: the file's bytes;
    `input_digest`: covers all that can change them; `source_digest`: its sources and config, whatever tools
    made it; `subtree`: the digest of the subtree that it belongs to;
    `origins`: the files that its values, or its static manifests, are written in;
    `left_out`: what its chart's folders `crds/` hold, if that isn't part of the manifest;
    `part`: the entry of the definition's own files that brings it, empty if nobody knows.
    """

    label: str
    path: str
    kind: str
    provenance: Provenance
    input_digest: str
    manifest: bytes
    subtree: str = ""
    origins: tuple[FileOrigin, ...] = ()
    source_digest: str = ""
    left_out: bytes = field(default=b"", repr=False)
    part: str = ""

    @cached_property
    def resources(self) -> tuple[str, ...]:
        """The Kubernetes resources in the manifest, sorted, as `apps/Deployment cats/cat`."""
        from promotion.rendering.manifests.resources import name_resources

        return name_resources(self.documents)

    @cached_property
    def documents(self) -> Sequence[ManifestDocument]:
        """The documents of the manifest; whoever looks into it shares them."""
        from promotion.rendering.manifests.resources import parse_documents  # only who looks needs YAML

        return parse_documents(self.manifest)


@dataclass(frozen=True, kw_only=True)
class Manifests:
    """The components whose manifest isn't empty: those rendered, in the plan's order, and those kept.

    `bare` are those without a manifest whose charts have something in a folder `crds/`. `parts` says which
    part of the definition a path belongs to, as far as the definition was read.
    """

    rendered: list[RenderedComponent]
    kept: dict[str, LockedComponent]
    bare: Sequence[RenderedComponent] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
