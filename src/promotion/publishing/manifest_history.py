"""Read a manifest repository: its branches as they are, and as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Protocol

from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.common.lazy_dataclass import dataclass
from promotion.common.nearest_names import advise_branch, describe_branches
from promotion.common.phrases import say
from promotion.common.text import line
from promotion.errors import PromotionError, PublishError
from promotion.rendering.lock.lock import LOCK_NAME, Lock, LockedHld
from promotion.rendering.lock.lock_file import locate_lock, read_lock
from promotion.rendering.manifest_branch import BranchTree

DEPTH = 2000  # commits; of an older one nothing is told


class Manifests(Protocol):
    """The manifest repository."""

    @property
    def address(self) -> str:
        """Its address without credentials."""

    def list_branches(self) -> Sequence[str]:
        """Return the names of all its branches."""

    def open_history(self, branch: str) -> CommitHistory:
        """Return the latest commits of a branch; none if there is no such branch."""

    def open_commit(self, branch: str, commit: str) -> BranchTree:
        """Return the branch's files at a commit of its history."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentState:
    """A branch with our files in one of its folders, the normalised `manifest-path`."""

    branch: str
    folder: str
    history: CommitHistory
    tree: BranchTree
    lock: Lock

    @property
    def commit(self) -> str:
        """The branch's tip."""
        return self.history.tip


def open_environment(
    manifests: Manifests, history: CommitHistory, branch: str, folder: str
) -> EnvironmentState | None:
    """Return the complete state of a branch; None if it doesn't exist, or has nothing of ours.

    Args:
        history: that of the branch.
        folder: the normalised `manifest-path`.

    Raises:
        PromotionError: it can't be read, or its lock is damaged.
    """
    if not history.tip:
        return None
    tree = manifests.open_commit(branch, history.tip)
    lock = read_lock(tree.read, locate_lock(folder, manifests.address))
    if lock is None:
        return None
    return EnvironmentState(branch=branch, folder=folder, history=history, tree=tree, lock=lock)


def find_restored(manifests: Manifests, opened: EnvironmentState) -> dict[str, LockedHld]:
    """Return by output path at which commit of the definition a restored component was rendered.

    The lock of the state that was restored tells. Where there is none to go by, no commit is named.
    """
    read = cache(partial(_read_past_lock, manifests, opened))
    unknown = replace(opened.lock.hld, commit="")
    return {path: _find_restored(path, opened.lock, read) or unknown for path in opened.lock.pins}


def _find_restored(path: str, lock: Lock, read: Callable[[str], Lock | None]) -> LockedHld | None:
    seen = set[str]()
    while pin := lock.pins.get(path):  # what was restored may have been held by a rollback itself
        found = read(pin.to) if pin.to not in seen else None
        if found is None:
            return None
        seen.add(pin.to)
        lock = found
    return lock.hld if path in lock.components else None


def _read_past_lock(manifests: Manifests, opened: EnvironmentState, commit: str) -> Lock | None:
    """Return the lock of an earlier state; None if there is none that can be trusted."""
    if commit not in opened.history.commits:
        return None
    tree = manifests.open_commit(opened.branch, commit)
    try:
        lock = read_lock(tree.read, locate_lock(opened.folder, manifests.address))
    except PublishError:
        return None
    return lock if lock and lock.is_trusted else None


def commits_of(history: CommitHistory, path: str) -> Iterator[PastCommit]:
    """Yield the commits that changed a file, newest first."""
    return (commit for commit in history.line if path in history.changes(commit.id))


def is_whole(history: CommitHistory) -> bool:
    """Return whether the history reaches the branch's first commit."""
    return not history.line or not history.line[-1].parents


def nothing_there(manifests: Manifests, branch: str, folder: str) -> PromotionError:
    """Return the error for a branch without manifests of ours."""
    branches = manifests.list_branches()
    if branch not in branches:
        return no_branch(manifests.address, branch, branches)
    place = f"{folder} of " if folder else ""
    return PromotionError(
        f"there is no {LOCK_NAME} in {place}branch {branch!r} of {manifests.address}",
        fix=say("Check {environment}, {manifest-repository}, {manifest-branch} and {manifest-path}."),
    )


def no_branch(address: str, branch: str, branches: Sequence[str]) -> PublishError:
    """Return the error for a missing manifest branch.

    Args:
        branches: those that are.
    """
    fix = say(
        "Check {environment}, {manifest-branch} and {manifest-repository}; the environment's first "
        "`materialize` makes the branch."
    )
    near = advise_branch(branch, branches) if branches else ""
    return PublishError(
        f"{address} has no branch {line(branch)!r}; {describe_branches(branches)}",
        fix=say("{} {}", near, fix) if near else fix,
    )
