"""Rolling a manifest branch back, or lifting pins: one commit on top, and no history is rewritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from promotion.core.history import History, PastCommit
from promotion.core.lock.lock import LOCK_NAME, Lock, find_stranger
from promotion.core.lock.lock_file import dumps, parse_lock
from promotion.core.manifests.changes import compare_resources
from promotion.core.manifests.diff import plan_changes
from promotion.core.manifests.owners import describe_changes, find_owners
from promotion.core.message import parse_author
from promotion.core.paths import join, normalise_folder
from promotion.core.pins.listing import describe_pins, list_labels, list_lifted
from promotion.core.report import Report
from promotion.core.rollback.message import build_lift_message, build_rollback_message
from promotion.core.rollback.request import RollbackRequest
from promotion.core.rollback.restoring import State, choose_paths, lift, restore
from promotion.core.rollback.target import check_target, find_target, show_time
from promotion.core.text import count, line
from promotion.errors import BranchMovedError, Location, PublishError
from promotion.steps.attempts import ATTEMPTS, Pace
from promotion.steps.console import Console
from promotion.steps.publication import ManifestBranch, Publication, leave_alone
from promotion.steps.publish import read_files
from promotion.steps.reporting import report_changes, report_components
from promotion.steps.tracing.tracer import Tracer


class Tools(Protocol):
    """The edges of one attempt."""

    def address(self, repository: str) -> str:
        """A repository's address in full, without credentials."""

    def open_branch(
        self, repository: str, branch: str, *, verified: bool = False
    ) -> tuple[ManifestBranch, Callable[[str], str]]:
        """The manifest branch as it is at this moment, and what pushes a commit to it.

        The push gives the commit's id as others see it: with `verified` GitHub makes it anew and signs it. It
        raises BranchMovedError if the branch moved since it was opened.
        """

    def read_history(self, repository: str, branch: str) -> History:
        """The commits that the branch stands on at this moment."""

    def open_commit(self, repository: str, branch: str, commit: str) -> ManifestBranch:
        """The branch as it was at a commit."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it: `restored` is the commit whose state was restored, None when pins are lifted."""

    report: Report
    restored: PastCommit | None
    pinned: tuple[str, ...]


def roll_back(
    request: RollbackRequest,
    open_tools: Callable[[], AbstractContextManager[Tools]],
    console: Console,
    *,
    pace: Pace,
    tracer: Tracer,
) -> Outcome:
    """Restore an earlier state of our files, or lift pins, after showing what changes.

    When the manifest branch moves meanwhile, everything starts again from its new tip, for at most `ATTEMPTS`
    attempts; the commit to restore stays the same. So no commit of anybody is lost.

    Args:
        tracer: tells on GitHub what is deployed then.

    Raises:
        PromotionError: why it can't be done. The branch is as it was then.
    """
    parse_author(request.commit_author)
    if request.to:
        check_target(request.to, pace.now())
    with tracer.watching():
        outcome = _try_until_done(request, open_tools, console, pace, tracer)
    tracer.end(outcome.report)
    return outcome


def _try_until_done(
    request: RollbackRequest,
    open_tools: Callable[[], AbstractContextManager[Tools]],
    console: Console,
    pace: Pace,
    tracer: Tracer,
) -> Outcome:
    now = pace.now()
    target: PastCommit | None = None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with open_tools() as tools:
                run = _Attempt(request, tools, console, tracer)
                if request.to and target is None:
                    target = run.find_target(now)
                return run.execute(target, pace.now())
        except BranchMovedError:
            if attempt == ATTEMPTS:
                raise
        console.info(f"The branch moved meanwhile: starting again from its tip (attempt {attempt + 1})")
        pace.pause(attempt)
    raise AssertionError("the last attempt either returns or raises")


