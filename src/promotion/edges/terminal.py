"""The console of a run outside Actions: colour and a progress line in a terminal, plain text elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TextIO

from promotion.common.phrases import say, spell_for_terminal
from promotion.common.redaction import Redactor
from promotion.common.text import plain
from promotion.errors import Location, PromotionError

if TYPE_CHECKING:  # rich costs more than all else of a run that changes nothing
    from rich.console import Console
    from rich.status import Status

# What has rich take a stream for a terminal, or not (rich/console.py: Console.is_terminal).
_VARIABLES = ("TTY_COMPATIBLE", "FORCE_COLOR")
# The kind of a line of a unified diff.
Mark = Literal["file", "hunk", "added", "removed", ""]
_SIGNS: dict[str, Mark] = {"+": "added", "-": "removed"}
STYLES: dict[Mark, str] = {"file": "bold", "hunk": "cyan", "added": "green", "removed": "red", "": ""}


def takes_codes(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Return whether a stream may be a terminal; rich decides then."""
    return stream.isatty() or any(name in environment for name in _VARIABLES)


class Terminal:
    """Messages go to standard error, so that standard output stays free for results.

    Args:
        redact: hides secrets.
        console: where to print instead.
        stream: a plain stream to print to, without rich as long as that makes no difference.
        verbose: whether debug messages are shown.
    """

    def __init__(
        self,
        redact: Redactor,
        console: Console | None = None,
        *,
        stream: TextIO | None = None,
        verbose: bool = False,
    ) -> None:
        self._given, self._stream = console, stream
        self._redact, self._verbose = redact, verbose
        self._status: Status | None = None

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        return self._given or Console(stderr=True, soft_wrap=True, highlight=False)

    def info(self, text: str) -> None:
        """Print a message."""
        self._print("", text)

    def diff(self, text: str) -> None:
        """Print a unified diff. Rich knows where no colours are wanted (no terminal, NO_COLOR)."""
        for mark, line in mark_lines(self._redact(plain(text))):
            self._write(STYLES[mark], line)

    def debug(self, text: str) -> None:
        """Print a debug message."""
        if self._verbose:
            self._print("dim", text)

    def notice(self, text: str) -> None:
        """Tell the user something to know."""
        self._print("cyan", text)

    def warning(self, text: str, where: Location | None = None) -> None:
        """Warn of something to look at."""
        self._print("yellow", say("warning: {}{}", f"{where}: " if where else "", text))

    def error(self, error: PromotionError) -> None:
        """Say why the run failed."""
        self._print("bold red", f"error: {error.tell(spell_for_terminal)}")

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Open a step of the run: a progress line in a terminal, a plain line elsewhere."""
        if self._stream or not self._console.is_terminal or self._status:
            self.info(title)
            yield
            return
        from rich.text import Text

        self._status = self._console.status(Text(self._redact(plain(title))))
        try:
            with self._status:
                yield
        finally:
            self._status = None

    def mask(self, secret: str) -> None:
        """Do nothing: every text goes through the redactor anyway."""

    def output(self, name: str, value: str) -> None:
        """Do nothing: outputs exist in Actions only."""

    def summary(self, markdown: str) -> None:
        """Do nothing: summaries exist in Actions only."""

    def _print(self, style: str, text: str) -> None:
        self._write(style, self._redact(plain(spell_for_terminal(text))))

    def _write(self, style: str, text: str) -> None:
        if self._stream and "\t" not in text:  # rich puts blanks for tabs
            self._stream.write(f"{text}\n")
            self._stream.flush()
            return
        from rich.text import Text

        self._console.print(Text(text, style=style))


def print_table(
    rows: Sequence[Sequence[str]], notes: Sequence[str], marks: Mapping[str, str], console: Console
) -> None:
    """Print a table and what stands below it.

    Args:
        rows: the first one is the head.
        marks: a style for each sign that makes a cell stand out.
    """
    from rich.table import Table
    from rich.text import Text

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


def mark_lines(diff: str) -> Iterator[tuple[Mark, str]]:
    """Yield each line with its mark.

    The names of files look like lines that are removed and added; behind them a hunk begins.
    """
    lines = diff.removesuffix("\n").split("\n")
    heads = {
        at + offset
        for at, three in enumerate(zip(lines, lines[1:], lines[2:], strict=False))
        if three[0].startswith("--- ") and three[1].startswith("+++ ") and three[2].startswith("@@ ")
        for offset in (0, 1)
    }
    for at, line in enumerate(lines):
        if at in heads:
            yield "file", line
        elif line.startswith("@@ "):
            yield "hunk", line
        else:
            yield _SIGNS.get(line[:1], ""), line
