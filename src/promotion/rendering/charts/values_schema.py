"""A chart's values.schema.json, so that it means the same and refers to nothing but its own parts.

Helm loads what a schema refers to from any file of the machine and any web address, and prints parts of what
it read, so a chart could show what it may not see. What Helm gets is therefore written anew: of keywords that
are known to hold no reference, and of references of ours. Whatever library reads it has nothing to load.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from promotion.rendering.charts.schema_drafts import (
    LATEST,
    Pointer,
    find_draft,
    find_meta_schema,
    holds_schemas,
    meta_schema,
)
from promotion.rendering.charts.schema_index import ForeignSchemaError, SchemaIndex
from promotion.rendering.charts.schema_text import UnreadableSchemaError, parse_json, write_json

__all__ = ["ForeignSchemaError", "UnreadableSchemaError", "close_schema"]

MOST_PARTS = 200_000
_REFERENCES = {"$ref": 4, "$recursiveRef": 2019, "$dynamicRef": 2020}
_DEFINITIONS = ("definitions", "$defs")
_CHECKS = """
    type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern
    format maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required
    dependentRequired contentEncoding contentMediaType
"""
_DATA = frozenset(_CHECKS.split())
# They check nothing; but for their types, which the drafts' own schemas do.
_REMARKS = ("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment")


def close_schema(data: bytes, *, is_recent: bool = True) -> bytes:
    """Return a JSON schema that takes the same values and refers to nothing outside of itself.

    Args:
        is_recent: whether Helm is 3.18 or newer. Older ones would fetch the schemas of drafts since 2019.

    Raises:
        ForeignSchemaError: it can't be had without something else.
        UnreadableSchemaError: it is none, or can't be read.
    """
    document = parse_json(data)
    if not isinstance(document, dict | bool):
        raise UnreadableSchemaError("it has to be an object")
    try:
        closed = document if isinstance(document, bool) else _Closer(document, is_recent).close()
    except RecursionError:
        raise UnreadableSchemaError("it is nested too deeply") from None
    return write_json(closed)


class _Closer:
    """Writes a schema anew. What is referred to is written once, among the definitions."""

    def __init__(self, document: Mapping[str, Any], is_recent: bool) -> None:
        self._document, self._is_recent = document, is_recent
        self._draft = _read_draft(document)
        self._index = SchemaIndex(document, self._draft)
        self._definitions = "$defs" if self._draft >= 2019 else "definitions"
        self._names: dict[Pointer, int] = {}
        self._needed: list[Pointer] = []
        self._count = 0

    def close(self) -> dict[str, Any]:
        head = {"$schema": self._document["$schema"]} if "$schema" in self._document else {}
        closed: dict[str, Any] = head | self._write((), self._document)
        parts: dict[str, Any] = {}
        for name, pointer in enumerate(self._needed):  # writing one may need more
            self._index.add(pointer)
            parts[str(name)] = self._write(pointer, self._index.look_up(pointer))
        return closed | ({self._definitions: parts} if parts else {})

    def _write(self, place: Pointer, schema: Any) -> Any:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise UnreadableSchemaError(f"a schema has to be at #/{'/'.join(place)}")
        self._count += 1
        if self._count > MOST_PARTS:
            raise ForeignSchemaError(f"it has more than {MOST_PARTS} parts")
        references = [
            self._refer(keyword, schema[keyword], place)
            for keyword, since in _REFERENCES.items()
            if keyword in schema and since <= self._draft
        ]
        if references and self._draft < 2019:
            return {"$ref": references[0]}  # all beside it is ignored
        written = {key: self._write_value(place, key, schema[key]) for key in schema if self._is_kept(key)}
        if references:
            written["$ref"] = references[0]
        if references[1:]:
            written["allOf"] = [*written.get("allOf", ()), *({"$ref": other} for other in references[1:])]
        return written

    def _is_kept(self, keyword: str) -> bool:
        is_part = holds_schemas(keyword, self._draft) and keyword not in _DEFINITIONS
        return is_part or keyword in _DATA or keyword in _REMARKS

    def _write_value(self, place: Pointer, keyword: str, value: Any) -> Any:
        if keyword in _DATA:
            return value
        if keyword in _REMARKS:
            return type(value)() if isinstance(value, dict | list) else value
        within = (*place, keyword)
        match keyword, value:
            case (("allOf" | "anyOf" | "oneOf" | "prefixItems" | "items"), list()):
                return [self._write((*within, str(number)), part) for number, part in enumerate(value)]
            case (("properties" | "patternProperties" | "dependentSchemas"), dict()):
                return {name: self._write((*within, name), part) for name, part in value.items()}
            case "dependencies", dict():
                return {
                    name: part if isinstance(part, list) else self._write((*within, name), part)
                    for name, part in value.items()
                }
            case (("allOf" | "anyOf" | "oneOf" | "prefixItems"), _):
                raise UnreadableSchemaError(f"a list has to be at #/{'/'.join(within)}")
            case (("properties" | "patternProperties" | "dependentSchemas" | "dependencies"), _):
                raise UnreadableSchemaError(f"an object has to be at #/{'/'.join(within)}")
        return self._write(within, value)

    def _refer(self, keyword: str, reference: Any, place: Pointer) -> str:
        if not isinstance(reference, str):
            raise UnreadableSchemaError(f"a text has to be at #/{'/'.join((*place, keyword))}")
        target = self._index.find(reference, self._index.base_of(place))
        anchor = reference.partition("#")[2] if keyword == "$dynamicRef" else "#"
        if keyword != "$ref" and self._index.dynamic[anchor] > 1:
            raise ForeignSchemaError(f"what {keyword} {reference} means depends on who refers to it")
        if not target.address:
            return self._name(target.pointer)
        draft = find_meta_schema(target.address)
        if draft is None or (draft >= 2019 and (self._index.dynamic or not self._is_recent)):
            raise ForeignSchemaError(f"it refers to {reference}, which isn't loaded")
        return f"{meta_schema(draft)}#{quote(target.fragment)}"

    def _name(self, pointer: Pointer) -> str:
        if not pointer:
            return "#"
        if pointer not in self._names:
            self._names[pointer] = len(self._needed)
            self._needed.append(pointer)
        return f"#/{self._definitions}/{self._names[pointer]}"


def _read_draft(document: Mapping[str, Any]) -> int:
    address = document.get("$schema", "")
    if not isinstance(address, str):
        raise UnreadableSchemaError("a text has to be at #/$schema")
    draft = find_draft(address) if "$schema" in document else LATEST
    if draft is None:
        raise ForeignSchemaError(f"it refers to {address}, which isn't loaded")
    return draft
