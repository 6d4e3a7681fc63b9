"""The action's main job: from a request to a commit in the manifest repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

from promotion.common.console import Console
from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import join, normalise_folder
from promotion.errors import BranchMovedError, NothingLeftError, PromotionError, PublishError
from promotion.publishing.github_status.status_reporter import StatusReporter
from promotion.publishing.manifest_change import ManifestChange, PublishOptions, commit_change, plan_rendering
from promotion.publishing.publishing_tools import PublishingTools
from promotion.publishing.pull_request.delivery import Delivery, PushDelivery
from promotion.publishing.pull_request.head_branch import head_branch
from promotion.publishing.pull_request.pull_delivery import PullDelivery
from promotion.publishing.report import Report
from promotion.publishing.report_builder import make_report
from promotion.publishing.reported_holds import describe_held
from promotion.publishing.request_checks import check_request
from promotion.publishing.retry import AttemptOutcome, Clock, try_until_done
from promotion.rendering.definition.source_fetching import WORKERS, ask_all
from promotion.rendering.environment_rendering import EnvironmentRenderer
from promotion.rendering.held_parts import list_held_answers
from promotion.rendering.lock.lock import Lock, is_alike
from promotion.rendering.lock.lock_file import locate_lock, read_lock
from promotion.rendering.lock.reuse import list_new_answers
from promotion.rendering.manifest_branch import BranchTree, ManifestBranch
from promotion.rendering.materialize_request import Request
from promotion.rendering.part_judges import hold_what_fails, judge_cluster, judge_places
from promotion.rendering.rendering_outcome import Rendering
from promotion.rendering.sources.source_interface import Source


def materialize_environment(
    request: Request,
    open_tools: Callable[[], AbstractContextManager[PublishingTools]],
    console: Console,
    *,
    environment: Mapping[str, str],
    pace: Clock,
    workers: int,
    engine: str,
    tracer: StatusReporter,
    show: Callable[[str], str] = str,
) -> Report:
    """Materialise the HLD and publish it.

    When the manifest branch moves meanwhile, everything starts again from the sources, for at most
    `PUBLISH.attempts` attempts. But a run that has lost to another run, and then to one that began after
    that, is done: what it was to bring is in the branch, for the winner read its sources after ours began.

    It also starts again when a source has moved while its commit was on the way: a run for that may have
    found nothing to do, in the branch as it was before. So it may in a branch that had nothing yet, where
    the definition has lost all of its entries.

    Args:
        request: what to do.
        open_tools: the edges of one attempt.
        environment: holds the tokens whose variables access.yaml names.
        workers: how many components are rendered at once.
        engine: our version, for the lock.
        tracer: reports on GitHub what becomes of the change.
        show: hides secrets in what is written down.

    Raises:
        PromotionError: why it can't be done. The branch is as it was then.
    """

    def attempt(may_yield: bool) -> AttemptOutcome:
        timestamp = pace.now()
        with open_tools() as tools:
            run = _Attempt(request, tools, console, environment, workers, engine, may_yield, tracer, show)
            return run.execute(timestamp)

    def have_moved(moves: Mapping[Source, str]) -> bool:
        with open_tools() as tools:
            alone = {source: [str(source)] for source in moves}
            return ask_all(alone, tools.fetcher, WORKERS, tools.times) != moves

    with tracer.watching():
        report = try_until_done(attempt, console, pace, start="the sources", have_moved=have_moved).report
    tracer.end(report)
    return report


@dataclass(frozen=True)
class _Attempt:
    request: Request
    tools: PublishingTools
    console: Console
    environment: Mapping[str, str]
    workers: int
    engine: str
    may_yield: bool
    tracer: StatusReporter
    show: Callable[[str], str]

    def execute(self, timestamp: int) -> AttemptOutcome:
        """Render and publish."""
        request, tools = self.request, self.tools
        check_request(request, tools.address)
        _ = tools.helm  # one that can't be had is no component's fault
        # The tip before the sources: then whoever pushed it saw sources no newer than those that we will see,
        # and whoever pushes after this makes our push fail. So no push ever goes back to older sources.
        with self.console.group("Read the manifest branch"):
            delivery = self._open_delivery()
            branch = delivery.branch
        maker = EnvironmentRenderer(
            *(request, tools, self.console, self.environment, self.workers, self.engine, self.show),
            learn=self.tracer.learn,  # so that a failure can be reported to the sources, too
        )
        made = hold_what_fails(maker.make(branch), partial(self._judge, branch), self.show)
        self.tracer.learn(made.lock)
        with self.console.group("Publish"):
            change = self._publish(made, branch, delivery.push, timestamp)
        report = make_report(
            change, made.lock, self._options, warnings=tools.warnings, held=describe_held(made, self.show)
        )
        if not request.dry_run:
            report = delivery.conclude(change, report)
            report = replace(report, warnings=tuple(dict.fromkeys((*report.warnings, *tools.warnings))))
        return AttemptOutcome(report=report, moves=self._list_moves(made, change))

    def _list_moves(self, made: Rendering, change: ManifestChange) -> dict[Source, str]:
        """Return the sources of the commit that may have moved meanwhile, each with its answer."""
        old, new = change.old_lock, change.lock
        # While a part is held, the lock has no answers of its sources, and none of the definition.
        moves = list_held_answers(old, new, made.failures)
        if new.hld.commit != old.hld.commit and new.request:
            moves[self.request.hld] = new.hld.commit
        return {**moves, **list_new_answers(old, new)}

    def _judge(self, branch: BranchTree, made: Rendering) -> Iterator[PromotionError]:
        """Yield what is wrong with the parts, before anything of them is published."""
        request, folder = self.request, normalise_folder(self.request.manifest_path)

        def read(path: str) -> bytes | None:
            return branch.read(join(folder, path))

        yield from judge_cluster(made, read, request.policy, self.tools.schemas, self.tools.warn)
        if made.failures.holds:
            yield from judge_places(made, branch.files(), folder, adopt=request.adopt)

    def _open_delivery(self) -> Delivery:
        request, options = self.request, self.request.delivery
        repository, branch = request.manifest_repository, request.manifest_branch
        if not options.by_pull_request:
            return PushDelivery(*self.tools.open_branch(repository, branch, verified=options.verified))
        place = self.tools.open_place(repository, branch, head_branch(request), verified=options.verified)
        lock = locate_lock(request.manifest_path).file
        merging = options.auto_merge
        return PullDelivery(place, request.event, lock=lock, auto_merge=merging, warn=self.tools.warn)

    def _publish(
        self, made: Rendering, branch: ManifestBranch, push: Callable[[str], str], timestamp: int
    ) -> ManifestChange:
        options = self._options
        try:
            change = plan_rendering(made.rendered, made.lock, branch, options, before=made.before)
        except NothingLeftError as error:  # where that is all that failed, say why
            raise next(iter(made.failures.found.values()), error) from None
        announce = partial(self.tracer.begin, manifests=options.repository, origins=made.failures.origins)
        try:
            change = commit_change(change, branch, options, push=push, timestamp=timestamp, announce=announce)
        except BranchMovedError as error:
            if not (self.may_yield and error.is_continued and self._is_overtaken(branch, made.lock)):
                raise
            self.console.info("Another run has committed these sources meanwhile, or newer ones")
            return ManifestChange(old_lock=made.lock, lock=made.lock)
        if change.commit:
            self.tracer.publish(change.commit, manifests=options.repository)
        return change

    def _is_overtaken(self, branch: BranchTree, lock: Lock) -> bool:
        """Return whether similar runs have pushed since the branch was opened, with all of our changes."""
        request = self.request
        where = locate_lock(request.manifest_path)
        moved, _ = self.tools.open_branch(request.manifest_repository, request.manifest_branch)
        if branch.read(where.file) == moved.read(where.file):
            return False
        try:
            before, theirs = (read_lock(tree.read, where) for tree in (branch, moved))
        except PublishError:  # ours may be what `adopt` replaces; of theirs the next attempt tells
            return False
        if before is None or theirs is None:
            return False
        ours, bring = list_new_answers(before, lock), list_new_answers(before, theirs)
        return is_alike(theirs, lock) and ours.keys() <= bring.keys()

    @property
    def _options(self) -> PublishOptions:
        request = self.request
        return PublishOptions(
            repository=self.tools.address(request.manifest_repository),
            branch=request.manifest_branch,
            manifest_path=request.manifest_path,
            adopt=request.adopt,
            allow_empty=request.allow_empty,
            dry_run=request.dry_run,
            commit_message=request.commit_message,
            commit_author=request.commit_author,
            event=request.event,
        )
