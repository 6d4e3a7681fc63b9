"""YAML texts to nodes by PyYAML's composer in C, with the outcome of our own, which takes twice as long."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import chain

import yaml

from promotion.common.yaml import composer
from promotion.errors import Location

# A tag of lists and maps that PyYAML's composer in C leaves out (_yaml.pyx: _compose_mapping_node).
_NON_SPECIFIC = re.compile(r"!(?=[\s\[\]{},]|\Z)")


def compose_all(
    text: str, where: Location, kind: type[yaml.CSafeLoader] = yaml.CSafeLoader
) -> list[yaml.Node]:
    """Return all YAML documents of a text, as `composer.compose_all` does.

    Args:
        kind: makes the nodes where no limits are needed.

    Raises:
        DefinitionError: as there.
    """
    if not composer.needs_limits(text) and not _NON_SPECIFIC.search(text):
        with contextlib.suppress(yaml.YAMLError, UnicodeEncodeError):
            roots = list(compose_quickly(text, kind))
            if not any(map(_is_deep, roots)):
                return roots
    return composer.compose_all(text, where)


def _is_deep(root: yaml.Node) -> bool:
    """Return whether a tree without aliases may be deeper than the limit."""
    level: list[yaml.Node] = [root] if isinstance(root, yaml.CollectionNode) else []
    depth = 0
    while level and depth < composer.MAX_DEPTH - 1:  # what is in the last list is a level more
        depth += 1
        lists = (
            chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
            for node in level
        )
        level = [part for parts in lists for part in parts if isinstance(part, yaml.CollectionNode)]
    return bool(level)


def compose_quickly(text: str, kind: type[yaml.CSafeLoader]) -> Iterator[yaml.Node]:
    """Yield a text's documents as PyYAML composes them in C, without limits: ask `needs_limits` before."""
    loader = kind(text)
    try:
        while loader.check_node() and (node := loader.get_node()):
            yield node
    finally:
        loader.dispose()


def count_values(text: str) -> int:
    """Return how many scalars, lists and maps a text holds, up to a syntax error or too deep a level."""
    count = depth = 0
    with contextlib.suppress(yaml.YAMLError, UnicodeEncodeError):
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            count += isinstance(event, yaml.NodeEvent)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if (
                depth > composer.MAX_DEPTH or count > composer.MOST_VALUES
            ):  # libyaml takes ever longer the deeper it is
                break
    return count
