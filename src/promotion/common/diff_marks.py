"""The kind of each line of a unified diff, so that it can be shown in colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

Mark = Literal["file", "hunk", "added", "removed", ""]

_SIGNS: dict[str, Mark] = {"+": "added", "-": "removed"}


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
