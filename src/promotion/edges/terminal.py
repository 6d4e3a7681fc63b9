"""The console of a run outside Actions: colour and a progress line in a terminal, plain text elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from promotion.common.diff_marks import Mark, mark_lines
from promotion.common.phrases import say, spell_for_terminal
from promotion.common.redaction import Redactor
from promotion.common.text import plain
from promotion.errors import Location, PromotionError

STYLES: dict[Mark, str] = {"file": "bold", "hunk": "cyan", "added": "green", "removed": "red", "": ""}


class Terminal:
    """Messages go to standard error, so that standard output stays free for results."""

    def __init__(self, redact: Redactor, console: Console | None = None, *, verbose: bool = False) -> None:
        self._console = console or Console(stderr=True, soft_wrap=True, highlight=False)
        self._redact, self._verbose = redact, verbose
        self._status: Status | None = None

    def info(self, text: str) -> None:
        """Print a message."""
        self._print("", text)

    def diff(self, text: str) -> None:
        """Print a unified diff. Rich knows where no colours are wanted (no terminal, NO_COLOR)."""
        for mark, line in mark_lines(self._redact(plain(text))):
            self._console.print(Text(line, style=STYLES[mark]))

    def debug(self, text: str) -> None:
        """Print a debug message."""
        if self._verbose:
            self._print("dim", text)

    def notice(self, text: str) -> None:
        """Something to know."""
        self._print("cyan", text)

    def warning(self, text: str, where: Location | None = None) -> None:
        """Something to look at."""
        self._print("yellow", say("warning: {}{}", f"{where}: " if where else "", text))

    def error(self, error: PromotionError) -> None:
        """Why the run failed."""
        self._print("bold red", f"error: {error.tell(spell_for_terminal)}")

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Open a step of the run: a progress line in a terminal, a plain line elsewhere."""
        if not self._console.is_terminal or self._status:
            self.info(title)
            yield
            return
        self._status = self._console.status(Text(self._redact(plain(title))))
        try:
            with self._status:
                yield
        finally:
            self._status = None

    def mask(self, secret: str) -> None:
        """Nothing to do: every text goes through the redactor anyway."""

    def output(self, name: str, value: str) -> None:
        """Do nothing: outputs exist in Actions only."""

    def summary(self, markdown: str) -> None:
        """Summaries exist in Actions only."""

    def _print(self, style: str, text: str) -> None:
        self._console.print(Text(self._redact(plain(spell_for_terminal(text))), style=style))


def print_table(
    rows: Sequence[Sequence[str]], notes: Sequence[str], marks: Mapping[str, str], console: Console
) -> None:
    """Print a table and what stands below it.

    Args:
        rows: the first one is the head.
        marks: a style for each sign that makes a cell stand out.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in rows[0]:
        table.add_column(Text(title))
    for name, *cells in rows[1:]:
        table.add_row(Text(name), *(Text(cell, style=_style(cell, marks)) for cell in cells))
    console.print(table)
    console.print()
    for note in notes:
        console.print(Text(note), soft_wrap=True)


def _style(cell: str, marks: Mapping[str, str]) -> str:
    return next((style for mark, style in marks.items() if mark in cell), "")
