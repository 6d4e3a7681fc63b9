"""What a rollback would write, before anything is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promotion.core.history import PastCommit
from promotion.core.lock.lock import DISTRUST, LOCK_NAME, REPAIR, Lock, find_stranger
from promotion.core.lock.lock_file import parse_lock
from promotion.core.manifests.changes import compare_resources
from promotion.core.manifests.diff import plan_changes
from promotion.core.manifests.owners import describe_changes, find_owners
from promotion.core.paths import join, normalise_folder
from promotion.core.phrases import say
from promotion.core.pins.listing import list_labels, list_lifted
from promotion.core.rollback.message import build_lift_message, build_rollback_message
from promotion.core.rollback.request import RollbackRequest
from promotion.core.rollback.restoring import State, choose_paths
from promotion.core.rollback.restoring import lift as lift_pins
from promotion.core.rollback.restoring import restore as restore_lock
from promotion.errors import Location, PublishError
from promotion.steps.past import no_branch
from promotion.steps.publication import ManifestBranch, Publication, leave_alone
from promotion.steps.publish import read_files
from promotion.steps.rollback.tools import Tools


@dataclass(frozen=True)
class Planner:
    """Plans publications, which have no commit yet."""

    request: RollbackRequest
    tools: Tools

    def restore(self, branch: ManifestBranch, now: State, target: PastCommit) -> Publication:
        """The publication that restores the state at a commit, without its own."""
        request = self.request
        past = self.tools.open_commit(request.manifest_repository, request.manifest_branch, target.id)
        then = self.read_state(past)
        if stranger := find_stranger(then.lock, now.lock):
            raise PublishError(
                f"at {target.id[:12]} the manifests here were those of {stranger}",
                where=self.lock_place,
                fix="Choose a later commit.",
            )
        manifests = _read_manifests(past, then, choose_paths(now, then, request.components))
        if not manifests:
            return leave_alone(now.lock)
        return self._describe(branch, now, target, manifests, restore_lock(now, then, manifests))

    def _describe(
        self,
        branch: ManifestBranch,
        now: State,
        target: PastCommit,
        manifests: Mapping[str, bytes | None],
        lock: Lock,
    ) -> Publication:
        written = {path: data for path, data in manifests.items() if data is not None}
        kept = lock.files.keys() - written.keys()
        operations = plan_changes(now.tree, now.lock, written, kept=kept, folder=now.folder, adopt=False)
        owners = find_owners(now.folder, now.lock, lock)
        files = read_files(branch, now.tree, operations, owners)
        resources = compare_resources(files)
        changes = describe_changes(files, resources, owners)
        message = build_rollback_message(
            self.request.environment, target.id, changes, self.request.event, pinned=list_labels(lock)
        )
        return Publication(
            changed=True,
            commit="",
            message=message,
            operations=operations,
            components=changes,
            resources=resources,
            files=files,
            foreign_edits=(),
            old_lock=now.lock,
            lock=lock,
        )

    def lift(self, now: State) -> Publication:
        """The publication that changes the lock alone."""
        lock = lift_pins(now.lock, self.request.lift)
        lifted = list_lifted(now.lock, lock)
        message = build_lift_message(self.request.environment, lifted, self.request.event)
        return replace(leave_alone(lock), changed=bool(lifted), message=message, old_lock=now.lock)

    def read_state(self, branch: ManifestBranch) -> State:
        """What a branch has of ours.

        Raises:
            PublishError: there is no such branch, or no lock, or a damaged one.
        """
        where = self.lock_place
        data = branch.read(where.file)
        if not branch.commit:
            raise self.no_branch()
        if data is None:
            raise PublishError(
                f"there is no {where.file} at {branch.commit[:12]}",
                where=where,
                fix=say(
                    "Check {manifest-branch} and {manifest-path}; choose a commit that this action made."
                ),
            )
        lock = parse_lock(data, where)
        if not lock.is_trusted:
            self.tools.warn(f"at {branch.commit[:12]} it {DISTRUST}. {REPAIR}", where)
        return State(commit=branch.commit, lock=lock, tree=branch.files(), folder=self._folder)

    def no_branch(self) -> PublishError:
        """The error for a branch that isn't there."""
        request = self.request
        branches = self.tools.list_branches(request.manifest_repository)
        return no_branch(self.tools.address(request.manifest_repository), request.manifest_branch, branches)

    @property
    def _folder(self) -> str:
        return normalise_folder(self.request.manifest_path)

    @property
    def lock_place(self) -> Location:
        """Where the lock is."""
        repository = self.tools.address(self.request.manifest_repository)
        return Location(join(self._folder, LOCK_NAME), repository=repository)


def _read_manifests(branch: ManifestBranch, state: State, paths: Sequence[str]) -> dict[str, bytes | None]:
    """The components' manifests, all got at once; None where there was none."""
    there = [join(state.folder, path) for path in paths if state.blob(path)]
    branch.prefetch(there)
    return {path: branch.read(join(state.folder, path)) if state.blob(path) else None for path in paths}
