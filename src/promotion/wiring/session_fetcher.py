"""What a session gets of the repositories, charts and files of a definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from promotion.edges.single_flight import SingleFlight
from promotion.rendering.lock.input_digest import content_digest
from promotion.rendering.model import ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Fetched, Source, SourceKind
from promotion.rendering.sources.web_source import WebSource

if TYPE_CHECKING:
    from promotion.wiring.run_session import RunSession


Kind = TypeVar("Kind", bound=Source)


class _KindFetcher(Protocol):
    """Gets the sources of one kind; the methods are as of `SourceFetcher`."""

    def ask(self, source: Any, *, token: str) -> str: ...

    def fetch(self, source: Any, *, token: str) -> Any: ...


class SessionFetcher:
    """Gets sources (`promotion.rendering.definition.source_fetching.SourceFetcher`)."""

    def __init__(self, session: RunSession) -> None:
        self._session, files = session, _WebFiles(session)
        self._fetchers: Mapping[type[Source], Callable[[], _KindFetcher]] = {
            GitSource: lambda: session.git,
            ChartSource: lambda: session.charts,
            WebSource: lambda: files,
        }

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
        find = self._fetchers.get(type(source))
        if find is None:  # the local definition, which is there already
            return ""
        return find().ask(self._locate(source), token=self._session.hide(token))

    def fetch(self, source: SourceKind[Fetched], *, token: str) -> Fetched:
        """Return a repository's files at one commit, an unpacked chart, or a file's bytes."""
        token = self._session.hide(token)
        found: Fetched = self._fetchers[type(source)]().fetch(self._locate(source), token=token)
        return found

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        """Return a chart in a folder of a snapshot, its dependencies built."""
        return self._session.charts.prepare(snapshot, path, repository=repository)

    def _locate(self, source: Kind) -> Kind:
        if not isinstance(source, GitSource):
            return source
        return replace(source, url=self._session.locate(source.url))


class _WebFiles:
    def __init__(self, session: RunSession) -> None:
        self._session = session
        self._files: SingleFlight[tuple[str, str], bytes] = SingleFlight()

    def ask(self, source: WebSource, *, token: str) -> str:
        return content_digest(self.fetch(source, token=token))

    def fetch(self, source: WebSource, *, token: str) -> bytes:
        return self._files.get((source.url, token), lambda: self._session.web.get(source.url, token=token))
