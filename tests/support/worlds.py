"""A world in memory that changes between runs: repositories, charts, files, tools, and manifest branches."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from promotion.commands.materialize.materialization import materialize_environment
from promotion.common.event import Event
from promotion.errors import Location, PromotionError, SourceError
from promotion.publishing.report import Report
from promotion.publishing.retry import Clock
from promotion.rendering.definition.part_times import ENDLESS
from promotion.rendering.lock.input_digest import content_digest
from promotion.rendering.materialize_request import HelmOptions, Policy, Request
from promotion.rendering.model import Release, Rendered, ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.web_source import WebSource
from support.definitions import MemorySnapshot
from support.memory_branch import MemoryBranch
from support.traces import silent
from support.trees import CHART_REPOSITORY, OWN, WEB, Tree, write

HLD = "https://git.test/hld"
LIBRARY = ChartSource(repository=CHART_REPOSITORY, chart="library", version="1.x")
REQUEST = Request(
    environment="dev",
    hld_repository=HLD,
    hld_ref="dev",
    hld_path=".",
    configs=(),
    manifest_repository="https://git.test/manifests",
    manifest_branch="dev",
    manifest_path=".",
    commit_message="{summary}",
    commit_author="",
    adopt=False,
    allow_empty=True,
    dry_run=False,
    hooks_allowed=False,
    helm=HelmOptions(),
    event=Event(),
    policy=Policy(validate="off", secrets="allow", determinism="off"),
)


@dataclass(frozen=True, kw_only=True)
class World:
    """What a run finds: a definition, and all that it doesn't say.

    `files` are more files of repositories, or others; `releases` counts those of each chart;
    `without_digests` are charts whose index promises no digest.
    """

    tree: Tree
    request: Request = REQUEST
    files: Mapping[tuple[str, str], str] = field(default_factory=dict)
    releases: Mapping[str, int] = field(default_factory=dict)
    without_digests: frozenset[str] = frozenset()
    web: Mapping[str, str] = field(default_factory=dict)
    engine: str = "1.0.0"
    helm: str = "4.0.0"

    def with_file(self, repository: str, path: str, text: str) -> World:
        return replace(self, files={**self.files, (repository, path): text})

    def with_release(self, chart: str) -> World:
        return replace(self, releases={**self.releases, chart: self.releases.get(chart, 0) + 1})

    def repository(self, url: str) -> dict[str, str] | None:
        """The files of a repository."""
        name = OWN if url == HLD else url
        files = write(self.tree).get(name)
        if files is None:
            return None
        return {**files, **{path: text for (owner, path), text in self.files.items() if owner == name}}


@dataclass
class Run:
    """What a run did: its report, or why it failed; and what it fetched and rendered."""

    report: Report | None = None
    error: PromotionError | None = None
    fetched: list[Source] = field(default_factory=list)
    asked: list[Source] = field(default_factory=list)
    rendered: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def run(world: World, branch: MemoryBranch, **changes: Any) -> Run:
    """Materialise the world onto a branch.

    Args:
        changes: of the request.
    """
    done = Run()

    @contextmanager
    def open_tools() -> Iterator[_Tools]:
        yield _Tools(world, branch, done)

    request = replace(world.request, configs=world.tree.layers, hld_path=world.tree.homes["root"].path or ".")
    try:
        done.report = materialize_environment(
            asked := replace(request, **changes),
            open_tools,
            _Console(done.lines),  # type: ignore[arg-type]
            environment={},
            pace=Clock(now=lambda: 1_700_000_000, pause=lambda attempt: None),
            workers=1,
            engine=world.engine,
            tracer=silent(asked),
        )
    except PromotionError as error:
        done.error = error
    return done


@dataclass
class _Console:
    lines: list[str]

    def group(self, title: str) -> nullcontext[None]:
        return nullcontext()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda text, *rest: self.lines.append(str(text))


class _Tools:
    def __init__(self, world: World, branch: MemoryBranch, done: Run) -> None:
        self.fetcher = _Fetcher(world, done)
        self.times = ENDLESS
        self.helm = _Helm(world, done)
        self.schemas = None  # nothing is validated
        self.warnings: list[str] = []
        self._branch = branch

    def warn(self, text: str, where: Location | None = None) -> None:
        self.warnings.append(text)

    def address(self, repository: str) -> str:
        return repository

    def open_branch(
        self, repository: str, branch: str, *, verified: bool = False
    ) -> tuple[MemoryBranch, Callable[[str], str]]:
        assert not verified
        return self._branch, self._branch.push

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} isn't needed here")


def before_opening(source: GitSource) -> object:
    """Nothing; a test may have a server fail here."""


class _Fetcher:
    def __init__(self, world: World, done: Run) -> None:
        self._world, self._done = world, done

    def expect(self, answers: Mapping[Source, str]) -> None:
        """Nothing is asked beforehand."""

    def ask(self, source: Source, *, token: str) -> str:
        self._done.asked.append(source)
        match source:
            case GitSource():
                return self._open(source).revision
            case ChartSource(chart=chart):
                return "" if chart in self._world.without_digests else self._release(chart).revision
            case WebSource():
                return content_digest(self._read(source))
        raise AssertionError(f"nobody can be asked for {source}")

    def fetch(self, source: Source, *, token: str) -> Any:
        self._done.fetched.append(source)
        match source:
            case GitSource():
                return self._open(source)
            case ChartSource(chart=chart):
                return self._release(chart)
            case WebSource():
                return self._read(source)

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        """`shop` has a dependency from a chart repository."""
        name, digest = posixpath.basename(path), snapshot.digest(path)
        if name != "shop":
            return ResolvedChart(path=Path(name, digest), version="1.0.0", digest=digest)
        library = self._release(LIBRARY.chart)
        digest = f"{digest} with {library.digest}"
        return ResolvedChart(
            path=Path(name, digest), version="1.0.0", digest=digest, dependencies={LIBRARY: library.revision}
        )

    def _open(self, source: GitSource) -> MemorySnapshot:
        before_opening(source)
        files = self._world.repository(source.url)
        if files is None:
            raise SourceError(f"{source} isn't there")
        return MemorySnapshot(files, hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest())  # noqa: S324

    def _release(self, chart: str) -> ResolvedChart:
        number = self._world.releases.get(chart, 0)
        digest = content_digest(f"{chart} {number}".encode())
        return ResolvedChart(path=Path(chart, digest), version=f"1.0.{number}", digest=digest)

    def _read(self, source: WebSource) -> bytes:
        name = source.url.removeprefix(f"{WEB}/")
        return self._world.web.get(name, f"kind: ServiceAccount\nmetadata: {{name: {name}}}\n").encode()


class _Helm:
    """Prints all that decides a manifest, so that whatever a digest forgets is seen."""

    def __init__(self, world: World, done: Run) -> None:
        self.version = world.helm
        self._world, self._done = world, done

    def prepare(self) -> None:
        """Nothing to do."""

    def render(self, release: Release) -> Rendered:
        self._done.rendered.append(release.name)
        if release.chart.parts[0] == "quiet" and not release.values.get("flag"):
            return Rendered(text="")
        inputs = {
            "name": release.name,
            "namespace": release.namespace,
            "chart": str(release.chart),
            "values": release.values,
            "versions": [self._world.engine, self.version],
            "options": self._world.request.helm.deciding,
        }
        data = json.dumps(inputs, sort_keys=True)  # Go's maps have no order, so no chart sees one
        return Rendered(
            text=f"kind: ConfigMap\nmetadata:\n  name: {json.dumps(release.name)}\ndata: {data}\n"
        )
