"""Read PyYAML's node graph, in which every scalar is as it was written."""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Iterator
from typing import Any

import yaml

_MERGE = "tag:yaml.org,2002:merge"
_STR, _BINARY = "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary"


def pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield a map's keys and values, including those of its merge keys (`<<`).

    `!!merge kind` is a key like any other (go-yaml: decode.go, isMerge).
    """
    for key, value in node.value:
        if key.tag == _MERGE and key.value == "<<":
            for part in value.value if isinstance(value, yaml.SequenceNode) else (value,):
                if isinstance(part, yaml.MappingNode):
                    yield from pairs(part)
        else:
            yield key, value


def get(node: yaml.Node | None, *keys: str) -> yaml.Node | None:
    """Return the node at a path of keys; None if there is none."""
    for name in keys:
        if not isinstance(node, yaml.MappingNode):
            return None
        found = [
            value for key, value in pairs(node) if isinstance(key, yaml.ScalarNode) and key.value == name
        ]
        node = found[-1] if found else None
    return node


def text_at(node: yaml.Node | None, *keys: str) -> str:
    """Return the scalar's text at a path of keys; empty if there is none."""
    found = get(node, *keys)
    return found.value if isinstance(found, yaml.ScalarNode) else ""


def all_at(node: yaml.MappingNode, name: str) -> list[yaml.Node]:
    """Return all values of a key, which may be there twice or merged. Readers differ in which one counts."""
    return [value for key, value in pairs(node) if text_at(key) == name]


def texts_at(node: yaml.MappingNode, name: str) -> list[str]:
    """Return all texts of a key, as `all_at` does its values."""
    return [text_at(value) for value in all_at(node, name)]


def all_in_any_case(node: yaml.MappingNode, name: str) -> list[yaml.Node]:
    """Return all values of a key in any case, as Go's encoding/json reads the fields of a struct."""
    return [value for key, value in pairs(node) if text_at(key).casefold() == name.casefold()]


def decode_binaries(root: yaml.Node) -> None:
    """Decode texts that are tagged as base64, including keys, as readers do (go-yaml: resolve.go)."""
    for node in list_nodes(root):
        if isinstance(node, yaml.ScalarNode) and node.tag == _BINARY:
            with contextlib.suppress(binascii.Error, ValueError):
                node.value = base64.b64decode("".join(node.value.split())).decode("utf-8")
                node.tag = _STR


def list_nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield a node and all below it, each once, however many aliases it has."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.SequenceNode):
            todo += node.value
        elif isinstance(node, yaml.MappingNode):
            todo += [part for pair in node.value for part in pair]


def repeated_keys(root: yaml.Node) -> list[tuple[yaml.ScalarNode, yaml.ScalarNode]]:
    """Return the duplicate keys of maps, each with the one before it, as they are written.

    What a merge key brings counts for nothing: it is there to be replaced.
    """
    found = []
    for node in list_nodes(root):
        keys: dict[str, yaml.ScalarNode] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in keys:
                    found.append((key, keys[key.value]))
                keys[key.value] = key
    return sorted(found, key=lambda pair: (pair[0].start_mark.line, pair[0].start_mark.column))


def canonical(node: yaml.Node) -> Any:
    """Return a value that is equal for equal content: key order, style and comments don't count."""
    if isinstance(node, yaml.ScalarNode):
        return (node.tag, node.value)
    if isinstance(node, yaml.SequenceNode):
        return [canonical(part) for part in node.value]
    if isinstance(node, yaml.MappingNode):
        entries = [(canonical(key), canonical(value)) for key, value in pairs(node)]
        return sorted(entries, key=lambda entry: repr(entry[0]))
    return None
