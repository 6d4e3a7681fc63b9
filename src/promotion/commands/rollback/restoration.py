"""Restore an earlier state of our files, as files and as a lock with pins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from promotion.commands.rollback.inputs import ALL
from promotion.common.git_ids import abbreviate
from promotion.common.paths import join
from promotion.common.text import line, list_some
from promotion.errors import PublishError, UsageError
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import Lock, LockedComponent, Pin
from promotion.rendering.manifests.resources import list_resources

_FILES = ("100644", "100755")
_SHOWN = 20  # names in an error


@dataclass(frozen=True, kw_only=True)
class RestoredState:
    """A state of the manifest branch: its commit, the lock there, and every path with its mode and blob id.

    `folder` is the normalised `manifest-path`.
    """

    commit: str
    lock: Lock
    tree: Mapping[str, str] = field(repr=False)
    folder: str

    def blob(self, path: str) -> str:
        """Return git's id of a component's manifest; empty if it isn't ours or doesn't exist.

        Args:
            path: below the lock's folder.
        """
        if path not in self.lock.components:
            return ""
        mode, _, blob = self.tree.get(join(self.folder, path), "").partition(" ")
        return blob if mode in _FILES else ""


def choose_paths(now: RestoredState, then: RestoredState, names: Collection[str]) -> tuple[str, ...]:
    """Return the output paths of the components that differ from then.

    Args:
        names: labels or output paths of the components that are meant; none for all.

    Raises:
        UsageError: no component of either state has such a name.
        PublishError: one of the locks can't be what we wrote.
    """
    known = {**_labels(then), **_labels(now)}
    wanted = _select(known, names) if names else known.keys()
    return tuple(sorted(path for path in wanted if now.blob(path) != then.blob(path)))


def restore(now: RestoredState, then: RestoredState, manifests: Mapping[str, bytes | None]) -> Lock:
    """Return the lock after restoring some components, with their pins.

    What is then just what the sources give needs no pin.

    Args:
        manifests: the content by output path as it was then; None where there was none.

    Raises:
        PublishError: a file that isn't ours is in the way.
    """
    components, pins = dict(now.lock.components), dict(now.lock.pins)
    for path, content in manifests.items():
        if content is not None and path not in now.lock.components and join(now.folder, path) in now.tree:
            raise PublishError(
                f"{join(now.folder, path)} is in the manifest repository, in our way, and not written by us",
                fix="Move or delete it there.",
            )
        old = pins.pop(path, None)
        due = old.held_back if old else components.get(path)
        components.pop(path, None)
        part = None if content is None else _describe(then.lock.components[path], path, content)
        is_due = (part and part.files) == (due and due.files)
        if part:
            components[path] = due if due and is_due else part
        if not is_due:
            label = (part or due or LockedComponent(label=path)).label
            pins[path] = Pin(label=label, to=then.commit, base=now.commit, held_back=due)
    return replace(now.lock, components=components, pins=pins)


def lift(lock: Lock, names: Collection[str]) -> Lock:
    """Return the lock without some pins, so that the next run renders those components again.

    Args:
        names: labels or output paths; `all` for all.

    Raises:
        UsageError: one of them isn't pinned.
    """
    labels = {path: pin.label for path, pin in lock.pins.items()}
    if ALL not in names:
        _check_pinned(lock, labels, names)
    lifted = set(labels) if ALL in names else _select(labels, names)
    components, subtrees = dict(lock.components), dict(lock.subtrees)
    for path in lifted:
        if path in components:
            components[path] = replace(components[path], input_digest="", subtree="")
        held_back = lock.pins[path].held_back
        if held_back:
            subtrees.pop(held_back.subtree, None)  # else it would be kept without this component, or as it is
    pins = {path: pin for path, pin in lock.pins.items() if path not in lifted}
    return replace(lock, components=components, subtrees=subtrees, pins=pins)


def _check_pinned(lock: Lock, pinned: Mapping[str, str], names: Iterable[str]) -> None:
    """Refuse names of components that aren't pinned, and an empty list."""
    known = {path: part.label for path, part in lock.components.items()} | dict(pinned)
    shown = _list(pinned.values())
    for name in names:
        _select(known, [name])
        if not any(name in (label, path) for path, label in pinned.items()):
            fix = f"Pinned are {shown}." if shown else "No component is pinned."
            raise UsageError(f"{name!r} isn't pinned", fix=fix)


def _labels(state: RestoredState) -> dict[str, str]:
    for path, part in state.lock.components.items():
        if part.files.keys() != {path}:
            raise PublishError(
                f"the lock file at {abbreviate(state.commit)} is damaged: {path!r} is about other files",
                fix="Choose another commit, or repair it.",
            )
    pinned = {path: pin.label for path, pin in state.lock.pins.items()}
    return {**pinned, **{path: part.label for path, part in state.lock.components.items()}}


def _select(labels: Mapping[str, str], names: Iterable[str]) -> set[str]:
    """Return the paths of the named components."""
    found: set[str] = set()
    for name in names:
        paths = {path for path, label in labels.items() if name in (label, path)}
        if not paths:
            known = _list(labels.values())
            fix = f"Known are {known}." if known else "There are no components."
            raise UsageError(f"there is no component {name!r}", fix=fix)
        found |= paths
    return found


def _list(labels: Iterable[str]) -> str:
    """Return names for people; of many only some."""
    return list_some([line(label) for label in sorted(set(labels))], _SHOWN)


def _describe(part: LockedComponent, path: str, content: bytes) -> LockedComponent:
    return replace(part, files={path: blob_id(content)}, resources=list_resources(content))
