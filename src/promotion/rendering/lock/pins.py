"""Hold what is pinned while everything else is brought up to date, and tell what is pinned.

A pin notes what the lock would say of its component without it. So a run goes by the lock as if there were
no pins: what it keeps, fetches and renders is the same. Then each pinned component gets its old place back,
unless what decides it has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.common.git_ids import abbreviate
from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import join
from promotion.common.text import line
from promotion.rendering.lock.lock import Lock, LockedComponent, keep_origin
from promotion.rendering.model import Provenance, RenderedComponent


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is left to write, and the lock for it."""

    rendered: tuple[RenderedComponent, ...]
    lock: Lock


def forget_pins(lock: Lock) -> Lock:
    """Return the lock as it would be without its pins."""
    components = {path: part for path, part in lock.components.items() if path not in lock.pins}
    components |= {path: pin.held_back for path, pin in lock.pins.items() if pin.held_back}
    return replace(lock, components=components, pins={})


def forget_pinned_files(tree: Mapping[str, str], lock: Lock, folder: str) -> dict[str, str]:
    """Return the tree as it would be without the lock's pins.

    Args:
        tree: every path of the branch's tip → its mode and blob id.
        folder: the normalised `manifest-path`.
    """
    files = dict(tree)
    for path, pin in lock.pins.items():
        files.pop(join(folder, path), None)
        if pin.held_back and path in pin.held_back.files:
            files[join(folder, path)] = f"100644 {pin.held_back.files[path]}"
    return files


def tells_more(new: Lock, old: Lock) -> bool:
    """Return whether the new lock says what a component was made from, and the old one doesn't.

    An edited lock doesn't, nor one of an older format, nor one whose pins were lifted. Until it is written
    anew, each run makes those components anew.
    """
    before, after = forget_pins(old).components, forget_pins(new).components
    return any(
        part.input_digest and path in before and not before[path].input_digest for path, part in after.items()
    )


def hold(lock: Lock, rendered: Iterable[RenderedComponent], old: Lock) -> Held:
    """Leave pinned components as they are, with their entries in the lock.

    Args:
        lock: what was made as if there were no pins.
        rendered: those of its components that were made anew.
        old: the lock in the branch.
    """
    rendered = tuple(rendered)
    anew = {part.path for part in rendered}
    components, pins = dict(lock.components), {}
    for path, pin in old.pins.items():
        found = components.get(path)
        if _has_moved(pin.held_back, found, is_anew=path in anew):
            continue
        pins[path] = replace(pin, held_back=found and keep_origin(pin.held_back, found))
        components.pop(path, None)
        if path in old.components:
            components[path] = old.components[path]
    return Held(
        rendered=tuple(part for part in rendered if part.path not in pins),
        lock=replace(lock, components=components, pins=pins),
    )


def _has_moved(before: LockedComponent | None, after: LockedComponent | None, *, is_anew: bool) -> bool:
    """Return whether what decides a component has changed; another version of a tool decides nothing."""
    if before is None or after is None:
        return before is not after
    if not is_anew:
        return False
    if before.source_digest:
        return before.source_digest != after.source_digest
    # A lock of an older format told nothing else.
    return (before.kind, _without_path(before)) != (after.kind, _without_path(after))


def _without_path(part: LockedComponent) -> Provenance:
    return replace(part.provenance, path="")


@dataclass(frozen=True, kw_only=True)
class PinnedComponent:
    """A component that a rollback holds.

    `path` is that of its manifest below the lock's folder; `part` is what the lock says of it, None if it
    isn't there; `held_back` what it would say without the pin. `to` is the id of the commit whose state it
    has, `since` the commit of the rollback; None where the history doesn't have it.
    """

    label: str
    path: str
    part: LockedComponent | None
    held_back: LockedComponent | None
    to: str
    since: PastCommit | None = None


def list_pinned(lock: Lock, history: CommitHistory | None = None) -> tuple[PinnedComponent, ...]:
    """Return the components of a lock that a rollback holds, in order of their paths.

    Args:
        history: of the branch that the lock lies in, for the commits; the lock itself holds no times.
    """
    history = history or CommitHistory()
    children = {commit.parents[0]: commit for commit in reversed(history.line) if commit.parents}
    return tuple(
        PinnedComponent(
            label=pin.label,
            path=path,
            part=lock.components.get(path),
            held_back=pin.held_back,
            to=pin.to,
            since=children.get(pin.base),
        )
        for path, pin in sorted(lock.pins.items())
    )


def list_labels(lock: Lock) -> tuple[str, ...]:
    """Return the labels of what is pinned."""
    return tuple(pin.label for _, pin in sorted(lock.pins.items()))


def list_lifted(before: Lock, after: Lock) -> tuple[str, ...]:
    """Return the labels of what isn't pinned any more."""
    return tuple(pin.label for path, pin in sorted(before.pins.items()) if path not in after.pins)


def describe_pins(lock: Lock) -> tuple[str, ...]:
    """Return a sentence on each component that is pinned."""
    return tuple(_describe(pinned) for pinned in list_pinned(lock))


def _describe(pinned: PinnedComponent) -> str:
    to = abbreviate(line(pinned.to))
    state = f"as it was at {to}" if pinned.part else f"absent, as it was at {to}"
    return (
        f"{line(pinned.label)} is pinned by a rollback: it stays {state} until its source or config changes, "
        "or the pin is lifted"
    )
