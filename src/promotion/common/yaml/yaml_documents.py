"""Fabrikate's YAML and JSON files: nodes with positions, and values typed as a chart receives them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.composer import Scalar, compose_all, compose_first, locate
from promotion.common.yaml.json_composer import compose_json
from promotion.common.yaml.scalars import TAG_PREFIX, resolve_plain, resolve_tagged
from promotion.errors import DefinitionError, Location

__all__ = ["Document", "Entry", "Values", "compose_all", "compose_first", "load_values", "read_document"]


class Values(dict[str, Any]):
    """A map of a config file, with values ready for JSON. `locations` has each key's position.

    Merging shares parts of maps between its arguments and its result: treat one as frozen once it is built.
    """

    def __init__(
        self, items: Mapping[str, Any] | None = None, locations: Mapping[str, Location] | None = None
    ) -> None:
        super().__init__(items or {})
        self.locations: dict[str, Location] = dict(locations or {})


@dataclass(frozen=True)
class Entry:
    """A key of a map as text, with the nodes of key and value."""

    key: str
    key_node: yaml.Node
    value: yaml.Node


@dataclass(frozen=True)
class Document:
    """The first document of a file, and how to read its nodes.

    Args:
        root: the document's node; None for an empty file.
        where: the file.
        json: the file is JSON: texts aren't numbers, and keys of known fields match in any case
            (Go's encoding/json).
    """

    root: yaml.Node | None
    where: Location
    json: bool = False

    def locate(self, node: yaml.Node) -> Location:
        """Return the position of a node."""
        return locate(node.start_mark, self.where)

    def is_null(self, node: yaml.Node | None) -> bool:
        """Return whether a node is absent or null."""
        return node is None or (isinstance(node, Scalar) and self._value(node) is None)

    def entries(self, node: yaml.Node, what: str) -> Iterator[Entry]:
        """Yield the entries of a map in order of precedence: a later one replaces an earlier one.

        Those of a merge key (`<<`) stand where it stands, so they replace what is written before it; of
        several maps the first wins (go-yaml decode.go: merge). A null is an empty map.

        Args:
            what: what the map is, for the error: "`config`".

        Raises:
            DefinitionError: it isn't a map, a key isn't text, or a merge key has no map.
        """
        if self.is_null(node):
            return
        if not isinstance(node, yaml.MappingNode):
            raise self.mismatch(node, what, "a map")
        for key, value in node.value:
            if _is_merge_key(key):
                for part in self._merged_maps(value):
                    yield from self.entries(part, what)
            else:
                yield Entry(self._key(key), key, value)

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """Return the items of a list; none for a null.

        Raises:
            DefinitionError: it isn't a list.
        """
        if self.is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.mismatch(node, what, "a list")
        return list(node.value)

    def text(self, node: yaml.Node, what: str) -> str:
        """Return a scalar as it is written: `1.10` is "1.10", null is "" (go-yaml decode.go: scalar).

        Raises:
            DefinitionError: it is a map or a list, or in JSON a number or boolean.
        """
        if not isinstance(node, Scalar) or (self.json and node.is_plain and not self.is_null(node)):
            raise self.mismatch(node, what, "text")
        value = self._value(node)
        if value is None:
            return ""
        return str(value) if node.explicit == f"{TAG_PREFIX}binary" else str(node.value)

    def boolean(self, node: yaml.Node, what: str) -> bool:
        """Return a boolean without quotes; null is false.

        Raises:
            DefinitionError: it is anything else.
        """
        value = self._value(node) if isinstance(node, Scalar) else ""
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.mismatch(node, what, "true or false, without quotes")

    def value(self, node: yaml.Node) -> Any:
        """Return the value that a chart receives for a node: JSON's types, with maps as `Values`.

        Raises:
            DefinitionError: a key isn't text, a tag doesn't fit, or a number has no JSON form.
        """
        if isinstance(node, yaml.MappingNode):
            return self.values(node, "this")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        value = self._value(node)
        if isinstance(value, float) and not math.isfinite(value):
            raise DefinitionError(
                f"{node.value} can't be given to a chart: JSON has no such number", where=self.locate(node)
            )
        return value

    def values(self, node: yaml.Node, what: str) -> Values:
        """Return the map of values that a chart receives.

        Raises:
            DefinitionError: it isn't a map; or as of `value`.
        """
        values = Values()
        for entry in self.entries(node, what):
            values[entry.key] = self.value(entry.value)
            values.locations[entry.key] = self.locate(entry.key_node)
        return values

    def mismatch(self, node: yaml.Node, what: str, expected: str) -> DefinitionError:
        """Return the error for a node of the wrong type."""
        return DefinitionError(
            f"{what} must be {expected}, not {self._describe(node)}", where=self.locate(node)
        )

    def _describe(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.MappingNode):
            return "a map"
        if isinstance(node, yaml.SequenceNode):
            return "a list"
        return kind(self._value(node))

    def _value(self, node: yaml.Node) -> Any:
        assert isinstance(node, Scalar)  # noqa: S101 (what isn't a map or a list is a scalar)
        if node.is_plain:
            return resolve_plain(node.value)
        if node.explicit is None:
            return node.value
        try:
            return resolve_tagged(node.explicit, node.value)
        except ValueError as error:
            raise DefinitionError(str(error), where=self.locate(node)) from None

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, Scalar):
            raise self.mismatch(node, "a key", "text")
        return self.text(node, "a key")

    def _merged_maps(self, node: yaml.Node) -> list[yaml.Node]:
        # The last of several is applied first, so that the first has the last word.
        parts = list(reversed(node.value)) if isinstance(node, yaml.SequenceNode) else [node]
        for part in parts:
            if not isinstance(part, yaml.MappingNode):
                raise self.mismatch(part, "the value of a merge key (<<)", "a map or a list of maps")
        return parts


def read_document(data: bytes, where: Location, *, json: bool = False) -> Document:
    """Read a file's first document, or a JSON file.

    Raises:
        DefinitionError: it isn't UTF-8, YAML or JSON, or is beyond the limits; with line and column.
    """
    return Document(compose_json(data, where) if json else compose_first(data, where), where, json)


def load_values(data: bytes, where: Location) -> Any:
    """Return the value of a YAML file, typed as a chart receives it; None for an empty file.

    Raises:
        DefinitionError: the file is malformed.
    """
    document = read_document(data, where)
    return None if document.root is None else document.value(document.root)


def kind(value: Any) -> str:
    """Return the name of a value's type, for a message."""
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return "null" if value is None else "text"


def _is_merge_key(node: yaml.Node) -> bool:
    if not isinstance(node, Scalar) or node.value != "<<":
        return False
    return node.is_plain or node.explicit == f"{TAG_PREFIX}merge"
