"""Charts ready to render: from repositories, and from folders of a source with their dependencies."""

from __future__ import annotations

import tempfile
from pathlib import Path

from promotion.edges.charts.chart_archive import unpack
from promotion.edges.charts.chart_repositories import ChartRepositories
from promotion.edges.charts.dependency_builder import DependencyBuilder
from promotion.edges.single_flight import SingleFlight
from promotion.edges.web.web_client import WebClient
from promotion.rendering.model import ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource


class ChartStore:
    """Gets charts, each once per run however many components use it. Threads may share it.

    Args:
        web: fetches files.
        scratch: an existing folder of ours, where everything is written.
    """

    def __init__(self, web: WebClient, scratch: Path) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="charts-", dir=scratch))
        self._repositories = ChartRepositories(web)
        self._builder = DependencyBuilder(self._repositories.get, self._scratch)
        self._fetched: SingleFlight[tuple[ChartSource, str], ResolvedChart] = SingleFlight()
        self._prepared: SingleFlight[tuple[int, str], tuple[Snapshot, ResolvedChart]] = SingleFlight()

    def fetch(self, source: ChartSource, *, token: str = "") -> ResolvedChart:
        """Return a chart of a repository, unpacked (fab: internal/helm/pull.go).

        Args:
            token: `user:password` or a bearer token for the repository; no other host gets it.

        Raises:
            AccessError: the repository wants other credentials.
            SourceError: there is no such repository, chart or version, or the archive can't be trusted.
        """
        return self._fetched.get((source, token), lambda: self._unpack(source, token))

    def ask(self, source: ChartSource, *, token: str = "") -> str:
        """Return the version and digest that a repository has of a chart, without fetching it; empty if it
        can't be told. Errors are those of `fetch`.
        """
        return self._repositories.ask(source, token=token)

    def _unpack(self, source: ChartSource, token: str) -> ResolvedChart:
        archive = self._repositories.get(source, token=token)
        folder = Path(tempfile.mkdtemp(dir=self._scratch)) / "chart"
        unpack(archive.data, folder, str(source))
        return ResolvedChart(path=folder, version=archive.version, digest=archive.digest)

    def prepare(self, snapshot: Snapshot, path: str, *, repository: str = "") -> ResolvedChart:
        """Return a chart in a folder of a source, with its dependencies, in our scratch space.

        Dependencies that are vendored in `charts/` are used as they are. Others come from where Chart.yaml
        says, in the version of Chart.lock where there is one, as by `helm dependency build`.

        Args:
            path: the chart's folder in the source.
            repository: the source's address for messages; empty for the definition's own folder.

        Raises:
            DefinitionError: the chart's files are malformed, or its lock is out of date.
            SourceError: a dependency can't be had.
        """

        def build() -> tuple[Snapshot, ResolvedChart]:
            return snapshot, self._builder.build(snapshot, path, repository)

        return self._prepared.get((id(snapshot), path), build)[1]
