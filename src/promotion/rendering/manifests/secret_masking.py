"""Kubernetes Secrets as text without their values: which keys there are, and which of them changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from promotion.common.yaml.yaml_nodes import all_in_any_case, canonical, get, pairs, text_at

HIDDEN = "(hidden)"
CHANGED = "(hidden, changed)"
_CONTENT = ("data", "stringdata", "metadata")
_SHOWN = (
    "apiVersion",
    "immutable",
    "kind",
    "metadata",
    "type",
)  # what else stands there may be misspelt data
# A Secret as text inside a value: kubectl's last-applied annotation, a manifest in a ConfigMap.
_EMBEDDED = re.compile(r"""kind[\\"']*\s*:\s*[\\"']*Secret[\\"']*\s*(?:[,}\r\n]|\\n|$)""", re.IGNORECASE)
_LAST_APPLIED = "last-applied-configuration"
_RESOLVER = yaml.resolver.Resolver()

Fingerprints = dict[tuple[str, ...], Any]
"""Where a hidden value stands → what tells it apart from another. It is never shown."""

_Hidden = tuple[tuple[str, ...], yaml.Node | None]


def find_secrets(documents: Iterable[yaml.Node]) -> Fingerprints:
    """Return every value that must not be shown, at any depth (a `List`, a template). Empty: there is no
    Secret.
    """
    return {place: canonical(value) if value else None for place, value in _hidden(documents)}


def masked_text(documents: Iterable[yaml.Node], before: Fingerprints) -> str:
    """Return the documents as YAML, comments left out, the values of their Secrets replaced.

    Args:
        documents: the roots of the documents.
        before: the earlier version's `find_secrets`; values that differ from it are marked as changed.
    """
    documents = list(documents)
    masks: dict[int, str] = {}
    for place, value in _hidden(documents):
        if value:
            changed = place in before and before[place] != canonical(value)
            for part in _descend(value):
                masks[id(part)] = CHANGED if changed else HIDDEN
    copies = [_copy(document, masks) for document in documents]
    return "".join(
        str(yaml.serialize(copy, Dumper=yaml.CSafeDumper, allow_unicode=True, explicit_start=True))
        for copy in copies
    )


def _hidden(documents: Iterable[yaml.Node]) -> Iterator[_Hidden]:
    """Yield what to hide with its place. None stands for a Secret itself, whose comments are hidden, too."""
    seen: dict[tuple[str, str], int] = {}
    texts = 0
    for node in (part for document in documents for part in _descend(document)):
        if isinstance(node, yaml.ScalarNode) and _EMBEDDED.search(node.value):
            texts += 1
            yield ("text", str(texts)), node
        for secret in _secrets_at(node):
            name = (text_at(secret, "metadata", "namespace"), text_at(secret, "metadata", "name"))
            seen[name] = seen.get(name, 0) + 1
            yield from _hidden_in((*name, str(seen[name])), secret)


def _secrets_at(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Yield the map if it is a Secret (a mere reference to one has no content), or the items of a
    `SecretList`.
    """
    if not isinstance(node, yaml.MappingNode):
        return
    kinds = {text_at(kind).strip().casefold() for kind in all_in_any_case(node, "kind")}
    if "secret" in kinds and any(text_at(key).casefold() in _CONTENT for key, _ in pairs(node)):
        yield node
    for parts in all_in_any_case(node, "items") if "secretlist" in kinds else ():
        if isinstance(parts, yaml.SequenceNode):
            yield from (part for part in parts.value if isinstance(part, yaml.MappingNode))


def _hidden_in(place: tuple[str, ...], secret: yaml.MappingNode) -> Iterator[_Hidden]:
    yield place, None
    for key, value in pairs(secret):
        field = text_at(key)
        if field in _SHOWN:
            continue
        if isinstance(value, yaml.MappingNode):
            for name, hidden in pairs(value):
                yield (*place, field, str(canonical(name))), hidden
        else:
            yield (*place, field), value
    notes = get(secret, "metadata", "annotations")
    for key, value in pairs(notes) if isinstance(notes, yaml.MappingNode) else ():
        if _LAST_APPLIED in text_at(key):
            yield (*place, "annotation", text_at(key)), value


def _descend(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield all nodes below, in document order; those that aliases repeat as often as they do."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, yaml.SequenceNode):
            todo += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            todo += [part for pair in reversed(node.value) for part in reversed(pair)]


def _copy(node: yaml.Node, masks: dict[int, str]) -> yaml.Node:
    """Return the node with its masks, nothing shared: what an alias repeats is written out."""
    if id(node) in masks:
        return _scalar(masks[id(node)])
    if isinstance(node, yaml.SequenceNode):
        parts = [_copy(part, masks) for part in node.value]
        return yaml.SequenceNode(node.tag, parts, flow_style=node.flow_style)
    if isinstance(node, yaml.MappingNode):
        entries = [(_copy(key, masks), _copy(value, masks)) for key, value in node.value]
        return yaml.MappingNode(node.tag, entries, flow_style=node.flow_style)
    return _scalar(node.value, getattr(node, "style", None))


def _scalar(text: str, style: str | None = None) -> yaml.ScalarNode:
    """Return a scalar that is written in its style and without a tag."""
    implicit = (style is None, style is not None)
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, implicit)  # type: ignore[no-untyped-call]
    return yaml.ScalarNode(tag, text, style=style)
