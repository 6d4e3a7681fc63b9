"""Roll a manifest branch back, or lift pins: one commit on top, without rewriting history."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from promotion.commands.rollback.inputs import RollbackRequest
from promotion.commands.rollback.rollback_plan import RollbackPlanner, RollbackTools
from promotion.commands.rollback.rollback_target import check_target, find_target
from promotion.common.ages import iso
from promotion.common.commit_history import PastCommit
from promotion.common.console import Console
from promotion.common.git_ids import abbreviate
from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import say
from promotion.common.text import count
from promotion.errors import PublishError
from promotion.publishing.commit_message import parse_author
from promotion.publishing.github_status.status_reporter import StatusReporter
from promotion.publishing.manifest_change import ManifestChange, PublishOptions, commit_change
from promotion.publishing.report_builder import make_report
from promotion.publishing.request_checks import check_address
from promotion.publishing.retry import AttemptOutcome, Clock, try_until_done
from promotion.rendering.lock.pins import list_labels, list_lifted


@dataclass(frozen=True, kw_only=True)
class RollbackOutcome(AttemptOutcome):
    """The outcome. `restored` is the commit whose state was restored; None if pins were lifted."""

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

    When the manifest branch moves meanwhile, everything starts again from its new tip, for at most
    `PUBLISH.attempts` attempts; the commit to restore stays the same. So no commit of anybody is lost.

    Args:
        tracer: reports on GitHub what is deployed then.

    Raises:
        PromotionError: why it can't be done. The branch is as it was then.
    """
    parse_author(request.commit_author)
    if request.to:
        check_target(request.to, pace.now())
    now, target = pace.now(), None

    def attempt(_: bool) -> RollbackOutcome:
        nonlocal target
        with open_tools() as tools:
            check_address("manifest-repository", request.manifest_repository, tools.address)
            run = _Attempt(request, tools, console, tracer)
            target = target or (run.find_target(now) if request.to else None)
            return run.execute(target, pace.now())

    with tracer.watching():
        outcome = try_until_done(attempt, console, pace, start="its tip")
    tracer.end(outcome.report)
    return outcome


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
        change = planner.lift(now) if target is None else planner.restore(branch, now, target)
        self._show(change)
        options = self._options
        change = commit_change(
            change, branch, options, push=push, timestamp=timestamp, announce=self._announce
        )
        if change.commit:
            self.tracer.publish(change.commit, manifests=options.repository)
        report = make_report(change, change.lock, options, warnings=tools.warnings)
        begin = [f"The state to restore is that of {_name(target)}"] if target else []
        lifted = list_lifted(change.old_lock, change.lock) if target is None else ()
        report = replace(report, title="Rollback", lifted=lifted, notes=(*begin, *report.notes))
        return RollbackOutcome(report=report, restored=target, pinned=list_labels(change.lock))

    @property
    def _options(self) -> PublishOptions:
        request = self.request
        return PublishOptions(
            repository=self.tools.address(request.manifest_repository),
            branch=request.manifest_branch,
            manifest_path=request.manifest_path,
            dry_run=request.dry_run,
            commit_author=request.commit_author,
        )

    def _show(self, change: ManifestChange) -> None:
        if change.files:
            with self.console.group("Difference"):
                self.console.diff(change.diff())
            for part in change.components:
                self.console.info(f"{part.label}: {part.action}, {count(len(part.resources), 'resource')}")

    def _announce(self, change: ManifestChange) -> None:
        if change.components:  # not for pins alone
            self.tracer.begin(change, manifests=self._options.repository)


def _name(commit: PastCommit) -> str:
    return f"{abbreviate(commit.id)} of {iso(commit.time)}: {commit.subject}"
