"""Read Helm's own YAML files: every scalar stays the text it is written as, so `1.10` is a version.

Written on events rather than PyYAML's constructor, whose recursion a hostile file could exhaust.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

MOST_LEVELS = 100
MOST_VALUES = 3_000_000  # each takes 1 µs and 100 bytes
MOST_ALIASED = 1_000_000  # characters that aliases stand for
TAB = "this isn't YAML: a tab stands here, where only spaces may"
TAB_FIX = "Indent with spaces."
_NULLS = ("", "~", "null", "Null", "NULL")
_UNFINISHED = object()


class PlainYamlError(ValueError):
    """The text isn't YAML, or is beyond the limits. `line` and `column` count from 1; `fix` is what to do."""

    def __init__(
        self,
        message: str,
        line: int | None = None,
        column: int | None = None,
        fix: str = "Correct the YAML.",
    ) -> None:
        super().__init__(message)
        self.line, self.column, self.fix = line, column, fix


def load_plain(data: bytes) -> Any:
    """Return the first document as dictionaries, lists, texts and None; an empty one is None.

    Raises:
        PlainYamlError: it can't be read.
    """
    try:
        return _Builder().build(yaml.parse(data, Loader=yaml.CBaseLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        here = data.decode(errors="replace")[mark.index :][:1] if mark else ""
        if is_tab(error, here):
            raise PlainYamlError(TAB, line, column, TAB_FIX) from None
        raise PlainYamlError(error.problem or "it is no YAML", line, column) from None
    except (yaml.YAMLError, UnicodeError):
        raise PlainYamlError("it has bytes that are no UTF-8 text or no YAML") from None


def is_tab(error: yaml.MarkedYAMLError, here: str) -> bool:
    """Return whether libyaml's error is about a tab; `here` is the character that it points at."""
    is_stray = here == "\t" and error.problem == "found character that cannot start any token"
    return is_stray or "tab character" in (error.problem or "")


class _Builder:
    """Builds values from events with a stack of its own."""

    def __init__(self) -> None:
        self._open: list[tuple[yaml.CollectionStartEvent, list[Any], int]] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = self._size = self._aliased = 0
        self._root: Any = None

    def build(self, events: Iterable[yaml.Event]) -> Any:
        for event in events:
            if isinstance(event, yaml.DocumentEndEvent):
                return self._root
            if self._values > MOST_VALUES:
                raise _problem(event, f"it holds more than {MOST_VALUES} values")
            self._take(event)
        return None

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                is_null = not event.style and event.value in _NULLS
                self._size += 1 + len(event.value)
                self._add(None if is_null else event.value, event.anchor, 1 + len(event.value))
            case yaml.AliasEvent():
                value, size = self._anchors.get(event.anchor or "", (_UNFINISHED, 0))
                if value is _UNFINISHED:
                    raise _problem(event, f"the anchor *{event.anchor} isn't defined before")
                self._size += size
                self._aliased += size
                if self._aliased > MOST_ALIASED:
                    raise _problem(event, f"aliases stand for more than {MOST_ALIASED} characters")
                self._add(value, None, size)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                if len(self._open) >= MOST_LEVELS:
                    raise _problem(event, f"it has more than {MOST_LEVELS} levels")
                if event.anchor:
                    self._anchors[event.anchor] = (_UNFINISHED, 0)
                self._size += 1
                self._open.append((event, [], self._size))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                start, items, before = self._open.pop()
                is_map = isinstance(start, yaml.MappingStartEvent)
                value = _make_map(start, items) if is_map else items
                self._add(value, start.anchor, 1 + self._size - before)

    def _add(self, value: Any, anchor: str | None, size: int) -> None:
        self._values += 1
        if anchor:
            self._anchors[anchor] = (value, size)
        if self._open:
            self._open[-1][1].append(value)
        else:
            self._root = value


def _make_map(event: yaml.Event, items: list[Any]) -> dict[str, Any]:
    keys = items[::2]
    if not all(key is None or isinstance(key, str) for key in keys):
        raise _problem(event, "a key is a map or a list")
    return dict(zip(("" if key is None else key for key in keys), items[1::2], strict=True))


def _problem(event: yaml.Event, message: str) -> PlainYamlError:
    mark = event.start_mark
    return PlainYamlError(message, *((mark.line + 1, mark.column + 1) if mark else ()))
