"""Read files of settings strictly: what isn't understood is an error, with line and column."""

from __future__ import annotations

from typing import NoReturn

import yaml

from promotion.common.nearest_names import advise_key
from promotion.common.yaml.composer import Scalar, locate
from promotion.errors import DefinitionError, Location


class StrictReader:
    """Reads the nodes of one file, in which scalars are as they are written: a name `1.10` or `on` is text.

    Each method raises DefinitionError at the node that isn't as it should be.
    """

    def __init__(self, where: Location) -> None:
        self._where = where

    def fail(self, node: yaml.Node, what: str, fix: str = "") -> NoReturn:
        """Refuse a node."""
        raise DefinitionError(what, where=locate(node.start_mark, self._where), fix=fix)

    def scalar(self, node: yaml.Node, what: str) -> str:
        """Return a scalar's text without blanks around it; null is none."""
        if not isinstance(node, yaml.ScalarNode):
            self.fail(node, f"{what} isn't a text")
        if is_null(node):
            self.fail(node, f"{what} is empty")
        return str(node.value).strip()

    def text(self, node: yaml.Node, what: str) -> str:
        """Return a scalar's text as `scalar` does; there must be one."""
        return self.scalar(node, what) or self.fail(node, f"{what} is empty")

    def fields(
        self, node: yaml.Node, what: str, known: tuple[str, ...] = ()
    ) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Return a map's keys and values, by the keys' texts; of several with one text there is none."""
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, f"{what} should be a map")
        fields: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name = self.text(key, f"a key of {what}")
            if name == "<<" and isinstance(key, Scalar) and key.is_plain:
                self.fail(key, f"{what} has a merge key", "Write out what it brings.")
            if name in fields:
                self.fail(key, f"{name!r} is written twice")
            if known and name not in known:
                self.fail(key, f"{what} has an unknown key {name!r}", advise_key(name, known))
            fields[name] = (key, value)
        return fields


def list_entries(node: yaml.Node) -> list[yaml.Node]:
    """Return a list's entries. Treat anything else as a list of one."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def is_null(node: yaml.Node) -> bool:
    """Return whether a node is nothing, or a word for it without quotes."""
    return isinstance(node, Scalar) and node.is_plain and node.value in ("", "~", "null", "Null", "NULL")
