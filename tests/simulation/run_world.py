"""One run of the program over the simulated world: its tools, and the commands that use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from promotion.commands.materialize.materialization import materialize_environment
from promotion.commands.rollback.inputs import RollbackRequest
from promotion.commands.rollback.rollback_run import roll_back
from promotion.common.backoff import PUBLISH
from promotion.common.event import Event
from promotion.errors import Location, RenderError, SourceError
from promotion.publishing.github_status.status_records import StatusWriter
from promotion.publishing.github_status.status_reporter import StatusReporter, StatusSubject
from promotion.publishing.report import Report
from promotion.publishing.retry import Clock
from promotion.rendering.definition.part_times import ENDLESS
from promotion.rendering.lock.input_digest import content_digest
from promotion.rendering.materialize_request import DeliveryOptions
from promotion.rendering.model import Release, Rendered, ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from simulation.github_world import GitHubWorld, SimulatedPlace, SimulatedRecords
from simulation.manifest_world import ManifestWorld, SimulatedBranch, SimulatedGit, unreachable
from simulation.scheduler import Process
from simulation.sources_world import BRANCH, HLD, SERVER, SourcesWorld, made
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
)


@dataclass
class World:
    """All that a run finds. `lag` is by how many pushes GitHub's API may be late."""

    sources: SourcesWorld
    manifests: ManifestWorld
    github: GitHubWorld
    by_pull_request: bool = False
    lag: int = 0
    charts: dict[str, str] = field(default_factory=dict)


def materialize(world: World, process: Process, event: Event, **changes: Any) -> Report:
    """Materialise as the action does."""
    delivery = DeliveryOptions(by_pull_request=world.by_pull_request)
    request = replace(_REQUEST, event=event, delivery=delivery, **changes)
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
        self._git = SimulatedGit(world.manifests, process)
        self.fetcher = _Fetcher(world, process)
        self.times = ENDLESS
        self.helm = _Helm(world, process)
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


class _Fetcher:
    """Gets sources (`source_fetching.SourceFetcher`). What it was told once it stays with."""

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process
        self._known: dict[Source, str] = {}

    def expect(self, answers: Mapping[Source, str]) -> None:
        world, scheduler = self._world, self._process.scheduler
        if not world.lag:
            return

        def confirm() -> None:
            for source, answer in answers.items():
                repository = world.sources.find(source.url) if isinstance(source, GitSource) else None
                if repository is None:
                    continue
                late = scheduler.rng.randrange(world.lag + 1)
                told = repository.log[max(0, len(repository.log) - 1 - late)]
                if told == answer:
                    self._known[source] = answer
                    if repository.tip != answer:
                        self._process.is_lagging = True
                        scheduler.note(self._process.name, f"{source} looks unchanged", "an API lags")

        try:
            self._process.effect("ask GitHub for all", confirm, unreachable("GitHub"))
        except SourceError:
            return

    def ask(self, source: Source, *, token: str) -> str:
        if source not in self._known:
            self._known[source] = self._process.effect(
                f"ask {source}", lambda: self._answer(source), unreachable(str(source))
            )
        return self._known[source]

    def fetch(self, source: Source, *, token: str) -> Any:
        answer = self.ask(source, token=token)
        if isinstance(source, ChartSource):
            version = answer.split(" ")[0]
            return self._chart(f"library {version}", version)
        assert isinstance(source, GitSource)
        repository = self._world.sources.find(source.url)
        assert repository is not None
        return self._process.effect(
            f"fetch {source}", lambda: repository.snapshot(answer), unreachable(str(source))
        )

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        content = (snapshot.read(f"{path}/content") or b"").decode().strip()
        return self._chart(content, "0.1.0")

    def _answer(self, source: Source) -> str:
        sources = self._world.sources
        if isinstance(source, ChartSource):
            if "charts" in sources.down:
                raise SourceError(f"{source} can't be reached (down)")
            return self._chart(f"library {sources.releases[-1]}", sources.releases[-1]).revision
        assert isinstance(source, GitSource)
        repository = sources.find(source.url)
        if repository is None or repository.name in sources.down:
            raise SourceError(f"{source} can't be reached (down)")
        if repository.tip is None:
            raise SourceError(f"{source} isn't there")
        return repository.tip

    def _chart(self, content: str, version: str) -> ResolvedChart:
        digest = content_digest(content.encode())
        self._world.charts[digest] = content
        return ResolvedChart(path=Path(digest), version=version, digest=digest)


class _Helm:
    """Prints what decides a manifest; fails for a broken chart, and now and then for no reason."""

    version = "4.0.0"

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process

    def prepare(self) -> None:
        """Nothing to do."""

    def render(self, release: Release) -> Rendered:
        content = self._world.charts[str(release.chart)]
        mark = made(content, release.values)
        self._process.effect(
            f"render {release.label}", lambda: None, lambda why: RenderError(f"helm died ({why})")
        )
        if "broken" in content:
            raise RenderError("the chart fails")
        text = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {release.name}}}\ndata: {{made: '{mark}'}}\n"
        )
        return Rendered(text=text)
