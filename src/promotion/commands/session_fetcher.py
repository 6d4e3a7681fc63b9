"""What a session gets of the repositories, charts and files of a definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from promotion.core.lock.digest import content_digest
from promotion.core.model import ChartSource, GitSource, ResolvedChart, Snapshot, Source, WebSource
from promotion.edges.once import Once

if TYPE_CHECKING:
    from promotion.commands.session import Session


class SessionFetcher:
    """Gets sources (`promotion.steps.gather.Fetcher`)."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._files: Once[tuple[str, str], bytes] = Once()

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
        """What a source is, without fetching it; empty if only fetching it can tell."""
        match source:
            case GitSource():
                return self._session.git.ask(self._locate(source), token=self._session.hide(token))
            case ChartSource():
                return self._session.charts.ask(source, token=self._session.hide(token))
            case WebSource():
                return content_digest(self.web(source, token=token))
        return ""

    def git(self, source: GitSource, *, token: str) -> Snapshot:
        """A repository's files at one commit."""
        return self._session.git.fetch(self._locate(source), token=self._session.hide(token))

    def chart(self, source: ChartSource, *, token: str) -> ResolvedChart:
        """A chart of a Helm repository, unpacked."""
        return self._session.charts.fetch(source, token=self._session.hide(token))

    def web(self, source: WebSource, *, token: str) -> bytes:
        """A file at a web address."""
        web, hidden = self._session.web, self._session.hide(token)
        return self._files.get((source.url, token), lambda: web.get(source.url, token=hidden))

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        """A chart in a folder of a snapshot, its dependencies built."""
        return self._session.charts.prepare(snapshot, path, repository=repository)

    def _locate(self, source: GitSource) -> GitSource:
        return replace(source, url=self._session.locate(source.url))
