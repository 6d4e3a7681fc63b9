"""The drafts of JSON Schema: their addresses, and which keywords hold schemas.

As in the libraries that Helm checks values with: santhosh-tekuri/jsonschema v6 since Helm 3.18 (draft.go:
draftFromURL and the drafts' subschemas; objcompiler.go), xeipuuv/gojsonschema before (draft.go and
jsonLoader.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Pointer = tuple[str, ...]

LATEST = 2020  # what Helm takes a schema without `$schema` for
_ADDRESSES = {
    "draft-04/schema": 4,
    "draft-06/schema": 6,
    "draft-07/schema": 7,
    "draft/2019-09/schema": 2019,
    "draft/2020-12/schema": 2020,
    "schema": LATEST,
}
_CANONICAL = {
    4: "http://json-schema.org/draft-04/schema",
    6: "http://json-schema.org/draft-06/schema",
    7: "http://json-schema.org/draft-07/schema",
    2019: "https://json-schema.org/draft/2019-09/schema",
    2020: "https://json-schema.org/draft/2020-12/schema",
}
# The first draft that has a keyword. Its value is a schema, a list of schemas (or either), or a map of them.
_SCHEMAS = {
    "not": 4, "additionalProperties": 4, "items": 4, "additionalItems": 4, "propertyNames": 6, "contains": 6,
    "if": 7, "then": 7, "else": 7, "unevaluatedItems": 2019, "unevaluatedProperties": 2019,
    "contentSchema": 2019,
}  # fmt: skip
_LISTS = {"allOf": 4, "anyOf": 4, "oneOf": 4, "items": 4, "prefixItems": 2020}
_MAPS = {
    "definitions": 4, "properties": 4, "patternProperties": 4, "dependencies": 4, "$defs": 2019,
    "dependentSchemas": 2019,
}  # fmt: skip


def find_draft(address: str) -> int | None:
    """Return the draft that an address of `$schema` names, None for any other."""
    bare, _, fragment = address.partition("#")
    return None if fragment else find_meta_schema(bare)


def find_meta_schema(address: str) -> int | None:
    """Return the draft whose own schema is at an address without a fragment, None for any other."""
    for host in ("http://json-schema.org/", "https://json-schema.org/"):
        if address.startswith(host):
            return _ADDRESSES.get(address.removeprefix(host))
    return None


def meta_schema(draft: int) -> str:
    """Return the address under which each library has the schema of a draft built in."""
    return _CANONICAL[draft]


def list_subschemas(schema: Mapping[str, Any], draft: int) -> Iterator[tuple[Pointer, Any]]:
    """Yield the schemas right within a schema, each with its place, and what stands where one has to be."""
    for keyword, value in schema.items():
        if isinstance(value, list) and _LISTS.get(keyword, draft + 1) <= draft:
            yield from (((keyword, str(number)), item) for number, item in enumerate(value))
        elif _SCHEMAS.get(keyword, draft + 1) <= draft:
            yield (keyword,), value
        elif isinstance(value, dict) and _MAPS.get(keyword, draft + 1) <= draft:
            for name, item in value.items():
                if not (keyword == "dependencies" and isinstance(item, list)):  # names of properties
                    yield (keyword, name), item


def holds_schemas(keyword: str, draft: int) -> bool:
    """Say whether the values of a keyword are schemas."""
    return any(table.get(keyword, draft + 1) <= draft for table in (_SCHEMAS, _LISTS, _MAPS))