@dataclass(frozen=True)
class _Attempt:
    request: RollbackRequest
    tools: Tools
    console: Console
    tracer: Tracer

    def find_target(self, now: int) -> PastCommit:
        """The commit whose state is wanted."""
        request = self.request
        with self.console.group("Read the manifest branch's history"):
            history = self.tools.read_history(request.manifest_repository, request.manifest_branch)
        if not history.tip:
            raise self._no_branch()
        return find_target(history, request.to, now)

    def execute(self, target: PastCommit | None, timestamp: int) -> Outcome:
        """Plan, show and push."""
        request, tools = self.request, self.tools
        with self.console.group("Read the manifest branch"):
            branch, push = tools.open_branch(
                request.manifest_repository, request.manifest_branch, verified=request.verified
            )
            now = self._read_state(branch)
            if now.lock.environment != request.environment:
                raise PublishError(
                    f"the manifests here are those of environment {now.lock.environment!r}, not "
                    f"{request.environment!r}",
                    where=self._lock_place,
                    fix="Check inputs environment, manifest-branch and manifest-path.",
                )
        publication = self._plan_lift(now) if target is None else self._plan(branch, now, target)
        self._show(publication)
        if publication.changed and not request.dry_run:
            publication = self._write(branch, publication, timestamp)
            publication = self._push(publication, push)
        return self._report(publication, target)

    def _plan(self, branch: ManifestBranch, now: State, target: PastCommit) -> Publication:
        """The publication that restores the state at a commit, without its own."""
        request = self.request
        past = self.tools.open_commit(request.manifest_repository, request.manifest_branch, target.id)
        then = self._read_state(past)
        if stranger := find_stranger(then.lock, now.lock):
            raise PublishError(
                f"at {target.id[:12]} the manifests here were those of {stranger}",
                where=self._lock_place,
                fix="Choose a later commit.",
            )
        manifests = _read_manifests(past, then, choose_paths(now, then, request.components))
        if not manifests:
            return leave_alone(now.lock)
        return self._describe(branch, now, target, manifests, restore(now, then, manifests))

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

    def _plan_lift(self, now: State) -> Publication:
        """The publication that changes the lock alone."""
        lock = lift(now.lock, self.request.lift)
        lifted = list_lifted(now.lock, lock)
        message = build_lift_message(self.request.environment, lifted, self.request.event)
        return replace(leave_alone(lock), changed=bool(lifted), message=message, old_lock=now.lock)

    def _show(self, publication: Publication) -> None:
        if publication.files:
            with self.console.group("Difference"):
                self.console.info(publication.diff())
            for change in publication.components:
                self.console.info(
                    f"{change.label}: {change.action}, {count(len(change.resources), 'resource')}"
                )

    def _write(self, branch: ManifestBranch, publication: Publication, timestamp: int) -> Publication:
        """The publication with a commit, which isn't pushed."""
        name, email = parse_author(self.request.commit_author)
        content = {**publication.operations.changes, self._lock_place.file: dumps(publication.lock)}
        commit = branch.write(
            content, message=publication.message, author=name, email=email, timestamp=timestamp
        )
        return replace(publication, commit=commit)

    def _push(self, publication: Publication, push: Callable[[str], str]) -> Publication:
        manifests = self.tools.address(self.request.manifest_repository)
        if publication.components:  # not for pins alone
            self.tracer.begin(publication, manifests=manifests)
        commit = push(publication.commit)
        self.tracer.publish(commit, manifests=manifests)
        return replace(publication, commit=commit)

    def _report(self, publication: Publication, target: PastCommit | None) -> Outcome:
        request, hld = self.request, publication.lock.hld
        begin = [f"The state to restore is that of {_name(target)}"] if target else []
        report = Report(
            title="Rollback",
            lifted=list_lifted(publication.old_lock, publication.lock) if target is None else (),
            environment=request.environment,
            changed=publication.changed,
            dry_run=request.dry_run,
            hld_repository=hld.repository,
            hld_ref=hld.ref,
            hld_commit=hld.commit,
            manifest_repository=self.tools.address(request.manifest_repository),
            branch=request.manifest_branch,
            commit=publication.commit,
            components=report_components(publication, publication.lock.components),
            changes=report_changes(publication),
            diff=publication.diff() if request.dry_run else "",
            notes=(*begin, *describe_pins(publication.lock)),
        )
        return Outcome(report=report, restored=target, pinned=list_labels(publication.lock))

    def _read_state(self, branch: ManifestBranch) -> State:
        where = self._lock_place
        data = branch.read(where.file)
        if not branch.commit:
            raise self._no_branch()
        if data is None:
            raise PublishError(
                f"there is no {where.file} at {branch.commit[:12]}",
                where=where,
                fix="Check inputs manifest-branch and manifest-path; choose a commit that this action made.",
            )
        return State(
            commit=branch.commit or "", lock=parse_lock(data, where), tree=branch.files(), folder=self._folder
        )

    def _no_branch(self) -> PublishError:
        request = self.request
        return PublishError(
            f"there is no branch {line(request.manifest_branch)} in "
            f"{self.tools.address(request.manifest_repository)}",
            fix="Check inputs environment, manifest-branch and manifest-repository; the environment's first "
            "`materialize` makes the branch.",
        )

    @property
    def _folder(self) -> str:
        return normalise_folder(self.request.manifest_path)

    @property
    def _lock_place(self) -> Location:
        repository = self.tools.address(self.request.manifest_repository)
        return Location(join(self._folder, LOCK_NAME), repository=repository)


def _read_manifests(branch: ManifestBranch, state: State, paths: Sequence[str]) -> dict[str, bytes | None]:
    """The components' manifests, all got at once; None where there was none."""
    there = [join(state.folder, path) for path in paths if state.blob(path)]
    branch.prefetch(there)
    return {path: branch.read(join(state.folder, path)) if state.blob(path) else None for path in paths}


def _name(commit: PastCommit) -> str:
    return f"{commit.id[:12]} of {show_time(commit.time)}: {commit.subject}"
