"""A map in a resource, for the rules that look at several of its fields."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from promotion.common.yaml.scalars import Plain
from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.validation.field_checks import SUBSTITUTED, FieldFault, Path, entries, is_null_node
from promotion.rendering.validation.value_types import read_scalar

_EMPTY = yaml.MappingNode("", [])


class Part:
    """A map, where it stands, and the node whose line a fault is told with.

    As in the server, a null or empty text is as good as nothing. What has `${` in it isn't known yet, so no
    rule may rely on it: it is there, but has no text and no number.
    """

    # Thousands of these are made, and most are asked for a few fields.
    __slots__ = ("_fields", "_lists", "_parts", "anchor", "hides", "node", "path")

    def __init__(self, node: yaml.Node, path: Path, anchor: yaml.Node, *, hides: bool = False) -> None:
        self.node, self.path, self.anchor, self.hides = node, path, anchor, hides
        self._fields: dict[str, yaml.Node] | None = {} if node is _EMPTY else None
        self._parts: dict[str, Part] = {}
        self._lists: dict[str, list[Part]] = {}

    @property
    def fields(self) -> dict[str, yaml.Node]:
        """The nodes by key, without those that are null."""
        if self._fields is None:
            self._fields = {key: value for key, value in self._list_entries() if not is_null_node(value)}
        return self._fields

    @property
    def names(self) -> frozenset[str]:
        """All keys. In a map of texts, a null is an empty text, and its key counts."""
        return frozenset(key for key, _ in self._list_entries())

    def has(self, name: str) -> bool:
        """Return whether there is something, were it unknown."""
        node = self.fields.get(name)
        return node is not None and node.value not in ("", [])

    def value(self, name: str) -> Plain:
        """Return a scalar's value; None for what isn't there, isn't known, or is no scalar."""
        return _read(self.fields.get(name))

    def text(self, name: str) -> str:
        """Return a text; an empty one for what is no text."""
        value = self.value(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | float | None:
        """Return a number; None for what is none."""
        value = self.value(name)
        return None if isinstance(value, str | bool) else value

    def part(self, *names: str) -> Part:
        """Return the map at a path of keys; an empty one where there is none."""
        part = self
        for name in names:
            if name not in part._parts:
                node = part.fields.get(name, _EMPTY)
                anchor = part.anchor if node is _EMPTY else node
                part._parts[name] = Part(node, (*part.path, name), anchor, hides=self.hides)
            part = part._parts[name]
        return part

    def parts(self, name: str) -> list[Part]:
        """Return the maps in a list."""
        if name not in self._lists:
            self._lists[name] = [
                Part(node, (*self.path, name, index), node, hides=self.hides)
                for index, node in enumerate(self._list(name))
                if isinstance(node, yaml.MappingNode)
            ]
        return self._lists[name]

    def count(self, name: str) -> int:
        """Return how many there are in a list or map."""
        node = self.fields.get(name)
        return len(node.value) if isinstance(node, yaml.CollectionNode) else 0

    def texts(self, name: str) -> list[str]:
        """Return the texts in a list; an empty one for what isn't known."""
        return [value if isinstance(value := _read(node), str) else "" for node in self._list(name)]

    def keys(self, name: str) -> Iterator[tuple[str, Plain]]:
        """Yield the keys of a map that are known, each with its value."""
        part = self.part(name)
        for key in part.fields:
            if SUBSTITUTED not in key:
                yield key, part.value(key)

    def fault(self, what: str, *keys: str | int) -> FieldFault:
        """Return a fault of this map, or of what is in it."""
        node = self.anchor
        found = self.fields.get(str(keys[0])) if keys else None
        return FieldFault((*self.path, *keys), what, (found or node).start_mark.line + 1)

    def shown(self, value: object) -> str:
        """Return the end of a sentence that shows a value, unless it may be secret."""
        return "" if self.hides else f", and is {show(str(value))}"

    def _list_entries(self) -> Iterator[tuple[str, yaml.Node]]:
        node = self.node if isinstance(self.node, yaml.MappingNode) else _EMPTY
        return ((str(key.value), value) for key, value in entries(node) if isinstance(key, yaml.ScalarNode))

    def _list(self, name: str) -> list[yaml.Node]:
        node = self.fields.get(name)
        return node.value if isinstance(node, yaml.SequenceNode) else []


def _read(node: yaml.Node | None) -> Plain:
    if not isinstance(node, yaml.ScalarNode) or SUBSTITUTED in node.value:
        return None
    return read_scalar(node)
