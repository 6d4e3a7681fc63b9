"""Where a run says what it does: the runner's log, or a terminal."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from promotion.errors import Location, PromotionError


class Console(Protocol):
    """Every text is redacted and made harmless before it is shown."""

    def debug(self, text: str) -> None:
        """A line for who looks for a fault."""

    def info(self, text: str) -> None:
        """Lines of log."""

    def diff(self, text: str) -> None:
        """A unified difference, in colour where that is of use."""

    def notice(self, text: str) -> None:
        """Something to know."""

    def warning(self, text: str, where: Location | None = None) -> None:
        """Something to look at."""

    def error(self, error: PromotionError) -> None:
        """Why the run failed."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """Return a step of the run."""

    def mask(self, secret: str) -> None:
        """Hide a secret from now on."""

    def output(self, name: str, value: str) -> None:
        """An output of the action."""

    def summary(self, markdown: str) -> None:
        """A part of the job summary."""
