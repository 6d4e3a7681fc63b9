"""The place where a run says what it does: the runner's log, or a terminal."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from promotion.errors import Location, PromotionError


class Console(Protocol):
    """Shows texts. Every text is redacted and made harmless before it is shown."""

    def debug(self, text: str) -> None:
        """Log a debug message."""

    def info(self, text: str) -> None:
        """Log a message of one or more lines."""

    def diff(self, text: str) -> None:
        """Show a unified diff, in colour where that helps."""

    def notice(self, text: str) -> None:
        """Show a notice."""

    def warning(self, text: str, where: Location | None = None) -> None:
        """Show a warning."""

    def error(self, error: PromotionError) -> None:
        """Show why the run failed."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """Open a group of log lines for a step of the run."""

    def mask(self, secret: str) -> None:
        """Hide a secret from now on."""

    def output(self, name: str, value: str) -> None:
        """Set an output of the action."""

    def summary(self, markdown: str) -> None:
        """Add a part to the job summary."""
