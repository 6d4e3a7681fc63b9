"""A table on standard output: as wide as the terminal, with colours, if there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


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
