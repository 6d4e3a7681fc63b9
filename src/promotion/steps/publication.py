"""A change of the manifest branch: the branch that it stands on, and what there is to tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from promotion.core.lock.lock import Lock
from promotion.core.manifests.changes import FileChange, ResourceChange, render_diff
from promotion.core.manifests.diff import Operations
from promotion.core.message import ComponentChange


class ManifestBranch(Protocol):
    """The tip of a branch, to be read, and to commit on top of."""

    @property
    def commit(self) -> str | None:
        """The tip's commit id; None if the branch doesn't exist."""

    def files(self) -> Mapping[str, str]:
        """Every path of the tip → its mode and blob id, as `100644 e69de29...`."""

    def read(self, path: str) -> bytes | None:
        """A file's content, or None where there is no such file."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get files that will be read all at once, where each would be a request of its own."""

    def write(
        self, changes: Mapping[str, bytes | None], *, message: str, author: str, email: str, timestamp: int
    ) -> str:
        """Make a commit, which nobody sees before it is pushed; None deletes. Returns its id."""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What was published, or with a dry run would be.

    `commit` is empty if none was made. `foreign_edits` are files of ours that somebody changed or
    deleted by hand; the commit overwrites them. Paths are from the repository's root.
    """

    changed: bool
    commit: str
    message: str
    operations: Operations
    components: tuple[ComponentChange, ...]
    resources: tuple[ResourceChange, ...]
    files: tuple[FileChange, ...] = field(repr=False)
    foreign_edits: tuple[str, ...]
    old_lock: Lock
    lock: Lock

    @cached_property
    def _actions(self) -> Mapping[str, str]:
        return {
            path: change.action
            for change in self.components
            for path in (change.after.files if change.after else ())
        }

    def action(self, path: str) -> str:
        """What the commit does with the component of this output path (below `manifest_path`): `added`,
        `changed`, or empty.
        """
        return self._actions.get(path, "")

    def diff(self) -> str:
        """The difference for people, without any Secret's values; cut at whole resources."""
        return render_diff(self.files)


def leave_alone(lock: Lock) -> Publication:
    """The publication of a run that has nothing to do."""
    nothing = Operations(writes={}, deletes=(), unchanged=())
    return Publication(
        changed=False,
        commit="",
        message="",
        operations=nothing,
        components=(),
        resources=(),
        files=(),
        foreign_edits=(),
        old_lock=lock,
        lock=lock,
    )
