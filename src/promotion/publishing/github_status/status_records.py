"""The records that are written to GitHub, and the warnings when they can't be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from promotion.common.console import Console
from promotion.common.text import line, list_some
from promotion.errors import AccessError, SourceError
from promotion.publishing.deployment_selection import LONGEST, Deployment, Status, StatusMark

_NAMED = 5  # repositories in a message


class StatusApi(Protocol):
    """Writes to GitHub within bounded time, and returns errors instead of raising them."""

    def create(self, wanted: Sequence[Deployment]) -> Sequence[int | SourceError]:
        """Create deployments and return their ids, in order."""

    def mark(self, wanted: Sequence[tuple[str, int, StatusMark]]) -> Sequence[SourceError | None]:
        """Set the states of deployments, by repository and id."""

    def report(self, statuses: Sequence[Status]) -> Sequence[SourceError | None]:
        """Set commits' statuses."""


class StatusWriter:
    """Opens the records when they are needed, and cleans the texts for GitHub and the console."""

    def __init__(
        self, open_records: Callable[[], StatusApi], console: Console, redact: Callable[[str], str]
    ) -> None:
        self._open, self._console, self._redact = open_records, console, redact
        self._told: set[str] = set()

    @cached_property
    def records(self) -> StatusApi:
        """The records to write to."""
        return self._open()

    def notice(self, text: str) -> None:
        """Log what isn't done."""
        self._console.notice(text)

    def clean(self, deployment: Deployment) -> Deployment:
        """Return a deployment with texts that may be sent."""
        return replace(
            deployment,
            description=self.shorten(deployment.description),
            components=tuple(_cut(line(label)) for label in deployment.components),
        )

    def shorten(self, text: str) -> str:
        """Return a text that GitHub accepts: one line, no credentials, cut to its limit."""
        return _cut(self._redact(line(text)))

    def report(self, statuses: Sequence[Status]) -> None:
        """Set commits' statuses."""
        outcomes = self.records.report(statuses)
        troubles = [
            (status.repository, error) for status, error in zip(statuses, outcomes, strict=True) if error
        ]
        self.explain("No commit status is written", "statuses: write", troubles)

    def explain(self, what: str, need: str, troubles: Sequence[tuple[str, SourceError]]) -> None:
        """Warn once of what can't be written, by repository."""
        refused = [repository for repository, error in troubles if isinstance(error, AccessError)]
        others = [(place, error) for place, error in troubles if not isinstance(error, AccessError)]
        if refused and what not in self._told:
            self._told.add(what)
            self._console.notice(
                f"{what} in {list_some(refused, _NAMED)}: the token, or the App, may not. "
                f"It needs `{need}` there."
            )
        if others and "trouble" not in self._told:
            self._told.add("trouble")
            places, error = list_some([place for place, _ in others], _NAMED), others[0][1]
            self._console.warning(f"{what} in {places}: {error.what}. The manifests aren't affected.")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
