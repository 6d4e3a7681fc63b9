"""A custom resource as the API server has it when it judges it: with defaults, and without idle nulls.

apiextensions-apiserver, pkg/apiserver/schema/defaulting: prunenulls.go drops a null from a map where the
field isn't nullable and has no default; algorithm.go then sets defaults where a field is missing or is such
a null. A null in a list stays, unless the items have a default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.verbatim import UNSET
from promotion.rendering.validation.field_checks import DEFAULTED, MAX_DEPTH, Schema, entries, is_null_node

_MOST = 20_000  # values of defaults in one resource: a schema of a stranger's could bring any number


def settle(node: yaml.Node, schema: Schema) -> yaml.Node:
    """Return the resource with what its schema drops and adds; the same node where that is nothing."""
    return _Settling().settle(node, schema)


@dataclass
class _Settling:
    left: int = _MOST

    def settle(self, node: yaml.Node, schema: Schema, depth: int = 0) -> yaml.Node:
        if depth <= MAX_DEPTH and isinstance(node, yaml.MappingNode):
            return self._settle_map(node, schema, depth)
        items = schema.get("items")
        if depth <= MAX_DEPTH and isinstance(node, yaml.SequenceNode) and isinstance(items, Mapping):
            parts = [self._settle_field(part, items, depth) or part for part in node.value]
            if any(new is not old for new, old in zip(parts, node.value, strict=True)):
                return yaml.SequenceNode(node.tag, parts, node.start_mark, node.end_mark)
        return node

    def _settle_map(self, node: yaml.MappingNode, schema: Schema, depth: int) -> yaml.MappingNode:
        known, rest = schema.get("properties", {}), schema.get("additionalProperties")
        pairs, names, is_new = [], set(), False
        for key, value in entries(node):
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            part = known.get(name, rest)
            new = self._settle_field(value, part, depth) if isinstance(part, Mapping) else value
            is_new = is_new or new is not value
            if new is not None:
                names.add(name)
                pairs.append((key, new))
        for name in schema.get(DEFAULTED, ()):
            if name not in names and (new := self._make(known[name]["default"], node.start_mark)):
                is_new = True
                key = yaml.ScalarNode(UNSET, name, node.start_mark, node.start_mark, '"')
                pairs.append((key, self.settle(new, known[name], depth + 1)))
        return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark) if is_new else node

    def _settle_field(self, value: yaml.Node, schema: Schema, depth: int) -> yaml.Node | None:
        """Return the value in a map or list; None for a null that counts for nothing."""
        if is_null_node(value) and schema.get("nullable") is not True:
            default = schema.get("default")
            made = None if default is None else self._make(default, value.start_mark)
            return made and self.settle(made, schema, depth + 1)
        return self.settle(value, schema, depth + 1)

    def _make(self, value: Any, mark: yaml.Mark) -> yaml.Node | None:
        """Return a default as a node; None when there are too many."""
        self.left -= 1
        if self.left < 0:
            return None
        if isinstance(value, dict):
            made = {name: self._make(part, mark) for name, part in value.items()}
            keys = {name: yaml.ScalarNode(UNSET, name, mark, mark, '"') for name in made}
            return yaml.MappingNode(
                UNSET, [(keys[name], part) for name, part in made.items() if part], mark, mark
            )
        if isinstance(value, list):
            parts = [self._make(part, mark) for part in value]
            return yaml.SequenceNode(UNSET, [part for part in parts if part], mark, mark)
        if isinstance(value, str):
            return yaml.ScalarNode(UNSET, value, mark, mark, '"')
        return yaml.ScalarNode(UNSET, json.dumps(value), mark, mark)
