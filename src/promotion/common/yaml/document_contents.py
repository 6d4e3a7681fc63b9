"""The content of YAML documents in a form that compares: values, tags and aliases, but no style."""

from __future__ import annotations

from typing import Any

import yaml

_EMPTY = [("scalar", None, (True, False), "")]


def list_documents(text: str) -> list[list[tuple[Any, ...]]] | None:
    """Return the documents of a text but empty ones; None if it isn't YAML, or an alias has no anchor.

    Two are equal if they have the same values in the same order, with the same tags, quoted where they need
    it. An alias is told by the number of the value that it stands for, whatever the anchor's name.
    """
    documents: list[list[tuple[Any, ...]]] = []
    anchors: dict[str, int] = {}
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents.append([])
                anchors = {}
                continue
            if isinstance(event, yaml.AliasEvent):
                if event.anchor not in anchors:
                    return None
            elif isinstance(event, yaml.NodeEvent) and event.anchor:
                anchors[event.anchor] = len(documents[-1])
            if described := _describe(event, anchors):
                documents[-1].append(described)
    except (yaml.YAMLError, UnicodeEncodeError):
        return None
    return [document for document in documents if document != _EMPTY]


def _describe(event: yaml.Event, anchors: dict[str, int]) -> tuple[Any, ...]:
    match event:
        case yaml.ScalarEvent():
            return "scalar", event.tag, event.implicit, event.value
        case yaml.AliasEvent():
            return "alias", anchors[event.anchor or ""]
        case yaml.SequenceStartEvent():
            return "list", event.tag
        case yaml.MappingStartEvent():
            return "map", event.tag
        case yaml.CollectionEndEvent():
            return ("end",)
    return ()
