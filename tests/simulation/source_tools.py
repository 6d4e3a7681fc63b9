"""The tools that get sources and render charts, over the simulated servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promotion.errors import PromotionError, RenderError, SourceError, UnreachableError
from promotion.rendering.lock.input_digest import content_digest
from promotion.rendering.model import Release, Rendered, ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from simulation.manifest_world import unreachable
from simulation.scheduler import Process
from simulation.sources_world import SourceRepository, SourcesWorld, made


class SimulatedFetcher:
    """Gets sources (`source_fetching.SourceFetcher`). What it was told once it stays with."""

    def __init__(self, world: SourcesWorld, process: Process, *, lag: int) -> None:
        self._world, self._process, self._lag = world, process, lag
        self._known: dict[Source, str] = {}

    def expect(self, answers: Mapping[Source, str]) -> None:
        world, scheduler = self._world, self._process.scheduler
        if not self._lag:
            return

        def confirm() -> None:
            for source, answer in answers.items():
                repository = world.find(source.url) if isinstance(source, GitSource) else None
                if repository is None:
                    continue
                late = scheduler.rng.randrange(self._lag + 1)
                told = repository.log[max(0, len(repository.log) - 1 - late)]
                if told == answer:
                    self._known[source] = self._process.told[repository.name] = answer
                    if repository.tip != answer:
                        self._process.is_lagging = True
                        scheduler.note(self._process.name, f"{source} looks unchanged", "an API lags")

        try:
            self._process.effect("ask GitHub for all", confirm, unreachable("GitHub"))
        except SourceError:
            return

    def ask(self, source: Source, *, token: str) -> str:
        if source not in self._known:
            with self._noting(source) as name:
                answer = self._process.effect(
                    f"ask {source}", lambda: self._answer(source), unreachable(str(source))
                )
            self._known[source] = self._process.told[name] = answer
        return self._known[source]

    @contextmanager
    def _noting(self, source: Source) -> Iterator[str]:
        """Give the name of a source, and note what fails there."""
        name = source.url.rpartition("/")[2] if isinstance(source, GitSource) else "charts"
        try:
            yield name
        except SourceError as error:
            is_passing = isinstance(error, UnreachableError)
            self._process.troubles.setdefault(name, set()).add(is_passing)
            self._process.is_shaken |= is_passing
            raise

    def fetch(self, source: Source, *, token: str) -> Any:
        answer = self.ask(source, token=token)

        def get() -> Any:
            if isinstance(source, ChartSource):
                version = answer.split(" ")[0]
                return self._chart(f"library {version}", version)
            repository = self._find(source)
            if repository.name in self._world.down:
                raise UnreachableError(f"{source} can't be reached (down)")
            return repository.snapshot(answer)

        with self._noting(source):
            return self._process.effect(f"fetch {source}", get, unreachable(str(source)))

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        content = (snapshot.read(f"{path}/content") or b"").decode().strip()
        return self._chart(content, "0.1.0")

    def _answer(self, source: Source) -> str:
        sources = self._world
        if isinstance(source, ChartSource):
            if "charts" in sources.down:
                raise UnreachableError(f"{source} can't be reached (down)")
            return self._chart(f"library {sources.releases[-1]}", sources.releases[-1]).revision
        repository = self._find(source)
        if repository.name in sources.down:
            raise UnreachableError(f"{source} can't be reached (down)")
        if repository.tip is None:
            raise SourceError(f"{source} isn't there")
        return repository.tip

    def _find(self, source: Source) -> SourceRepository:
        assert isinstance(source, GitSource)
        repository = self._world.find(source.url)
        assert repository is not None
        return repository

    def _chart(self, content: str, version: str) -> ResolvedChart:
        digest = content_digest(content.encode())
        self._world.charts[digest] = content
        return ResolvedChart(path=Path(digest), version=version, digest=digest)


class SimulatedHelm:
    """Prints what decides a manifest; fails for a broken chart, and now and then for no reason."""

    version = "4.0.0"

    def __init__(self, world: SourcesWorld, process: Process) -> None:
        self._world, self._process = world, process

    def prepare(self) -> None:
        """Nothing to do."""

    def render(self, release: Release) -> Rendered:
        content = self._world.charts[str(release.chart)]
        mark = made(content, release.values)
        try:
            self._process.effect(f"render {release.label}", lambda: None, self._die)
        except RenderError as error:
            part = release.label.partition("/")[0]
            self._process.troubles.setdefault(part, set()).add(error.is_passing)
            self._process.is_shaken = True
            raise
        if "broken" in content:
            raise RenderError("the chart fails")
        text = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {release.name}}}\ndata: {{made: '{mark}'}}\n"
        )
        return Rendered(text=text)

    def _die(self, why: str) -> PromotionError:
        error = RenderError(f"helm died ({why})")
        error.is_passing = True
        return error
