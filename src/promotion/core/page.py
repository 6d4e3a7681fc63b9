"""Markdown that is cut to a limit at whole parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile


class Page:
    """Text that grows up to a limit in bytes, by whole parts."""

    def __init__(self, limit: int) -> None:
        self._left = limit - 200  # for the notes that say what was left out
        self._parts: list[str] = []

    def add(self, text: str) -> bool:
        """Add a part if it fits; whether it did."""
        size = len(text.encode())
        if size > self._left:
            return False
        self._left -= size
        self._parts.append(text)
        return True

    def table(self, head: str, rows: Sequence[str], *, keep: int = 0) -> None:
        """Add the rows that fit, and count the others; `keep` bytes are left for what follows."""
        self._left -= keep
        if self.add(head):
            shown = list(takewhile(self.add, rows))
            hidden = len(rows) - len(shown)
            self._parts.append(f"\n… and {hidden} more.\n\n" if hidden else "\n")
        self._left += keep

    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)


def details(title: str, body: str) -> str:
    """A part that is folded; the title is HTML."""
    return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n\n"
