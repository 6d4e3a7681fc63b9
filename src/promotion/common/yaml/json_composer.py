"""JSON texts to the same nodes as YAML texts, so that both read alike and have positions.

The standard library's reader knows no places, but finds every flaw: it goes first.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any, NoReturn

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.composer import MAX_DEPTH, MAX_NODES, Scalar, decode_text, locate
from promotion.common.yaml.scalars import TAG_PREFIX
from promotion.errors import DefinitionError, Location

_SPACE = re.compile(r"[ \t\n\r]*")
_BARE = re.compile(r"[^ \t\n\r,\]}]+")
_DECODER = json.JSONDecoder()
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def compose_json(data: bytes, where: Location) -> yaml.Node:
    """Return the value of a JSON file as nodes: texts are quoted, other scalars are plain.

    Raises:
        DefinitionError: not UTF-8, not JSON, or beyond the limits; with line and column.
    """
    text = decode_text(data, where)
    try:
        json.loads(text, parse_constant=_refuse, parse_int=str)
    except json.JSONDecodeError as error:
        place = Location(where.file, error.lineno, error.colno, where.repository)
        if error.msg == "Extra data":
            what = "this isn't JSON: something follows the end of its value, and a file holds one"
            raise DefinitionError(what, where=place, fix="Remove it, or make it a file of its own.") from None
        raise DefinitionError(f"this isn't JSON: {error.msg}", where=place) from None
    except _NotJsonError as error:
        raise DefinitionError(f"this isn't JSON: {error}", where=where) from None
    except RecursionError:
        raise DefinitionError(f"this is nested more than {MAX_DEPTH} levels deep", where=where) from None
    return _Composer(text, where).compose()


class _NotJsonError(Exception):
    pass


def _refuse(word: str) -> NoReturn:
    raise _NotJsonError(f"{word} is no number of JSON")


@dataclass(frozen=True)
class _Mark:
    line: int
    column: int


class _Composer:
    """Builds nodes from a text that is known to be JSON."""

    def __init__(self, text: str, where: Location) -> None:
        self._text, self._where = text, where
        self._nodes = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def compose(self) -> yaml.Node:
        return self._compose(self._skip(0), 1)[0]

    def _compose(self, at: int, depth: int) -> tuple[yaml.Node, int]:
        """Return the node at an offset, and the offset after it."""
        if depth > MAX_DEPTH:
            raise self._error(f"this is nested more than {MAX_DEPTH} levels deep", at)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(f"this holds more than {MAX_NODES} values", at)
        if self._text[at] == "{":
            return self._compose_map(at, depth)
        if self._text[at] == "[":
            return self._compose_list(at, depth)
        return self._compose_scalar(at)

    def _compose_map(self, start: int, depth: int) -> tuple[yaml.Node, int]:
        pairs = []
        at = self._skip(start + 1)
        while self._text[at] != "}":
            key, at = self._compose_scalar(at)
            value, at = self._compose(self._skip(self._skip(at) + 1), depth + 1)
            pairs.append((key, value))
            at = self._next(at)
        return yaml.MappingNode(f"{TAG_PREFIX}map", pairs, self._mark(start), self._mark(at)), at + 1

    def _compose_list(self, start: int, depth: int) -> tuple[yaml.Node, int]:
        items = []
        at = self._skip(start + 1)
        while self._text[at] != "]":
            item, at = self._compose(at, depth + 1)
            items.append(item)
            at = self._next(at)
        return yaml.SequenceNode(f"{TAG_PREFIX}seq", items, self._mark(start), self._mark(at)), at + 1

    def _compose_scalar(self, at: int) -> tuple[yaml.Node, int]:
        if self._text[at] == '"':
            value, end = _DECODER.raw_decode(self._text, at)
            if _LONE_SURROGATE.search(value):
                raise self._error("half of a surrogate pair is no character", at)
            return self._scalar(value, '"', at, end), end
        match = _BARE.match(self._text, at)
        assert match  # noqa: S101 (the text is JSON)
        if match[0][-1].isdigit() and float(match[0]) in {float("inf"), float("-inf")}:
            raise self._error(f"the number {match[0]} is out of range", at)
        return self._scalar(match[0], None, at, match.end()), match.end()

    def _scalar(self, value: str, style: str | None, start: int, end: int) -> Scalar:
        tag = f"{TAG_PREFIX}str"
        return Scalar(tag, value, self._mark(start), self._mark(end), style=style, explicit=None)

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _next(self, at: int) -> int:
        """Return the offset of the next item or of the closing bracket."""
        at = self._skip(at)
        return self._skip(at + 1) if self._text[at] == "," else at

    def _mark(self, at: int) -> Any:
        line = bisect_right(self._lines, at) - 1
        return _Mark(line, at - self._lines[line])

    def _error(self, what: str, at: int) -> DefinitionError:
        return DefinitionError(what, where=locate(self._mark(at), self._where))
