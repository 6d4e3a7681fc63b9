"""Read the ownership file strictly: what isn't understood allows nothing, and stops."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import yaml

from promotion.common.redaction import find_credentials
from promotion.common.yaml.composer import Scalar, compose_each, locate
from promotion.common.yaml.strict_reader import StrictReader, is_null
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


class _Parser(StrictReader):
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
            self.fail(documents[1], "the file has a second document", "Remove the line `---`.")
        if not documents or is_null(documents[0]) or documents[0].value == []:
            raise DefinitionError(
                "the file is empty, so no part would be allowed anything",
                where=self._where,
                fix='Write at least `"*": any`, or remove the file.',
            )
        fields = self.fields(documents[0], "the file")
        rules = tuple(self._rule(name, key, value) for name, (key, value) in fields.items())
        return Ownership(where=self._where, rules=rules)

    def _rule(self, part: str, key: yaml.Node, node: yaml.Node) -> PartRule:
        where = locate(key.start_mark, self._where)
        if part.startswith("/") or part.endswith("/") or "//" in part or "***" in part:
            self.fail(key, f"{part!r} isn't the name of a part, or a pattern of names")
        if isinstance(node, yaml.ScalarNode):
            if node.value.strip() != ANY:
                fix = "Write `any`, or a map with `namespaces`."
                self.fail(node, f"the entry of {part} is {node.value!r}", fix)
            return PartRule(pattern=part, where=where, is_any=True)
        fields = self.fields(node, f"the entry of {part}", (*KEYS, ANY))
        if not fields:
            self.fail(node, f"the entry of {part} is empty", "Name its `namespaces`, or write `any`.")

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
            self.fail(
                value, f"`any` in the entry of {part} isn't `true`", "Write `any: true`, or leave it out."
            )
        if others := [name for name in fields if name not in (ANY, "sources")]:
            fix = "Beside it may stand `sources` alone."
            self.fail(key, f"the entry of {part} has `any` and {others[0]!r}", fix)

    def _entry(self, node: yaml.Node, name: str, parse: Callable[[str], _Found | str]) -> _Found:
        text = self.text(node, f"an entry of `{name}`")
        if "***" in text:
            self.fail(node, f"{text!r} in `{name}` has three stars", "Write `*` or `**`.")
        found = parse(text)
        if isinstance(found, str):
            self.fail(node, f"{text!r} in `{name}` can't be: {found}")
        return found

    def _list(self, node: yaml.Node, name: str) -> list[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if isinstance(node, yaml.MappingNode) or is_null(node):
            self.fail(node, f"`{name}` should be a list", f"Write `{name}: []` for none.")
        return [node]


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
