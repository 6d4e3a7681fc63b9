"""What a session gets of the repositories, charts and files of a definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from promotion.edges.single_flight import SingleFlight
from promotion.rendering.lock.input_digest import content_digest
from promotion.rendering.model import ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.web_source import WebSource

if TYPE_CHECKING:
    from promotion.wiring.run_session import RunSession


class SessionFetcher:
    """Gets sources (`promotion.rendering.definition.source_fetching.SourceFetcher`)."""

    def __init__(self, session: RunSession) -> None:
        self._session = session
        self._files: SingleFlight[tuple[str, str], bytes] = SingleFlight()

    def expect(self, answers: Mapping[Source, str]) -> None:
        """Prepare questions that most likely have these answers."""
        self._session.git.expect(
            {
                self._locate(source): answer
                for source, answer in answers.items()
                if isinstance(source, GitSource)
            }
        )

    def ask(self, source: Source, *, token: str) -> str:
        """Return what a source is, without fetching it; empty if only fetching it can tell."""
        match source:
            case GitSource():
                return self._session.git.ask(self._locate(source), token=self._session.hide(token))
            case ChartSource():
                return self._session.charts.ask(source, token=self._session.hide(token))
            case WebSource():
                return content_digest(self.web(source, token=token))
        return ""

    def git(self, source: GitSource, *, token: str) -> Snapshot:
        """Return a repository's files at one commit."""
        return self._session.git.fetch(self._locate(source), token=self._session.hide(token))

    def chart(self, source: ChartSource, *, token: str) -> ResolvedChart:
        """Return a chart of a Helm repository, unpacked."""
        return self._session.charts.fetch(source, token=self._session.hide(token))

    def web(self, source: WebSource, *, token: str) -> bytes:
        """Return a file at a web address."""
        web, hidden = self._session.web, self._session.hide(token)
        return self._files.get((source.url, token), lambda: web.get(source.url, token=hidden))

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        """Return a chart in a folder of a snapshot, its dependencies built."""
        return self._session.charts.prepare(snapshot, path, repository=repository)

    def _locate(self, source: GitSource) -> GitSource:
        return replace(source, url=self._session.locate(source.url))
