"""The lock: what we wrote in a manifest repository, and from what.

It is the only state between runs. From it come what may be deleted (only what it names), where each manifest
came from, and what need not be fetched and rendered again. It holds no clock, no random and no run number,
so equal inputs give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.value_origins import FileOrigin
from promotion.rendering.model import Provenance, RenderedComponent
from promotion.rendering.sources.source_interface import Source

LOCK_NAME = "promotion.lock"  # no .yaml and no .json: Flux, Kustomize and Argo CD must not read it
# What a lock is worth whose checksum is wrong, as a sentence's end, and what becomes of it.
DISTRUST = (
    "has a wrong checksum: somebody edited it, or git merged it. What it says of sources and versions can't "
    "be trusted"
)
REPAIR = "The next `materialize` makes everything anew and writes it anew."


@dataclass(frozen=True, kw_only=True)
class LockedHld:
    """The cluster definition: its address without credentials, its folder, the ref asked for, the commit."""

    repository: str = ""
    path: str = ""
    ref: str = ""
    commit: str = ""


@dataclass(frozen=True, kw_only=True)
class LockedComponent:
    """One component: what we wrote for it, and where that came from.

    `files` are paths below the lock's folder with git's ids of their content. `resources` are those that they
    define. `subtree`, `input_digest`, `source_digest`, `origins` and `part` are as in `RenderedComponent`.
    """

    label: str
    kind: str = ""
    provenance: Provenance = field(default_factory=Provenance)
    input_digest: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    subtree: str = ""
    origins: tuple[FileOrigin, ...] = ()
    source_digest: str = ""
    part: str = ""

    def trace(self, hld: LockedHld) -> Provenance:
        """Return where it came from; if it lies in the definition's repository, with that one's address,
        ref and commit.
        """
        own = self.provenance
        return own if own.source else Provenance(hld.repository, hld.ref, hld.commit, own.path)


@dataclass(frozen=True, kw_only=True)
class Pin:
    """What keeps a component as a rollback left it, until what decides it changes, or somebody lifts it.

    `to` is the commit whose state was restored, `base` the one that the rollback's commit stands on.
    `held_back` is what the lock would say without the pin; None: the component wouldn't be there.
    """

    label: str
    to: str
    base: str
    held_back: LockedComponent | None = None


@dataclass(frozen=True, kw_only=True)
class HeldPart:
    """A part that stays as it was last published, for it fails, and will until somebody mends it.

    `source` is the address that it comes from, without credentials, and `revision` the one that waits there,
    as far as they are known; `since` is the first that failed. `reason` is one line without secrets. `inputs`
    is the digest of what can't be rendered, as of `component_rendering`; empty if something else is wrong. It
    only saves work, so to learn it is no reason for a commit.
    """

    reason: str
    source: str = ""
    revision: str = ""
    since: str = ""
    inputs: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class LockedSubtree:
    """A part of the tree: the sources that decided it, each with the answer that it gave, and its parts.

    An answer is a commit, a chart's version and digest, or the digest of a file. `subtrees` are digests.
    """

    answers: Mapping[Source, str] = field(default_factory=dict)
    subtrees: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The lock's content. `components` and `pins` are by output path below the lock's folder, `subtrees` by
    digest, `held` by the names of parts.

    `request` is the digest of what was asked for, and of the whole tree as a subtree; empty if nothing may be
    kept. `is_trusted`: nobody has changed it since a run wrote it, by its checksum.
    """

    environment: str = ""
    hld: LockedHld = LockedHld()
    configs: tuple[str, ...] = ()
    engine: str = ""
    helm: str = ""
    request: str = ""
    components: Mapping[str, LockedComponent] = field(default_factory=dict)
    subtrees: Mapping[str, LockedSubtree] = field(default_factory=dict)
    pins: Mapping[str, Pin] = field(default_factory=dict)
    ownership: str = ""
    held: Mapping[str, HeldPart] = field(default_factory=dict)
    is_trusted: bool = True

    @property
    def files(self) -> dict[str, str]:
        """Every file that we wrote, below the lock's folder, with git's id of its content."""
        return {path: blob for part in self.components.values() for path, blob in part.files.items()}


def find_owner_conflict(old: Lock, new: Lock) -> str:
    """Return whose manifests the old lock is about, if that isn't what the new one is about; else empty.

    Environment, HLD repository and folder tell whose manifests they are; its branch and configs may change.
    """
    if old.environment != new.environment:
        return f"environment {old.environment!r}, not {new.environment!r}"
    if (_identity(old.hld.repository), old.hld.path) != (_identity(new.hld.repository), new.hld.path):
        before, after = (f"{hld.repository} {hld.path}".strip() for hld in (old.hld, new.hld))
        return f"the definition {before}, not {after}"
    return ""


def keep_origins(old: Lock, new: Lock) -> Lock:
    """Return the new lock, with the old origins of each component that is made of the same inputs.

    So they don't depend on what of it was made anew.
    """
    held_back = {path: pin.held_back for path, pin in old.pins.items()}
    components = {
        path: keep_origin(held_back.get(path), keep_origin(old.components.get(path), part))
        for path, part in new.components.items()
    }
    return replace(new, components=components)


def keep_origin(before: LockedComponent | None, part: LockedComponent) -> LockedComponent:
    """Return a component's entry, with the origins of the one before if that is made of the same inputs."""
    is_same = before is not None and before.input_digest and before.input_digest == part.input_digest
    return replace(part, origins=before.origins) if before is not None and is_same else part


def is_alike(one: Lock, other: Lock) -> bool:
    """Return whether two runs would render the same from the same sources. A rollback wouldn't."""
    return _without_sources(one) == _without_sources(other)


def _without_sources(lock: Lock) -> Lock:
    pins = {path: replace(pin, held_back=None) for path, pin in lock.pins.items()}
    return replace(
        lock,
        hld=replace(lock.hld, commit=""),
        components={},
        subtrees={},
        pins=pins,
        held={},
        ownership="",
    )


def _identity(repository: str) -> str:
    return repository.rstrip("/").removesuffix(".git").casefold()


def lock_component(part: RenderedComponent) -> LockedComponent:
    """Return what the lock says of a rendered component."""
    return LockedComponent(
        label=part.label,
        kind=part.kind,
        provenance=part.provenance,
        input_digest=part.input_digest,
        files={part.path: blob_id(part.manifest)},
        resources=part.resources,
        subtree=part.subtree,
        origins=part.origins,
        source_digest=part.source_digest,
        part=part.part,
    )


def lock_components(components: Iterable[RenderedComponent]) -> dict[str, LockedComponent]:
    """Return what the lock says of rendered components, by output path."""
    return {part.path: lock_component(part) for part in components}
