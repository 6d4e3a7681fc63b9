"""YAML and JSON texts to PyYAML nodes with positions, within limits.

PyYAML's own composer refuses an anchor that is defined twice (which is legal) and has no limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from promotion.common import lfs_pointers as lfs
from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.plain_yaml import TAB, TAB_FIX, is_tab
from promotion.common.yaml.scalars import TAG_PREFIX
from promotion.errors import DefinitionError, Location

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 200
# Texts, lists and maps: of a file that people write, and of a manifest. Each takes 5 µs and 500 bytes.
MAX_NODES, MOST_VALUES = 500_000, 1_000_000
# go-yaml begins to suspect a bomb at the same count (decode.go: alias_ratio_range_low).
MAX_ALIASED_NODES = 400_000
_MOST_RECURSIONS = 10_000
_MOST_UNLIMITED = 2**20  # characters
_LONG = 100  # characters of a text that count for one node more where aliases repeat it
# Where an anchor or an alias may stand; text in a scalar may look the same.
_ANCHOR, _ALIAS = (re.compile(rf"(?<![^\s\[\]{{}},:\ufeff]){sign}[\w-]") for sign in ("&", r"\*"))

_SYNTAX = "Look there and just above for a wrong indentation, or a colon, quote or bracket that is missing."
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()


class Scalar(yaml.ScalarNode):
    """A scalar that knows its explicit tag, and whether it was written without quotes and tag."""

    def __init__(
        self, tag: str, value: str, start: Any, end: Any, *, style: str | None, explicit: str | None
    ) -> None:
        super().__init__(tag, value, start, end, style=style)
        self.explicit = explicit

    @property
    def is_plain(self) -> bool:
        """Whether its type depends on its text."""
        return self.explicit is None and self.style in {None, ""}


@dataclass
class _Anchored:
    """The node of an anchor: its weight (nodes, long texts count more) and its depth.

    `node` is None while it is being read.
    """

    node: yaml.Node | None = None
    weight: int = 0
    height: int = 0


def locate(mark: Any, where: Location) -> Location:
    """Return the position of a PyYAML mark, or anything with `line` and `column` from 0, in `where`."""
    return Location(where.file, mark.line + 1, mark.column + 1, where.repository, where.revision)


def decode_text(data: bytes, where: Location) -> str:
    """Return the text of a file, without a byte order mark.

    Raises:
        DefinitionError: it isn't UTF-8, or longer than 10 MiB, or Git LFS has it.
    """
    if len(data) > MAX_BYTES:
        raise DefinitionError(
            f"the file is longer than {MAX_BYTES // 1024**2} MiB", where=where, fix="Divide it into several."
        )
    if lfs.is_pointer(data):
        raise DefinitionError(lfs.WHAT, where=where, fix=lfs.FIX)
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DefinitionError(
            f"the file isn't UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}",
            where=Location(where.file, line, repository=where.repository),
            fix="Save it as UTF-8.",
        ) from None


def compose_first(data: bytes, where: Location) -> yaml.Node | None:
    """Return the first YAML document of a file; None if there is none. What follows must be valid, too.

    Raises:
        DefinitionError: not UTF-8, not YAML, an unknown alias, or beyond the limits; with line and column.
    """
    first = None
    for number, node in enumerate(_documents(decode_text(data, where), where, _compose_scalar, MAX_NODES)):
        if number == 0:
            first = node
    return first


def compose_each(text: str, where: Location) -> Iterator[yaml.Node]:
    """Yield all YAML documents of a text. Nodes and errors are as for `compose_first`."""
    return _documents(text, where, _compose_scalar, MOST_VALUES)


def needs_limits(text: str) -> bool:
    """Return whether a text is too risky for PyYAML's C composer, which is fast but has no limits.

    It could hold millions of values, or have aliases and stand for far more than it holds. Or it could nest
    so deeply that the composer, which recurs, ends the process; that is at some 30,000 levels on a stack of
    8 MiB, and each level takes one of these, or a line that is indented further.
    """
    if len(text) > _MOST_UNLIMITED or sum(map(text.count, ("[", "{", "- ", "? "))) > _MOST_RECURSIONS:
        return True
    return "&" in text and has_alias(text) and bool(_ANCHOR.search(text))


def has_alias(text: str) -> bool:
    """Return whether there may be an alias in a text."""
    return "*" in text and bool(_ALIAS.search(text))


def compose_all(text: str, where: Location) -> list[yaml.Node]:
    """Return all YAML documents of a text, ready to be serialised as they were written.

    Raises:
        DefinitionError: as of `compose_first`, but for the length.
    """
    return list(_documents(text, where, _compose_plain_scalar, MOST_VALUES))


def _documents(
    text: str, where: Location, compose_scalar: Callable[[Any], yaml.ScalarNode], most: int
) -> Iterator[yaml.Node]:
    events = yaml.parse(text, Loader=_LOADER)
    composer = _Composer(events, where, compose_scalar, most)
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                yield composer.compose()
    except yaml.MarkedYAMLError as error:
        raise _explain(error, text, where) from None
    except yaml.reader.ReaderError as error:
        place = _place(text, error, where)
        raise DefinitionError(f"this isn't YAML: {error.reason}", where=place, fix=_SYNTAX) from None


def _explain(error: yaml.MarkedYAMLError, text: str, where: Location) -> DefinitionError:
    """Return the error for invalid YAML, with advice on the usual mistakes."""
    mark: Any = error.problem_mark
    place = locate(mark, where) if mark else where
    here = text[mark.index : mark.index + 1] if mark else ""
    if is_tab(error, here):
        return DefinitionError(TAB, where=place, fix=TAB_FIX)
    if error.problem == "did not find expected <document start>":
        what = "this isn't YAML: something follows the end of the document"
        if here == "{":
            what = "this is a second JSON object, and a file holds one"
        fix = "Put a line of three dashes before it, or make it a file of its own."
        return DefinitionError(what, where=place, fix=fix)
    if error.problem == "found invalid Unicode character escape code":
        what = "this isn't YAML: an escape here is no Unicode character, and two don't make one, as in JSON"
        return DefinitionError(what, where=place, fix="Write the character itself.")
    context = f" {error.context}" if error.context else ""
    return DefinitionError(f"this isn't YAML: {error.problem}{context}", where=place, fix=_SYNTAX)


def _place(text: str, error: yaml.reader.ReaderError, where: Location) -> Location:
    """Return the line of a forbidden character; libyaml gives its offset in bytes."""
    before = text.encode()[: error.position].decode(errors="ignore")
    return Location(where.file, before.count("\n") + 1, repository=where.repository)


class _Composer:
    """Builds the nodes of each document from the events of a text."""

    def __init__(
        self,
        events: Iterator[Any],
        where: Location,
        compose_scalar: Callable[[Any], yaml.ScalarNode],
        most: int,
    ) -> None:
        self._events, self._most = events, most
        self._compose_scalar = compose_scalar
        self._where = where
        self._anchors: dict[str, _Anchored] = {}
        self._former: set[str] = set()  # anchors of the documents before
        self._nodes = self._aliased = 0

    def compose(self) -> yaml.Node:
        """Return the document that has just begun."""
        self._former |= self._anchors.keys()
        self._anchors = {}
        return self._compose(next(self._events), 1)[0]

    def _compose(self, event: Any, depth: int) -> tuple[yaml.Node, int, int]:
        """Return a node with its weight and depth, aliases followed."""
        self._nodes += 1
        if self._nodes > self._most:
            raise self._error(f"this holds more than {self._most} values", event, "Divide it into several.")
        if depth > MAX_DEPTH:
            raise self._error(f"this is nested more than {MAX_DEPTH} levels deep", event)
        if isinstance(event, yaml.AliasEvent):
            return self._follow(event, depth)
        anchored = _Anchored()
        if event.anchor is not None:
            self._anchors[event.anchor] = anchored
        if isinstance(event, yaml.ScalarEvent):
            node: yaml.Node = self._compose_scalar(event)
            weight, height = 1 + len(event.value) // _LONG, 1
        elif isinstance(event, yaml.SequenceStartEvent):
            node, weight, height = self._compose_sequence(event, depth)
        else:
            node, weight, height = self._compose_mapping(event, depth)
        anchored.node, anchored.weight, anchored.height = node, weight, height
        return node, weight, height

    def _compose_sequence(self, event: Any, depth: int) -> tuple[yaml.Node, int, int]:
        items: list[yaml.Node] = []
        weight, height = 1, 1
        while not isinstance(child := next(self._events), yaml.SequenceEndEvent):
            item, part, levels = self._compose(child, depth + 1)
            items.append(item)
            weight, height = weight + part, max(height, levels + 1)
        tag = event.tag or f"{TAG_PREFIX}seq"
        end: Any = child.end_mark
        node = yaml.SequenceNode(tag, items, event.start_mark, end, flow_style=event.flow_style)
        return node, weight, height

    def _compose_mapping(self, event: Any, depth: int) -> tuple[yaml.Node, int, int]:
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        weight, height = 1, 1
        while not isinstance(child := next(self._events), yaml.MappingEndEvent):
            key, key_part, key_levels = self._compose(child, depth + 1)
            value, part, levels = self._compose(next(self._events), depth + 1)
            pairs.append((key, value))
            weight, height = weight + key_part + part, max(height, key_levels + 1, levels + 1)
        tag = event.tag or f"{TAG_PREFIX}map"
        end: Any = child.end_mark
        node = yaml.MappingNode(tag, pairs, event.start_mark, end, flow_style=event.flow_style)
        return node, weight, height

    def _follow(self, event: Any, depth: int) -> tuple[yaml.Node, int, int]:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            # It isn't named: it may be a password that begins with a star.
            what = "this alias (`*…`) has no anchor of its name before it"
            if event.anchor in self._former:
                what += " in its own document; that of another one doesn't count"
            fix = "Define the anchor before it, or put a text that begins with a star into quotes."
            raise self._error(what, event, fix)
        if anchored.node is None:
            raise self._error(f"the value of the anchor &{event.anchor} contains itself", event)
        if depth + anchored.height - 1 > MAX_DEPTH:
            raise self._error(f"with its aliases this is nested more than {MAX_DEPTH} levels deep", event)
        self._aliased += anchored.weight
        if self._aliased > MAX_ALIASED_NODES:
            raise self._error(f"aliases stand for more than {MAX_ALIASED_NODES} values: a YAML bomb", event)
        return anchored.node, anchored.weight, anchored.height

    def _error(
        self, what: str, event: Any, fix: str = "Write it out with fewer levels and aliases."
    ) -> DefinitionError:
        return DefinitionError(what, where=locate(event.start_mark, self._where), fix=fix)


def _compose_scalar(event: Any) -> Scalar:
    # Which of them is a number or a boolean is for scalars.py to say, so all are text to PyYAML.
    return Scalar(
        f"{TAG_PREFIX}str",
        event.value,
        event.start_mark,
        event.end_mark,
        style=event.style,
        explicit=event.tag,
    )


def _compose_plain_scalar(event: Any) -> yaml.ScalarNode:
    """Return a node of PyYAML's own class and tag, as its serialiser accepts no other."""
    tag = event.tag
    if tag is None or tag == "!":
        implicit = event.implicit if tag is None else (False, True)
        tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, implicit)
    return yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark, style=event.style)
