"""Component, config and access files, with Fabrikate's defaults and strictness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import yaml

from promotion.common.yaml.yaml_documents import Document, Entry, Values, read_document
from promotion.common.yaml.yaml_nodes import list_nodes, repeated_keys
from promotion.errors import DefinitionError, Location
from promotion.rendering.definition.config_layers import ConfigLayer
from promotion.rendering.definition.spelling_remarks import (
    Remark,
    Vocabulary,
    find_close,
    remark_on_key,
    remark_on_unread,
    show,
)
from promotion.rendering.model import Definition, Hooks

_TEXTS = ("name", "type", "generator", "source", "method", "path", "version", "branch")
_CONFIG_ONLY = ("namespace", "injectNamespace", "disabled", "config")
_COMPONENT = Vocabulary(
    keys=(*_TEXTS, "hooks", "subcomponents"),
    aliases={
        **dict.fromkeys(("url", "uri", "repo", "repository", "git"), "source"),
        **dict.fromkeys(("tag", "commit", "sha", "revision"), "version"),
        **dict.fromkeys(("dir", "directory", "folder", "chart"), "path"),
        **dict.fromkeys(("components", "children"), "subcomponents"),
        "ref": "branch",
    },
    elsewhere=_CONFIG_ONLY,
    other="a config file, as config/common.yaml",
)
_CONFIG = Vocabulary(
    keys=(*_CONFIG_ONLY, "subcomponents"),
    aliases={
        **dict.fromkeys(("enabled", "enable"), "disabled"),
        **dict.fromkeys(("components", "children"), "subcomponents"),
        **dict.fromkeys(("values", "settings"), "config"),
        "ns": "namespace",
    },
    # A name in a config file does no harm.
    elsewhere=("type", "generator", "source", "method", "path", "version", "branch", "hooks"),
    other="component.yaml",
)
_SHARED = 2  # of a map's entries that have a value in common
_PHASES = {
    "before-install": "before_install",
    "after-install": "after_install",
    "before-generate": "before_generate",
    "after-generate": "after_generate",
}


def parse_component(data: bytes, where: Location, *, json: bool) -> Definition:
    """Return a component file with its defaults: `generator` replaces `type`, and no type means component.

    Keys that aren't known, `repositories` among them, are ignored (fab: core/component.go:79-114); there are
    `remarks` on those that look like a slip, and on keys that are there twice.

    Raises:
        DefinitionError: the file is malformed; with line and column, and what was expected.
    """
    document = read_document(data, where, json=json)
    if document.root is None:
        empty = Remark(what="the component file is empty, so there is nothing to render of it", where=where)
        return Definition(location=where, remarks=(empty,))
    definition = _define(document, document.root, "a component file")
    return replace(definition, remarks=(*definition.remarks, *_repetitions(document)))


def parse_access(data: bytes, where: Location) -> dict[str, str]:
    """Return an access.yaml: the names of environment variables that hold tokens, by source.

    Raises:
        DefinitionError: the file is malformed, or a source has no variable.
    """
    document = read_document(data, where)
    variables = {}
    for entry in _entries(document, document.root, "access.yaml"):
        variable = document.text(entry.value, f"the variable of {entry.key}")
        if not variable:
            raise DefinitionError(
                f"{entry.key} has no variable",
                where=document.locate(entry.key_node),
                fix="Name the environment variable that holds its token.",
            )
        variables[entry.key] = variable
    return variables


def parse_config(data: bytes, where: Location, *, json: bool) -> ConfigLayer:
    """Return a config file of one layer. An empty file is an empty config (fab: core/config.go).

    Its `remarks` are on all that it holds, as of `parse_component`.

    Raises:
        DefinitionError: the file is malformed; with line and column, and what was expected.
    """
    document = read_document(data, where, json=json)
    # A map that isn't written is there in a file, an empty one too, but not in what it says of a subcomponent
    # (fab: core/config.go:23).
    remarks: list[Remark] = []
    config = _configure(document, document.root, "a config file", where, remarks, values=Values())
    return replace(config, remarks=(*remarks, *_repetitions(document)))


def _define(document: Document, node: yaml.Node, what: str) -> Definition:
    fields: dict[str, Any] = {}
    remarks: list[Remark] = []
    for key, entry in _known(document, node, what, _COMPONENT, remarks):
        if key in _TEXTS:
            fields[key] = document.text(entry.value, f"`{key}`")
        elif key == "subcomponents":
            items = document.items(entry.value, "`subcomponents`")
            fields[key] = tuple(_define_entry(document, item) for item in items)
        elif document.is_null(entry.value):
            fields.pop("hooks", None)
        else:
            # The key given twice: maps of fields are merged by key, as Go does.
            fields["hooks"] = {**fields.get("hooks", {}), **_read_hooks(document, entry.value, remarks)}
    fields["type"] = fields.pop("generator", "") or fields.get("type") or "component"
    hooks = Hooks(
        **{_PHASES[phase]: lines for phase, lines in fields.pop("hooks", {}).items() if phase in _PHASES}
    )
    return Definition(**fields, hooks=hooks, location=document.locate(node), remarks=tuple(remarks))


def _define_entry(document: Document, node: yaml.Node) -> Definition:
    if document.is_null(node):
        raise document.mismatch(node, "an entry of `subcomponents`", "a map")
    return _define(document, node, "an entry of `subcomponents`")


def _read_hooks(document: Document, node: yaml.Node, remarks: list[Remark]) -> dict[str, tuple[str, ...]]:
    hooks = {}
    for entry in document.entries(node, "`hooks`"):
        commands = document.items(entry.value, f"the hook `{entry.key}`")
        hooks[entry.key] = tuple(document.text(command, "a command of a hook") for command in commands)
        if entry.key not in _PHASES:
            meant = find_close(entry.key, _PHASES)
            hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(_PHASES)}"
            what = f"the hook {show(entry.key)} is not known and never runs: {hint}"
            remarks.append(Remark(what=what, where=document.locate(entry.key_node)))
    return hooks


def _configure(
    document: Document,
    node: yaml.Node | None,
    what: str,
    where: Location,
    remarks: list[Remark],
    *,
    values: Values | None = None,
) -> ConfigLayer:
    fields: dict[str, Any] = {}
    subcomponents: dict[str, ConfigLayer] = {}
    others: list[Entry] = []
    has_config = False
    for key, entry in _known(document, node, what, _CONFIG, remarks, others=others):
        has_config |= key == "config"
        if key == "namespace":
            fields["namespace"] = document.text(entry.value, "`namespace`")
        elif key == "injectNamespace":
            fields["inject_namespace"] = document.boolean(entry.value, "`injectNamespace`")
        elif key == "disabled":
            fields["disabled"] = document.boolean(entry.value, "`disabled`")
        elif key == "config":
            values = (
                None
                if document.is_null(entry.value)
                else _join(values, document.values(entry.value, "`config`"))
            )
        elif document.is_null(entry.value):
            subcomponents = {}
        else:
            for below in document.entries(entry.value, "`subcomponents`"):
                place = document.locate(below.key_node)
                subcomponents[below.key] = _configure(
                    document, below.value, f"the config of {below.key}", place, remarks
                )
    if others and not has_config and (remark := remark_on_unread(_find_unread(document, node, others))):
        remarks.append(remark)
    return ConfigLayer(
        **fields,
        values=values or Values(),
        values_given=values is not None,
        subcomponents=subcomponents,
        location=where,
    )


def _find_unread(
    document: Document, node: yaml.Node | None, others: Sequence[Entry]
) -> list[tuple[str, Location]]:
    """Return the keys of which nothing is used elsewhere in their map, by an alias or a merge key."""
    used: Counter[int] = Counter()
    for _, value in node.value if isinstance(node, yaml.MappingNode) else ():
        used.update({id(part) for part in list_nodes(value)})
    return [
        (entry.key, document.locate(entry.key_node))
        for entry in others
        if all(used[id(part)] < _SHARED for part in list_nodes(entry.value))
    ]


def _join(first: Values | None, second: Values) -> Values:
    """Return two maps for one key, `config` written twice or brought by a merge key: the later wins for each
    key.
    """
    if first is None:
        return second
    return Values({**first, **second}, {**first.locations, **second.locations})


def _known(
    document: Document,
    node: yaml.Node | None,
    what: str,
    vocabulary: Vocabulary,
    remarks: list[Remark],
    *,
    others: list[Entry] | None = None,
) -> Iterator[tuple[str, Entry]]:
    """Yield the entries whose key is known: exactly, or in JSON in any case.

    It adds remarks on the others that look like a slip, and the rest of them to `others`.
    """
    found = {key.casefold() if document.json else key: key for key in vocabulary.keys}
    entries = list(_entries(document, node, what))
    present = {entry.key for entry in entries}
    for entry in entries:
        name = found.get(entry.key.casefold() if document.json else entry.key)
        if name is not None:
            yield name, entry
        elif remark := remark_on_key(entry.key, vocabulary, present, document.locate(entry.key_node)):
            remarks.append(remark)
        elif others is not None:
            others.append(entry)


def _entries(document: Document, node: yaml.Node | None, what: str) -> Iterator[Entry]:
    return iter(()) if node is None else document.entries(node, what)


def _repetitions(document: Document) -> Iterator[Remark]:
    """Yield remarks on keys that a map has twice, at any depth."""
    for key, before in repeated_keys(document.root) if document.root else ():
        line = document.locate(before).line
        what = f"the key {show(key.value)} is there twice, first in line {line}, and the last one wins"
        yield Remark(what=what, where=document.locate(key))
