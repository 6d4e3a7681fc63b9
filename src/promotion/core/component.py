"""Component, config and access files, with Fabrikate's defaults and strictness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from promotion.core.config import Config
from promotion.core.documents import Document, Entry, Values, read_document
from promotion.core.model import Definition, Hooks
from promotion.errors import DefinitionError, Location

_TEXTS = ("name", "type", "generator", "source", "method", "path", "version", "branch")
_COMPONENT_KEYS = (*_TEXTS, "hooks", "subcomponents")
_CONFIG_KEYS = ("namespace", "injectNamespace", "disabled", "config", "subcomponents")
_PHASES = {
    "before-install": "before_install",
    "after-install": "after_install",
    "before-generate": "before_generate",
    "after-generate": "after_generate",
}


def parse_component(data: bytes, where: Location, *, json: bool) -> Definition:
    """A component file with its defaults: `generator` replaces `type`, and no type means component.

    Keys that aren't known, `repositories` among them, are ignored (fab: core/component.go:79-114).

    Raises:
        DefinitionError: the file is malformed; with line and column, and what was expected.
    """
    document = read_document(data, where, json=json)
    if document.root is None:
        return Definition(location=where)
    return _define(document, document.root, "a component file")


def parse_access(data: bytes, where: Location) -> dict[str, str]:
    """An access.yaml: the names of environment variables that hold tokens, by source.

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


def parse_config(data: bytes, where: Location, *, json: bool) -> Config:
    """A config file of one layer. An empty file is an empty config (fab: core/config.go).

    Raises:
        DefinitionError: the file is malformed; with line and column, and what was expected.
    """
    document = read_document(data, where, json=json)
    # A map that isn't written is there in a file, an empty one too, but not in what it says of a subcomponent
    # (fab: core/config.go:23).
    return _configure(document, document.root, "a config file", Values())


def _define(document: Document, node: yaml.Node, what: str) -> Definition:
    fields: dict[str, Any] = {}
    for key, entry in _known(document, node, what, _COMPONENT_KEYS):
        if key in _TEXTS:
            fields[key] = document.text(entry.value, f"`{key}`")
        elif key == "subcomponents":
            items = document.items(entry.value, "`subcomponents`")
            fields[key] = tuple(_define_entry(document, item) for item in items)
        elif document.is_null(entry.value):
            fields.pop("hooks", None)
        else:
            # The key given twice: maps of fields are merged by key, as Go does.
            fields["hooks"] = {**fields.get("hooks", {}), **_read_hooks(document, entry.value)}
    fields["type"] = fields.pop("generator", "") or fields.get("type") or "component"
    hooks = Hooks(
        **{_PHASES[phase]: lines for phase, lines in fields.pop("hooks", {}).items() if phase in _PHASES}
    )
    return Definition(**fields, hooks=hooks, location=document.locate(node))


def _define_entry(document: Document, node: yaml.Node) -> Definition:
    if document.is_null(node):
        raise document.mismatch(node, "an entry of `subcomponents`", "a map")
    return _define(document, node, "an entry of `subcomponents`")


def _read_hooks(document: Document, node: yaml.Node) -> dict[str, tuple[str, ...]]:
    hooks = {}
    for entry in document.entries(node, "`hooks`"):
        commands = document.items(entry.value, f"the hook `{entry.key}`")
        hooks[entry.key] = tuple(document.text(command, "a command of a hook") for command in commands)
    return hooks


def _configure(document: Document, node: yaml.Node | None, what: str, values: Values | None = None) -> Config:
    fields: dict[str, Any] = {}
    subcomponents: dict[str, Config] = {}
    for key, entry in _known(document, node, what, _CONFIG_KEYS):
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
                subcomponents[below.key] = _configure(document, below.value, f"the config of {below.key}")
    return Config(
        **fields, values=values or Values(), values_given=values is not None, subcomponents=subcomponents
    )


def _join(first: Values | None, second: Values) -> Values:
    """Two maps for one key, `config` written twice or brought by a merge key: the later wins for each key."""
    if first is None:
        return second
    return Values({**first, **second}, {**first.locations, **second.locations})


def _known(
    document: Document, node: yaml.Node | None, what: str, names: tuple[str, ...]
) -> Iterator[tuple[str, Entry]]:
    """The entries whose key is one of the names: exactly, or in JSON in any case."""
    found = {name.casefold() if document.json else name: name for name in names}
    for entry in _entries(document, node, what):
        name = found.get(entry.key.casefold() if document.json else entry.key)
        if name is not None:
            yield name, entry


def _entries(document: Document, node: yaml.Node | None, what: str) -> Iterator[Entry]:
    return iter(()) if node is None else document.entries(node, what)
