"""A manifest repository to be read: its branches as they are, and as they were."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from promotion.core.history import History, PastCommit
from promotion.core.lock.lock import LOCK_NAME, Lock
from promotion.core.lock.lock_file import parse_lock
from promotion.core.nearest import advise_branch, describe_branches
from promotion.core.paths import join
from promotion.core.phrases import say
from promotion.core.text import line
from promotion.errors import Location, PromotionError, PublishError

DEPTH = 2000  # commits; of an older one nothing is told


class Past(Protocol):
    """The history of a branch."""

    @property
    def history(self) -> History:
        """Its commits."""

    def changes(self, commit: str) -> Collection[str]:
        """The paths of the files that a commit changes."""


class Tree(Protocol):
    """The files of one commit."""

    def files(self) -> Mapping[str, str]:
        """Every path → its mode and blob id."""

    def read(self, path: str) -> bytes | None:
        """A file's content, or None where there is no such file."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get files that will be read all at once."""


class Manifests(Protocol):
    """The manifest repository."""

    @property
    def address(self) -> str:
        """Its address without credentials."""

    def list_branches(self) -> Sequence[str]:
        """The names of all its branches."""

    def open_history(self, branch: str) -> Past:
        """The latest commits of a branch; none if there is no such branch."""

    def open_commit(self, branch: str, commit: str) -> Tree:
        """The branch's files at a commit of its history."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A branch with what we wrote in a folder of it."""

    past: Past
    tree: Tree
    lock: Lock

    @property
    def commit(self) -> str:
        """The branch's tip."""
        return self.past.history.tip


def open_environment(manifests: Manifests, branch: str, folder: str) -> Opened | None:
    """As `open_tip`, of a branch that may not be there."""
    return open_tip(manifests, manifests.open_history(branch), branch, folder)


def open_tip(manifests: Manifests, past: Past, branch: str, folder: str) -> Opened | None:
    """What a branch has, read whole; None if there is no such branch, or nothing of ours.

    Args:
        past: the branch's history.
        folder: the normalised `manifest-path`.

    Raises:
        PromotionError: it can't be read, or its lock is damaged.
    """
    if not past.history.tip:
        return None
    tree = manifests.open_commit(branch, past.history.tip)
    path = join(folder, LOCK_NAME)
    data = tree.read(path)
    if data is None:
        return None
    where = Location(path, repository=manifests.address)
    return Opened(past=past, tree=tree, lock=parse_lock(data, where))


def commits_of(past: Past, path: str) -> Iterator[PastCommit]:
    """The commits that changed a file, the newest first."""
    return (commit for commit in past.history.line if path in past.changes(commit.id))


def is_whole(history: History) -> bool:
    """Whether the history goes back to the branch's first commit."""
    return not history.line or not history.line[-1].parents


def nothing_there(manifests: Manifests, branch: str, folder: str) -> PromotionError:
    """The error for a branch without manifests of ours."""
    branches = manifests.list_branches()
    if branch not in branches:
        return no_branch(manifests.address, branch, branches)
    place = f"{folder} of " if folder else ""
    return PromotionError(
        f"there is no {LOCK_NAME} in {place}branch {branch!r} of {manifests.address}",
        fix=say("Check {environment}, {manifest-repository}, {manifest-branch} and {manifest-path}."),
    )


def no_branch(address: str, branch: str, branches: Sequence[str]) -> PublishError:
    """The error for a manifest branch that isn't there.

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
