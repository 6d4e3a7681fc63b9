"""Text from other repositories, made harmless for logs, and words for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

# Colour and cursor codes could repaint a log; other controls (but tab and line feed) have no place in one.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
# So have the halves of surrogate pairs, which no stream takes.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_T = TypeVar("_T")
_LEVEL = re.compile(r"(?:[\w-]+\.go:\d+: )?warn(?:ing)?:\s*", re.IGNORECASE)


def plain(text: str) -> str:
    """Return the text without terminal codes, controls and direction overrides; lines are kept."""
    return _CONTROL.sub("", _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def harmless_json(text: str) -> str:
    """Escape what could repaint a log in JSON. Its meaning stays.

    GitHub's runner takes `##[` for a command wherever it stands (actions/runner: ActionCommand.TryParse).
    """
    escaped = _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return escaped.replace("##[", "#\\u0023[")


def line(text: str) -> str:
    """Return the text as one harmless line."""
    return " ".join(plain(text).split())


def count(number: int, noun: str, several: str = "") -> str:
    """Return `1 component` or `2 components`; `several` is an irregular plural."""
    return f"{number} {noun if number == 1 else several or f'{noun}s'}"


def list_some(names: Sequence[str], most: int) -> str:
    """Return the first names, and how many more there are, as in `cat, dog and 3 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def list_first(
    things: Sequence[_T], most: int, show: Callable[[_T], str], more: str = "and {} more"
) -> list[str]:
    """Return a row for each of the first things, and a last row that counts the others."""
    rest = len(things) - most
    return [*map(show, things[:most]), *([more.format(rest)] if rest > 0 else [])]


def truncate(text: str, most: int) -> str:
    """Return the text; of a longer one the first characters, and an ellipsis."""
    return text if len(text) <= most else f"{text[:most]}…"


def without_level(text: str) -> str:
    """Return a warning without the word for its level, which the log shows itself.

    Helm's begin in several ways: `warning: `, `WARNING: `, `coalesce.go:175: warning: `.
    """
    found = _LEVEL.match(text)
    return text[found.end() :] or text if found else text
