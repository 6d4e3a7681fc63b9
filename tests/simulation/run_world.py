"""One run of the program over the simulated world: its tools, and the commands that use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from promotion.commands.materialize.materialization import materialize_environment
from promotion.commands.rollback.inputs import RollbackRequest
from promotion.commands.rollback.rollback_run import roll_back
from promotion.common.backoff import PUBLISH
from promotion.common.event import Event
from promotion.errors import Location
from promotion.publishing.github_status.status_records import StatusWriter
from promotion.publishing.github_status.status_reporter import StatusReporter, StatusSubject
from promotion.publishing.report import Report
from promotion.publishing.retry import Clock
from promotion.rendering.definition.part_times import ENDLESS
from promotion.rendering.materialize_request import DeliveryOptions
from simulation.github_world import GitHubWorld, SimulatedPlace, SimulatedRecords
from simulation.manifest_world import ManifestWorld, SimulatedBranch, SimulatedGit
from simulation.scheduler import Process
from simulation.source_tools import SimulatedFetcher, SimulatedHelm
from simulation.sources_world import BRANCH, HLD, SERVER, SourcesWorld
from support.worlds import REQUEST

MANIFESTS = f"{SERVER}/acme/manifests"
ENVIRONMENT = "dev"
UNSETTLED = "whether it is the last can't be told"
_REQUEST = replace(
    REQUEST,
    environment=ENVIRONMENT,
    hld_repository=HLD,
    hld_ref=BRANCH,
    manifest_repository=MANIFESTS,
    manifest_branch=BRANCH,
    policy=replace(REQUEST.policy, secrets="deny"),
)


@dataclass
class World:
    """All that a run finds. `lag` is by how many pushes GitHub's API may be late; `holds`: parts that fail
    are held back.
    """

    sources: SourcesWorld
    manifests: ManifestWorld
    github: GitHubWorld
    by_pull_request: bool = False
    holds: bool = False
    lag: int = 0
    processes: dict[str, Process] = field(default_factory=dict)


def materialize(world: World, process: Process, event: Event, **changes: Any) -> Report:
    """Materialise as the action does."""
    delivery = DeliveryOptions(by_pull_request=world.by_pull_request)
    request = replace(_REQUEST, event=event, delivery=delivery, **{"holds": world.holds, **changes})
    return materialize_environment(
        request,
        _tools(world, process),
        _Console(process),  # type: ignore[arg-type]
        environment={},
        pace=_clock(process),
        workers=2,
        engine="1.0.0",
        tracer=_reporter(world, process, event, deployments=not world.by_pull_request),
    )


def restore(
    world: World, process: Process, to: str, components: tuple[str, ...], lift: tuple[str, ...]
) -> Report:
    """Roll back to a commit, or lift pins."""
    request = RollbackRequest(
        environment=ENVIRONMENT,
        to=to,
        components=components,
        lift=lift,
        manifest_repository=MANIFESTS,
        manifest_branch=BRANCH,
        manifest_path=".",
        commit_author="",
        verified=False,
        dry_run=False,
        event=Event(),
    )
    console: Any = _Console(process)
    reporter = _reporter(world, process, Event(), deployments=False)
    return roll_back(request, _tools(world, process), console, pace=_clock(process), tracer=reporter).report


def _tools(world: World, process: Process) -> Callable[[], Any]:
    @contextmanager
    def open_tools() -> Iterator[_Tools]:
        yield _Tools(world, process)

    return open_tools


def _clock(process: Process) -> Clock:
    scheduler = process.scheduler

    def pause(attempt: int) -> None:
        scheduler.clock += int(PUBLISH.pause_after(attempt, scheduler.rng.random()) * 10) + 1
        scheduler.note(process.name, f"pauses after attempt {attempt}", "a run starts again")
        scheduler.give_way(process)

    return Clock(now=lambda: 1_700_000_000 + scheduler.clock // 20, pause=pause)


def _reporter(world: World, process: Process, event: Event, *, deployments: bool) -> StatusReporter:
    subject = StatusSubject(
        event=event, environment=ENVIRONMENT, branch=BRANCH, deployments=deployments, answers=True
    )
    records = SimulatedRecords(world.github, process)
    writer = StatusWriter(lambda: records, _Console(process), str)  # type: ignore[arg-type]
    return StatusReporter(subject, writer, lambda url: url.removeprefix(f"{SERVER}/"))


@dataclass
class _Console:
    process: Process

    def group(self, title: str) -> nullcontext[None]:
        return nullcontext()

    def info(self, text: str) -> None:
        """Nobody reads it."""

    notice = debug = diff = info

    def warning(self, text: str, where: Location | None = None) -> None:
        if UNSETTLED in str(text):
            self.process.is_excused = "it couldn't ask once more after its push"


class _Tools:
    """The tools of one attempt (`publishing_tools.PublishingTools`, `rollback_plan.RollbackTools`)."""

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process
        world.processes[process.name] = process
        process.told, process.troubles = {}, {}
        self._git = SimulatedGit(world.manifests, process)
        self.fetcher = SimulatedFetcher(world.sources, process, lag=world.lag)
        self.times = ENDLESS
        self.helm = SimulatedHelm(world.sources, process)
        self.schemas = None  # nothing is validated
        self.warnings: list[str] = []

    def warn(self, text: str, where: Location | None = None) -> None:
        self.warnings.append(str(text))

    def address(self, repository: str) -> str:
        return repository

    def open_branch(
        self, repository: str, branch: str, *, verified: bool = False
    ) -> tuple[SimulatedBranch, Callable[[str], str]]:
        opened = self._git.open_branch(repository, branch)
        return opened, lambda commit: self._git.push(opened, commit)

    def open_place(self, repository: str, base: str, head: str, *, verified: bool) -> SimulatedPlace:
        return SimulatedPlace(self._git, self._world.github, self._process, base, head)

    def list_branches(self, repository: str) -> list[str]:
        return [*self._world.manifests.refs]

    def read_history(self, repository: str, branch: str) -> Any:
        return self._git.open_history(repository, branch)

    def open_commit(self, repository: str, branch: str, commit: str) -> SimulatedBranch:
        return self._git.open_commit(repository, branch, commit)
