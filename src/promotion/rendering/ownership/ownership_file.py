"""Read the ownership file strictly: what isn't understood allows nothing, and stops.

PyYAML's node graph gives scalars as they are written, so that a part called `on` or `1.10` is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar

import yaml

from promotion.common.nearest_names import advise_key
from promotion.common.redaction import find_credentials
from promotion.common.yaml.composer import Scalar, compose_each
from promotion.errors import DefinitionError, Location
from promotion.rendering.ownership.image_names import fault_of_image_pattern
from promotion.rendering.ownership.kind_patterns import parse_cluster_scoped, parse_kind
from promotion.rendering.ownership.part_rules import PART, Ownership, PartRule
from promotion.rendering.sources.credential_reach import normalise_address

_LARGEST = 256 * 1024  # bytes; an entry for each of 1000 parts
KEYS = ("namespaces", "kinds", "cluster-scoped", "hosts", "images", "sources")
ANY = "any"
_NAMESPACE = re.compile(r"[a-z0-9*?]([a-z0-9*?-]*[a-z0-9*?])?")
_HOST = re.compile(r"[a-z0-9*?_-]+(\.[a-z0-9*?_-]+)*")
_SOURCE = re.compile(r"(?:https?|oci|ssh)://[^\s/]+(?:/\S*)?|[\w.-]+@[\w.-]+:\S+|file:///\S*|/\S*")
_Found = TypeVar("_Found")


def parse_ownership(data: bytes, where: Location) -> Ownership:
    """Return the content of an ownership file.

    Args:
        where: the file, for errors.

    Raises:
        DefinitionError: it isn't understood; with line and column.
    """
    return _Parser(where).read(data)


class _Parser:
    def __init__(self, where: Location) -> None:
        self._where = where

    def read(self, data: bytes) -> Ownership:
        if len(data) > _LARGEST:
            raise DefinitionError(f"the file is larger than {_LARGEST} bytes", where=self._where)
        try:
            text = data.decode().removeprefix("\ufeff")
        except UnicodeDecodeError:
            fix = "Save it as UTF-8."
            raise DefinitionError("the file isn't UTF-8", where=self._where, fix=fix) from None
        documents = list(compose_each(text, self._where))
        if len(documents) > 1:
            self._fail(documents[1], "the file has a second document", "Remove the line `---`.")
        if not documents or _is_empty(documents[0]) or documents[0].value == []:
            raise DefinitionError(
                "the file is empty, so no part would be allowed anything",
                where=self._where,
                fix='Write at least `"*": any`, or remove the file.',
            )
        fields = self._map(documents[0], "the file")
        rules = tuple(self._rule(name, key, value) for name, (key, value) in fields.items())
        return Ownership(where=self._where, rules=rules)

    def _rule(self, part: str, key: yaml.Node, node: yaml.Node) -> PartRule:
        where = self._place(key)
        if part.startswith("/") or part.endswith("/") or "//" in part or "***" in part:
            self._fail(key, f"{part!r} isn't the name of a part, or a pattern of names")
        if isinstance(node, yaml.ScalarNode):
            if _text(node) != "any":
                fix = "Write `any`, or a map with `namespaces`."
                self._fail(node, f"the entry of {part} is {node.value!r}", fix)
            return PartRule(pattern=part, where=where, is_any=True)
        fields = self._map(node, f"the entry of {part}", (*KEYS, ANY))
        if not fields:
            self._fail(node, f"the entry of {part} is empty", "Name its `namespaces`, or write `any`.")

        if ANY in fields:
            self._check_any(part, fields)

        def take(name: str, parse: Callable[[str], _Found | str]) -> tuple[_Found, ...] | None:
            if name not in fields:
                return None
            return tuple(self._entry(entry, name, parse) for entry in self._list(fields[name][1], name))

        return PartRule(
            pattern=part,
            where=where,
            is_any=ANY in fields,
            namespaces=tuple(found[0] for found in take("namespaces", _parse_namespace) or ()),
            kinds=take("kinds", parse_kind),
            cluster_scoped=take("cluster-scoped", parse_cluster_scoped) or (),
            hosts=_unpack(take("hosts", _parse_host)),
            images=_unpack(take("images", _parse_image)),
            sources=_unpack(take("sources", _parse_source)),
        )

    def _check_any(self, part: str, fields: Mapping[str, tuple[yaml.Node, yaml.Node]]) -> None:
        key, value = fields[ANY]
        if not isinstance(value, Scalar) or not value.is_plain or value.value != "true":
            self._fail(
                value, f"`any` in the entry of {part} isn't `true`", "Write `any: true`, or leave it out."
            )
        if others := [name for name in fields if name not in (ANY, "sources")]:
            fix = "Beside it may stand `sources` alone."
            self._fail(key, f"the entry of {part} has `any` and {others[0]!r}", fix)

    def _entry(self, node: yaml.Node, name: str, parse: Callable[[str], _Found | str]) -> _Found:
        text = _text(node)
        if not text:
            self._fail(node, f"an entry of `{name}` isn't a text", "Put it in quotes.")
        if "***" in text:
            self._fail(node, f"{text!r} in `{name}` has three stars", "Write `*` or `**`.")
        found = parse(text)
        if isinstance(found, str):
            self._fail(node, f"{text!r} in `{name}` can't be: {found}")
        return found

    def _list(self, node: yaml.Node, name: str) -> list[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if isinstance(node, yaml.MappingNode) or _is_empty(node):
            self._fail(node, f"`{name}` should be a list", f"Write `{name}: []` for none.")
        return [node]

    def _map(
        self, node: yaml.Node, what: str, known: tuple[str, ...] = ()
    ) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{what} should be a map")
        fields: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name = _text(key)
            if not name:
                self._fail(key, f"a key of {what} isn't a text", "Put it in quotes.")
            if name == "<<" and isinstance(key, Scalar) and key.is_plain:
                self._fail(key, f"{what} has a merge key", "Write out what it brings.")
            if name in fields:
                self._fail(key, f"{name!r} is written twice")
            if known and name not in known:
                self._fail(key, f"{what} has an unknown key {name!r}", advise_key(name, known))
            fields[name] = (key, value)
        return fields

    def _place(self, node: yaml.Node) -> Location:
        mark, where = node.start_mark, self._where
        return Location(where.file, mark.line + 1, mark.column + 1, where.repository, where.revision)

    def _fail(self, node: yaml.Node, what: str, fix: str = "") -> NoReturn:
        raise DefinitionError(what, where=self._place(node), fix=fix)


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, Scalar) and node.is_plain and node.value in ("", "~", "null", "Null", "NULL")


def _text(node: yaml.Node) -> str:
    """Return a scalar's text; empty if it is null, or something else."""
    if not isinstance(node, yaml.ScalarNode) or _is_empty(node):
        return ""
    return str(node.value).strip()


def _unpack(found: tuple[tuple[str], ...] | None) -> tuple[str, ...] | None:
    return None if found is None else tuple(entry[0] for entry in found)


def _parse_namespace(text: str) -> tuple[str] | str:
    if not _NAMESPACE.fullmatch(text.replace(PART, "part")):
        return "it isn't the name of a namespace, or a pattern of such (lower case, digits, `-`, `*`, `?`)"
    return (text,)


def _parse_host(text: str) -> tuple[str] | str:
    folded = text.lower().rstrip(".")
    if not _HOST.fullmatch(folded):
        return "it isn't the name of a host, or a pattern of such, as `*.example.com`"
    return (folded,)


def _parse_image(text: str) -> tuple[str] | str:
    return fault_of_image_pattern(text) or (text,)


def _parse_source(text: str) -> tuple[str] | str:
    if find_credentials(text):
        return "it is written with a credential"
    if not _SOURCE.fullmatch(text):
        return "it isn't an address, or a pattern of such, as `https://github.com/acme/cat-*`"
    if not text.startswith(("/", "file:")) and not normalise_address(text, is_pattern=True):
        return "it could be more than one place: `..`, `//`, `%`, a query, or `**` in the host"
    return (text,)
