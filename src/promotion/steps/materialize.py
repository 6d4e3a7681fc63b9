"""The main job: from a request to a commit in the manifest repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from promotion.core.checks import check_request
from promotion.core.lock import Lock, LockedHld
from promotion.core.model import Folder, RenderedComponent, Snapshot
from promotion.core.paths import normalise_folder
from promotion.core.plan import Plan
from promotion.core.report import Report
from promotion.core.request import Request
from promotion.errors import BranchMovedError, Location
from promotion.steps.console import Console
from promotion.steps.fab import Fab, render_with_fab
from promotion.steps.gather import Fetcher
from promotion.steps.inspection import inspect
from promotion.steps.publish import ManifestBranch, PublishOptions, publish
from promotion.steps.render import Helm, render
from promotion.steps.reporting import make_report
from promotion.steps.resolve import resolve
from promotion.steps.stage import Workspace

ATTEMPTS = 10


class Tools(Protocol):
    """The edges of one attempt. They cache what they fetch, so each attempt has its own."""

    @property
    def fetcher(self) -> Fetcher:
        """Gets sources."""

    @property
    def helm(self) -> Helm:
        """Renders charts."""

    @property
    def warnings(self) -> Sequence[str]:
        """What was warned of so far, with its place."""

    def warn(self, text: str, where: Location | None = None) -> None:
        """Warn, once."""

    @property
    def fab(self) -> Fab:
        """Real fab; PromotionError if it isn't there."""

    def address(self, repository: str) -> str:
        """A repository's address in full, without credentials."""

    def workspace(self, source: Snapshot) -> Workspace:
        """A working copy for hooks."""

    def open_branch(self, repository: str, branch: str) -> tuple[ManifestBranch, Callable[[str], None]]:
        """The manifest branch as it is at this moment, and what pushes a commit to it.

        The push raises BranchMovedError if the branch moved since it was opened.
        """


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Time, as the run sees it: `now` in seconds since 1970, `pause` waits before the given attempt."""

    now: Callable[[], int]
    pause: Callable[[int], None]


def materialize(
    request: Request,
    open_tools: Callable[[], AbstractContextManager[Tools]],
    console: Console,
    *,
    environment: Mapping[str, str],
    pace: Pace,
    workers: int,
    engine: str,
) -> Report:
    """Materialise the HLD and publish it.

    When the manifest branch moves meanwhile, everything starts again from the sources, for at most
    `ATTEMPTS` attempts.

    Args:
        request: what to do.
        open_tools: the edges of one attempt.
        environment: holds the tokens whose variables access.yaml names.
        workers: how many components are rendered at once.
        engine: our version, for the lock.

    Raises:
        PromotionError: why it can't be done. The branch is as it was then.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with open_tools() as tools:
                run = _Attempt(request, tools, console, environment, workers, engine)
                return run.execute(pace.now())
        except BranchMovedError:
            if attempt == ATTEMPTS:
                raise
            console.info(
                f"The branch moved meanwhile: starting again from the sources (attempt {attempt + 1})"
            )
            pace.pause(attempt)
    raise AssertionError("the last attempt either returns or raises")


@dataclass(frozen=True)
class _Attempt:
    request: Request
    tools: Tools
    console: Console
    environment: Mapping[str, str]
    workers: int
    engine: str

    def execute(self, timestamp: int) -> Report:
        request, tools = self.request, self.tools
        check_request(request, tools.address)
        _ = tools.helm  # one that can't be had is no component's fault
        # The tip before the sources: then whoever pushed it saw sources no newer than those that we will see,
        # and whoever pushes after this makes our push fail. So no push ever goes back to older sources.
        with self.console.group("Read the manifest branch"):
            branch, push = tools.open_branch(request.manifest_repository, request.manifest_branch)
        with self.console.group("Resolve the sources"):
            root = Folder(request.hld, normalise_folder(request.hld_path, option="hld-path"))
            hld = tools.fetcher.git(request.hld, token="")
            plan = None if self._uses_fab else self._resolve(root, hld)
        with self.console.group(f"Render {len(plan.jobs)} components" if plan else "Run fab"):
            components = self._render(plan) if plan else self._run_fab(root, hld)
        inspect(components, request.policy, warn=tools.warn)
        with self.console.group("Publish"):
            publication = publish(
                components,
                self._lock(hld, root),
                branch,
                _options(request, tools.address(request.manifest_repository)),
                push=push,
                timestamp=timestamp,
            )
        return make_report(
            request,
            publication,
            components,
            hld_commit=hld.revision,
            address=tools.address,
            warnings=tools.warnings,
        )

    def _resolve(self, root: Folder, hld: Snapshot) -> Plan:
        plan = resolve(
            root,
            hld,
            self.request.configs,
            fetcher=self.tools.fetcher,
            environment=self.environment,
            workspace=self.tools.workspace(hld) if self.request.hooks_allowed else None,
        )
        for remark in plan.remarks:
            # An environment often is what `common` says.
            if not remark.absent or remark.absent != self.request.environment:
                self.tools.warn(str(remark), remark.where)
        return plan

    def _render(self, plan: Plan) -> list[RenderedComponent]:
        options = (self.request.helm.kube_version, *self.request.helm.api_versions)
        return render(plan, self.tools.helm, workers=self.workers, engine=self.engine, helm_options=options)

    def _run_fab(self, root: Folder, hld: Snapshot) -> list[RenderedComponent]:
        return render_with_fab(
            root,
            hld,
            self.request.configs,
            self.tools.fab,
            fetcher=self.tools.fetcher,
            environment=self.environment,
            hooks_allowed=self.request.hooks_allowed,
            workers=self.workers,
            engine=self._versions,
            helm=self.tools.helm.version,
        )

    @property
    def _uses_fab(self) -> bool:
        return self.request.engine.name == "fab"

    @property
    def _versions(self) -> str:
        """Our version, and that of fab if it is the engine."""
        return f"{self.engine} {self.tools.fab.version}" if self._uses_fab else self.engine

    def _lock(self, hld: Snapshot, root: Folder) -> Lock:
        request = self.request
        return Lock(
            environment=request.environment,
            hld=LockedHld(
                repository=self.tools.address(request.hld_repository),
                path=root.path,
                ref=request.hld_ref,
                commit=hld.revision,
            ),
            configs=request.configs,
            engine=self._versions,
            helm=self.tools.helm.version,
        )


def _options(request: Request, repository: str) -> PublishOptions:
    return PublishOptions(
        repository=repository,
        manifest_path=request.manifest_path,
        adopt=request.adopt,
        allow_empty=request.allow_empty,
        dry_run=request.dry_run,
        commit_message=request.commit_message,
        commit_author=request.commit_author,
        event=request.event,
    )
