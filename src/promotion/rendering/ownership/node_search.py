"""Find fields in a resource's nodes: all values that some reader may take, not just the one that most do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import yaml

from promotion.common.yaml.scalars import TAG_PREFIX
from promotion.common.yaml.verbatim import UNSET
from promotion.rendering.validation.value_types import read_scalar

EACH = "[]"
Text = str | None
"""A text; empty for a null, None for what isn't a text to every reader."""

_DEEPEST = 100


def text_of(node: yaml.Node) -> Text:
    """Return the text of a node."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    if node.tag not in (UNSET, f"{TAG_PREFIX}str", f"{TAG_PREFIX}null"):
        return None
    value = read_scalar(node)
    if value is None:
        return ""
    return value if isinstance(value, str) else None


def list_pairs(node: yaml.Node) -> Iterable[tuple[yaml.Node, yaml.Node]]:
    """Return all keys and values of a map, also those that are there twice or that a merge key brings."""
    if not isinstance(node, yaml.MappingNode):
        return ()
    pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
    for key, _ in pairs:
        if key.value == "<<":
            return _merge(node, 0)
    return pairs


def _merge(node: yaml.Node, depth: int) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode) or depth > _DEEPEST:
        return
    for key, value in node.value:
        if key.value == "<<" and not key.style:
            for part in value.value if isinstance(value, yaml.SequenceNode) else (value,):
                yield from _merge(part, depth + 1)
        else:
            yield key, value


def index_map(node: yaml.Node) -> dict[str, list[yaml.Node]]:
    """Return all values of a map by the texts of their keys."""
    found: dict[str, list[yaml.Node]] = {}
    for key, value in list_pairs(node):
        if isinstance(key, yaml.ScalarNode):
            found.setdefault(key.value, []).append(value)
    return found


def find_all(node: yaml.Node, *path: str) -> list[yaml.Node]:
    """Return all nodes at a path; `EACH` in it stands for each item of a list."""
    found = [node]
    for name in path:
        if not found:
            break
        if name == EACH:
            found = [item for part in found for item in list_items(part)]
        else:
            found = [value for part in found for key, value in list_pairs(part) if key.value == name]
    return found


def may_be_missing(node: yaml.Node, *path: str) -> bool:
    """Return whether a reader may find nothing at a path: of a key that is there twice it takes one value."""
    if not path:
        return False
    name, *rest = path
    if name == EACH:
        return all(may_be_missing(item, *rest) for item in list_items(node))
    values = [value for key, value in list_pairs(node) if key.value == name]
    return not values or any(may_be_missing(value, *rest) for value in values)


def list_items(node: yaml.Node) -> list[yaml.Node]:
    """Return the items of a list; nothing of anything else."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def show_path(*path: str) -> str:
    """Return a path as people write it: `spec.rules[].host`."""
    return "".join(part if part == EACH else f".{part}" for part in path).removeprefix(".")
