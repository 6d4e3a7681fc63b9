"""Read and write YAML documents with every scalar as it was: neither retyped nor re-quoted."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import yaml

from promotion.common.yaml import composer
from promotion.common.yaml.quick_composer import compose_quickly
from promotion.common.yaml.scalars import TAG_PREFIX, resolve_plain
from promotion.common.yaml.yaml_nodes import list_nodes
from promotion.errors import Location

UNSET = "tag:promotion,unset"  # stands for "no tag is written"


class AsWritten(yaml.CSafeLoader):
    """Composes nodes with the tags that were written; the others are `UNSET`."""

    # PyYAML calls these for each node, for tags that depend on a node's path. Nobody wants any, so they are
    # functions in C that do nothing.
    descend_resolver = operator.is_  # type: ignore[assignment]
    ascend_resolver = tuple  # type: ignore[assignment]

    def resolve(self, _kind: type[yaml.Node], _value: Any, _implicit: Any) -> str:
        return UNSET


class _Writer(yaml.CSafeDumper):
    """Writes nodes without a tag where none was written."""

    def resolve(self, _kind: type[yaml.Node], _value: Any, _implicit: Any) -> str:
        return UNSET


def compose_first(text: str, where: Location) -> yaml.Node | None:
    """Return the first document of a text; None if there is none. Tags that aren't written are `UNSET`.

    Raises:
        DefinitionError: it isn't YAML, nests too deeply, or its aliases stand for too much.
    """
    if composer.needs_limits(text):
        return _compose_slowly(text, where)
    try:
        loader = AsWritten(text)
        try:
            node = loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeEncodeError):
        return _compose_slowly(text, where)
    return node


def compose_all(text: str, where: Location) -> list[yaml.Node]:
    """Return all documents of a text, as `compose_first` does the first.

    Raises:
        DefinitionError: as of `compose_first`.
    """
    if not composer.needs_limits(text):
        try:
            return list(compose_quickly(text, AsWritten))
        except (yaml.YAMLError, UnicodeEncodeError):
            pass  # the composer with limits says why, or takes it
    return [_as_written(root) for root in composer.compose_each(text, where)]


def is_filled_map(text: str) -> bool:
    """Return whether a text is YAML whose first document is a map with an entry; false where it takes
    `compose_first` to tell. This makes no nodes, so it takes a tenth of the time.
    """
    if composer.has_alias(text) or "&" in text or composer.needs_limits(text):
        return False  # an alias without its anchor, or an anchor that is there twice, is seen by a composer
    try:
        loader = AsWritten(text)
        try:
            kinds = (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.MappingStartEvent)
            is_map = all(isinstance(loader.get_event(), kind) for kind in kinds)
            is_filled = is_map and not loader.check_event(yaml.MappingEndEvent)
            loader.raw_parse()
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeEncodeError):
        return False
    return is_filled


def _compose_slowly(text: str, where: Location) -> yaml.Node | None:
    """Compose without C, with limits. An anchor may be defined twice, which PyYAML refuses."""
    root = composer.compose_first(text.encode("utf-8", "surrogatepass"), where)
    return None if root is None else _as_written(root)


def _as_written(root: yaml.Node) -> yaml.Node:
    copies: dict[int, yaml.Node] = {}

    def copy(node: yaml.Node) -> yaml.Node:
        if id(node) not in copies:
            copies[id(node)] = _copy_as_written(node, copy)
        return copies[id(node)]

    return copy(root)


def _copy_as_written(node: yaml.Node, copy: Callable[[yaml.Node], yaml.Node]) -> yaml.Node:
    marks = node.start_mark, node.end_mark
    if isinstance(node, composer.Scalar):
        return yaml.ScalarNode(node.explicit or UNSET, node.value, *marks, style=node.style)
    tag = UNSET if node.tag.startswith(TAG_PREFIX) else node.tag
    if isinstance(node, yaml.MappingNode):
        pairs = [(copy(key), copy(value)) for key, value in node.value]
        return yaml.MappingNode(tag, pairs, *marks, flow_style=node.flow_style)
    assert isinstance(node, yaml.SequenceNode)  # noqa: S101 (what isn't a scalar or a map is a list)
    return yaml.SequenceNode(tag, [copy(item) for item in node.value], *marks, flow_style=node.flow_style)


def serialise(node: yaml.Node) -> str:
    """Return a document's text, without document markers. Change the nodes as far as needed.

    A plain number that readers disagree on (`0644`, `0x1F`) is spelt out in decimal.
    """
    _make_writable(node)
    return write(node)


def write(node: yaml.Node) -> str:
    """Return a document's text, without document markers, with plain numbers as they are written."""
    text: str = yaml.serialize(node, Dumper=_Writer, allow_unicode=True, width=1 << 30)
    return text.removesuffix("...\n")


def _make_writable(root: yaml.Node) -> None:
    """Avoid what the emitter, or another reader, would misread."""
    for node in list_nodes(root):
        if isinstance(node, yaml.ScalarNode):
            if not node.style and node.tag == UNSET:
                node.value = _spell_out(node.value)
            node.style = "|" if node.style == ">" else node.style


def _spell_out(text: str) -> str:
    """Return a plain scalar with the same value for every reader: in YAML 1.2, `0644` would be 644."""
    value = resolve_plain(text)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text or "null"
