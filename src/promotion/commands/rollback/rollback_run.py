"""Roll a manifest branch back, or lift pins: one commit on top, without rewriting history."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from promotion.commands.rollback.inputs import RollbackRequest
from promotion.commands.rollback.rollback_plan import RollbackPlanner, RollbackTools
from promotion.commands.rollback.rollback_target import check_target, find_target, show_time
from promotion.common.commit_history import PastCommit
from promotion.common.console import Console
from promotion.common.git_ids import abbreviate
from promotion.common.phrases import say
from promotion.common.text import count
from promotion.errors import BranchMovedError, PublishError
from promotion.publishing.commit_message import parse_author
from promotion.publishing.github_status.status_reporter import StatusReporter
from promotion.publishing.manifest_change import ManifestChange
from promotion.publishing.report import Report
from promotion.publishing.report_builder import report_changes, report_components
from promotion.publishing.request_checks import check_address
from promotion.publishing.retry import ATTEMPTS, Clock
from promotion.rendering.lock.lock_file import dumps
from promotion.rendering.lock.pin_list import describe_pins, list_labels, list_lifted
from promotion.rendering.manifest_branch import ManifestBranch


@dataclass(frozen=True, kw_only=True)
class RollbackOutcome:
    """The outcome. `restored` is the commit whose state was restored; None if pins were lifted."""

    report: Report
    restored: PastCommit | None
    pinned: tuple[str, ...]


def roll_back(
    request: RollbackRequest,
    open_tools: Callable[[], AbstractContextManager[RollbackTools]],
    console: Console,
    *,
    pace: Clock,
    tracer: StatusReporter,
) -> RollbackOutcome:
    """Restore an earlier state of our files, or lift pins, after showing the changes.

    When the manifest branch moves meanwhile, everything starts again from its new tip, for at most `ATTEMPTS`
    attempts; the commit to restore stays the same. So no commit of anybody is lost.

    Args:
        tracer: reports on GitHub what is deployed then.

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
    open_tools: Callable[[], AbstractContextManager[RollbackTools]],
    console: Console,
    pace: Clock,
    tracer: StatusReporter,
) -> RollbackOutcome:
    now = pace.now()
    target: PastCommit | None = None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with open_tools() as tools:
                check_address("manifest-repository", request.manifest_repository, tools.address)
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
    tools: RollbackTools
    console: Console
    tracer: StatusReporter

    @property
    def _planner(self) -> RollbackPlanner:
        return RollbackPlanner(self.request, self.tools)

    def find_target(self, now: int) -> PastCommit:
        """Return the commit whose state to restore."""
        request = self.request
        with self.console.group("Read the manifest branch's history"):
            history = self.tools.read_history(request.manifest_repository, request.manifest_branch)
        if not history.tip:
            raise self._planner.no_branch()
        return find_target(history, request.to, now)

    def execute(self, target: PastCommit | None, timestamp: int) -> RollbackOutcome:
        """Plan, show and push the change."""
        request, tools, planner = self.request, self.tools, self._planner
        with self.console.group("Read the manifest branch"):
            branch, push = tools.open_branch(
                request.manifest_repository, request.manifest_branch, verified=request.verified
            )
            now = planner.read_state(branch)
            if now.lock.environment != request.environment:
                raise PublishError(
                    f"the manifests here are those of environment {now.lock.environment!r}, not "
                    f"{request.environment!r}",
                    where=planner.lock_place,
                    fix=say("Check {environment}, {manifest-branch} and {manifest-path}."),
                )
        publication = planner.lift(now) if target is None else planner.restore(branch, now, target)
        self._show(publication)
        if publication.changed and not request.dry_run:
            publication = self._write(branch, publication, timestamp)
            publication = self._push(publication, push)
        return self._report(publication, target)

    def _show(self, publication: ManifestChange) -> None:
        if publication.files:
            with self.console.group("Difference"):
                self.console.diff(publication.diff())
            for change in publication.components:
                self.console.info(
                    f"{change.label}: {change.action}, {count(len(change.resources), 'resource')}"
                )

    def _write(self, branch: ManifestBranch, publication: ManifestChange, timestamp: int) -> ManifestChange:
        """Return the change with a commit, which isn't pushed yet."""
        name, email = parse_author(self.request.commit_author)
        content = {**publication.operations.changes, self._planner.lock_place.file: dumps(publication.lock)}
        commit = branch.write(
            content, message=publication.message, author=name, email=email, timestamp=timestamp
        )
        return replace(publication, commit=commit)

    def _push(self, publication: ManifestChange, push: Callable[[str], str]) -> ManifestChange:
        manifests = self.tools.address(self.request.manifest_repository)
        if publication.components:  # not for pins alone
            self.tracer.begin(publication, manifests=manifests)
        commit = push(publication.commit)
        self.tracer.publish(commit, manifests=manifests)
        return replace(publication, commit=commit)

    def _report(self, publication: ManifestChange, target: PastCommit | None) -> RollbackOutcome:
        request, tools, hld = self.request, self.tools, publication.lock.hld
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
            manifest_repository=tools.address(request.manifest_repository),
            branch=request.manifest_branch,
            commit=publication.commit,
            components=report_components(publication, publication.lock.components),
            changes=report_changes(publication),
            diff=publication.diff() if request.dry_run else "",
            warnings=tuple(tools.warnings),
            notes=(*begin, *describe_pins(publication.lock)),
        )
        return RollbackOutcome(report=report, restored=target, pinned=list_labels(publication.lock))


def _name(commit: PastCommit) -> str:
    return f"{abbreviate(commit.id)} of {show_time(commit.time)}: {commit.subject}"
