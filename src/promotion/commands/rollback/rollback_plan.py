"""The change that a rollback would commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from promotion.commands.rollback.inputs import RollbackRequest
from promotion.commands.rollback.restoration import RestoredState, choose_paths
from promotion.commands.rollback.restoration import lift as lift_pins
from promotion.commands.rollback.restoration import restore as restore_lock
from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.common.event import Event
from promotion.common.git_ids import abbreviate
from promotion.common.paths import join, normalise_folder
from promotion.common.phrases import say
from promotion.errors import Location, PublishError
from promotion.publishing.commit_message import build_message, list_names
from promotion.publishing.manifest_change import ManifestChange, plan_change
from promotion.publishing.manifest_history import no_branch
from promotion.publishing.publishing_tools import BranchTools
from promotion.rendering.lock.lock import DISTRUST, REPAIR, LockedHld, find_owner_conflict
from promotion.rendering.lock.lock_file import locate_lock, read_lock
from promotion.rendering.lock.pins import list_labels, list_lifted
from promotion.rendering.manifest_branch import BranchTree
from promotion.rendering.manifests.file_owners import ComponentChange


@dataclass(frozen=True)
class RollbackPlanner:
    """Plans changes that have no commit yet."""

    request: RollbackRequest
    tools: RollbackTools

    def restore(self, branch: BranchTree, now: RestoredState, target: PastCommit) -> ManifestChange:
        """Return the change that restores the state at a commit."""
        request = self.request
        past = self.tools.open_commit(request.manifest_repository, request.manifest_branch, target.id)
        then = self.read_state(past)
        if stranger := find_owner_conflict(then.lock, now.lock):
            raise PublishError(
                f"at {abbreviate(target.id)} the manifests here were those of {stranger}",
                where=self.lock_place,
                fix="Choose a later commit.",
            )
        manifests = _read_manifests(past, then, choose_paths(now, then, request.components))
        if not manifests:
            return ManifestChange(old_lock=now.lock, lock=now.lock)
        lock = restore_lock(now, then, manifests)
        written = {path: data for path, data in manifests.items() if data is not None}
        change = plan_change(branch, now.tree, now.lock, lock, written, folder=now.folder)
        message = build_rollback_message(
            request.environment, target.id, change.components, request.event, pinned=list_labels(lock)
        )
        return replace(change, changed=True, message=message, foreign_edits=())

    def lift(self, now: RestoredState) -> ManifestChange:
        """Return the change that touches the lock alone."""
        lock = lift_pins(now.lock, self.request.lift)
        lifted = list_lifted(now.lock, lock)
        message = build_lift_message(self.request.environment, lifted, self.request.event)
        return ManifestChange(old_lock=now.lock, lock=lock, changed=bool(lifted), message=message)

    def read_state(self, branch: BranchTree) -> RestoredState:
        """Return our files and lock on a branch.

        Raises:
            PublishError: there is no such branch, or no lock, or a damaged one.
        """
        where = self.lock_place
        lock = read_lock(branch.read, where)
        if not branch.commit:
            raise self.no_branch()
        if lock is None:
            raise PublishError(
                f"there is no {where.file} at {abbreviate(branch.commit)}",
                where=where,
                fix=say(
                    "Check {manifest-branch} and {manifest-path}; choose a commit that this action made."
                ),
            )
        if not lock.is_trusted:
            self.tools.warn(f"at {abbreviate(branch.commit)} it {DISTRUST}. {REPAIR}", where)
        return RestoredState(commit=branch.commit, lock=lock, tree=branch.files(), folder=self._folder)

    def no_branch(self) -> PublishError:
        """Return the error for a missing branch."""
        request = self.request
        branches = self.tools.list_branches(request.manifest_repository)
        return no_branch(self.tools.address(request.manifest_repository), request.manifest_branch, branches)

    @property
    def _folder(self) -> str:
        return normalise_folder(self.request.manifest_path)

    @property
    def lock_place(self) -> Location:
        """The location of the lock."""
        return locate_lock(self._folder, self.tools.address(self.request.manifest_repository))


def _read_manifests(
    branch: BranchTree, state: RestoredState, paths: Sequence[str]
) -> dict[str, bytes | None]:
    """Return the components' manifests, fetched at once; None for each that doesn't exist."""
    there = [join(state.folder, path) for path in paths if state.blob(path)]
    branch.prefetch(there)
    return {path: branch.read(join(state.folder, path)) if state.blob(path) else None for path in paths}


class RollbackTools(BranchTools, Protocol):
    """The edges of one attempt."""

    def list_branches(self, repository: str) -> Sequence[str]:
        """Return the names of all branches of the manifest repository."""

    def read_history(self, repository: str, branch: str) -> CommitHistory:
        """Return the branch's commits as of now."""

    def open_commit(self, repository: str, branch: str, commit: str) -> BranchTree:
        """Return the branch as it was at a commit."""


def build_rollback_message(
    environment: str,
    to: str,
    changes: Sequence[ComponentChange],
    event: Event,
    *,
    pinned: Sequence[str],
) -> str:
    """Return the message of a rollback to commit `to`. `pinned` are the labels of all pins."""
    rows = [f"Rolled-Back-To: {to}"]
    if pinned:
        rows.append(f"Pinned: {list_names(pinned)}")
    template = f"{{environment}}: roll back {{components}} to {abbreviate(to)}\n\n{{changes}}\n\n"
    return _build(template + _escape("\n".join(rows)), environment, changes, event)


def build_lift_message(environment: str, lifted: Sequence[str], event: Event) -> str:
    """Return the message of a commit that lifts the pins of components with these labels."""
    names = _escape(list_names(lifted))
    template = (
        f"{{environment}}: lift the pin of {names}\n\nThe next run brings it up to date.\n\nUnpinned: {names}"
    )
    return _build(template, environment, (), event)


def _build(template: str, environment: str, changes: Sequence[ComponentChange], event: Event) -> str:
    # Where the definition is now says nothing about the restored state.
    return build_message(template, environment=environment, changes=changes, hld=LockedHld(), event=event)


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
