"""Which component each file belongs to: before, by the lock, and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import join
from promotion.rendering.lock.lock import Lock, LockedComponent
from promotion.rendering.manifests.file_changes import Operations
from promotion.rendering.manifests.resource_changes import Action, FileChange, ResourceChange

Owners = tuple[LockedComponent | None, LockedComponent | None]
"""Who wrote a file before, and who writes it."""


def find_owners(folder: str, old: Lock, new: Lock) -> dict[str, Owners]:
    """Return the owners of every file that one of the locks names, by its path from the repository's root."""
    before, after = (
        {join(folder, path): part for part in lock.components.values() for path in part.files}
        for lock in (old, new)
    )
    return {path: (before.get(path), after.get(path)) for path in {**before, **after}}


def label_of(owners: Owners) -> str:
    """Return the name of the component that owns a file, or owned it last."""
    present = owners[1] or owners[0]
    return present.label if present else ""


def describe_changes(
    files: Sequence[FileChange], resources: Sequence[ResourceChange], owners: Mapping[str, Owners]
) -> tuple[ComponentChange, ...]:
    """Return what happens to the component behind each file that changes."""
    by_path: dict[str, list[ResourceChange]] = {}
    for part in resources:
        by_path.setdefault(part.path, []).append(part)
    return tuple(
        ComponentChange(
            action="removed" if file.after is None else "added" if file.before is None else "changed",
            path=file.path,
            before=owners[file.path][0],
            after=owners[file.path][1],
            resources=tuple(by_path.get(file.path, ())),
        )
        for file in files
    )


def find_foreign_edits(
    old: Mapping[str, str], operations: Operations, files: Sequence[FileChange], folder: str, lock: Lock
) -> tuple[str, ...]:
    """Return our files that aren't as we left them, among those that the commit touches."""
    ours = {join(folder, path): f"100644 {blob}" for path, blob in lock.files.items()}
    gone = [path for path in operations.writes if path in ours and path not in old]
    edited = [
        file.path for file in files if file.before is not None and old[file.path] != ours.get(file.path)
    ]
    return tuple(sorted({*gone, *(path for path in edited if path in ours)}))


@dataclass(frozen=True, kw_only=True)
class ComponentChange:
    """A component whose manifest a commit adds, changes or removes; None: it wasn't or isn't there."""

    action: Action
    path: str
    before: LockedComponent | None
    after: LockedComponent | None
    resources: tuple[ResourceChange, ...] = ()

    @property
    def label(self) -> str:
        """The name users know it by."""
        present = self.after or self.before
        return present.label if present else ""
