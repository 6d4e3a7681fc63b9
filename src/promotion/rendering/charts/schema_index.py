"""Where the parts of a schema are: by address, anchor and JSON pointer, as references name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from urllib.parse import unquote, urljoin

from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.charts.schema_drafts import Pointer, find_draft, list_subschemas
from promotion.rendering.charts.schema_text import UnreadableSchemaError

# The address that Helm gives a chart's schema (pkg/chart/common/util, ValidateAgainstSingleSchema).
_OWN = "file:///values.schema.json"


class ForeignSchemaError(Exception):
    """A schema can't be checked without something that isn't in it; the text says why."""


@dataclass(frozen=True)
class _Resource:
    """A part with an address of its own."""

    pointer: Pointer
    anchors: dict[str, Pointer] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """What a reference leads to: a part by its pointer, or a fragment of another schema by its address."""

    pointer: Pointer = ()
    address: str = ""
    fragment: str = ""


class SchemaIndex:
    """The addresses and anchors in a document.

    Args:
        document: the whole schema.
        draft: the draft that it follows.

    Raises:
        ForeignSchemaError: a part follows another draft.
        UnreadableSchemaError: two parts have one address or anchor, or an address can't be one.
    """

    def __init__(self, document: Any, draft: int) -> None:
        self._document, self._draft = document, draft
        own = _Resource(())
        self._resources = {_OWN: own}
        self._bases: dict[Pointer, str] = {(): _OWN}
        self._seen: set[Pointer] = set()
        self.dynamic: Counter[str] = Counter()  # how many parts may stand in for a reference, by anchor
        self.add(())

    def add(self, pointer: Pointer) -> None:
        """Take up a part that may lie where no keyword says that it is a schema."""
        todo = [(pointer, self.look_up(pointer), self.base_of(pointer))]
        while todo:
            place, schema, base = todo.pop()
            if place in self._seen or not isinstance(schema, dict):
                continue
            self._seen.add(place)
            base = self._enter(place, schema, base)
            todo += [((*place, *step), part, base) for step, part in list_subschemas(schema, self._draft)]

    def look_up(self, pointer: Pointer) -> Any:
        """Return what is at a pointer; UnreadableSchemaError if nothing is."""
        value = self._document
        for step in pointer:
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                raise UnreadableSchemaError(f"it refers to #/{'/'.join(pointer)}, which isn't there")
        return value

    def base_of(self, pointer: Pointer) -> str:
        """Return the address to which references in a part are relative."""
        for end in range(len(pointer), 0, -1):
            if base := self._bases.get(pointer[:end]):
                return base
        return self._bases[()]

    def find(self, reference: str, base: str) -> Place:
        """Return what a reference leads to; UnreadableSchemaError if its anchor isn't there."""
        path, _, fragment = reference.partition("#")
        address, fragment = _join(base, path) if path else base, unquote(fragment)
        resource = self._resources.get(address)
        if resource is None:
            return Place(address=address, fragment=fragment)
        if not fragment or fragment.startswith("/"):
            return Place(pointer=resource.pointer + _split(fragment))
        if fragment not in resource.anchors:
            raise UnreadableSchemaError(f"it refers to {reference}, which isn't there")
        return Place(pointer=resource.anchors[fragment])

    def _enter(self, place: Pointer, schema: Mapping[str, Any], base: str) -> str:
        """Note a part's address and anchors, and return its base."""
        identifier = schema.get("id" if self._draft == 4 else "$id")
        is_named = isinstance(identifier, str) and not (self._draft < 2019 and "$ref" in schema)
        path, _, fragment = identifier.partition("#") if is_named and identifier else ("", "", "")
        self._check_draft(schema, is_root=not place, is_resource=bool(path))
        if path:
            base = _join(base, path)
            known = self._resources.setdefault(base, self._resources[_OWN] if not place else _Resource(place))
            if known.pointer != place:
                raise UnreadableSchemaError(f"two of its parts have the address {base}")
            self._bases[place] = base
        if self._draft < 2019:
            self._anchor(base, "" if fragment.startswith("/") else unquote(fragment), place)
            return base
        self._anchor(base, schema.get("$anchor"), place)
        if self._draft >= 2020 and self._anchor(base, schema.get("$dynamicAnchor"), place):
            self.dynamic[schema["$dynamicAnchor"]] += 1
        if schema.get("$recursiveAnchor") is True:
            self.dynamic["#"] += 1
        return base

    def _anchor(self, base: str, name: Any, place: Pointer) -> bool:
        if not name or not isinstance(name, str):
            return False
        if self._resources[base].anchors.setdefault(name, place) != place:
            raise UnreadableSchemaError(f"two of its parts have the anchor {name}")
        return True

    def _check_draft(self, schema: Mapping[str, Any], *, is_root: bool, is_resource: bool) -> None:
        """Refuse parts of other drafts. Without an address of its own a part follows that of the whole."""
        address = schema.get("$schema")
        if is_root or not isinstance(address, str):
            return
        draft = find_draft(address)
        if draft is None:
            raise ForeignSchemaError(f"it refers to {address}, which isn't loaded")
        if is_resource and draft != self._draft:
            raise ForeignSchemaError(f"a part of it follows another draft, {address}")


def _split(fragment: str) -> Pointer:
    """Return the steps of a JSON pointer (RFC 6901)."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in fragment.split("/")[1:])


def _join(base: str, reference: str) -> str:
    """Return an address that is relative to another; of any scheme, while Python knows few of them."""
    scheme, separator, rest = base.partition("://")
    try:
        if not separator or ":" in reference.partition("/")[0]:
            return urljoin(base, reference)
        joined = urljoin(f"http://{rest}", reference)
    except ValueError:
        raise UnreadableSchemaError(f"{reference} can't be an address") from None
    return scheme + joined.removeprefix("http")
