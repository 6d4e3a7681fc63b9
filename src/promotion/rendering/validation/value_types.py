"""Single values: what a YAML scalar is to Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from promotion.common.yaml.scalars import TAG_PREFIX, Plain, resolve_plain, resolve_tagged
from promotion.common.yaml.verbatim import UNSET

TYPES = {
    "object": "a map",
    "array": "a list",
    "string": "a text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
}
INT_OR_STRING = "x-kubernetes-int-or-string"
CHOICES = "promotion-choices"  # in a custom kind's schema, which may list any number: its `enum` as a set


def read_scalar(node: yaml.ScalarNode) -> Plain:
    """Return a scalar's value, as readers of YAML 1.1 have it: `yes` is true, `"yes"` a text.

    A tag that its text contradicts makes it a text.
    """
    if node.tag != UNSET and node.tag.startswith(TAG_PREFIX):
        try:
            return resolve_tagged(node.tag, node.value)
        except ValueError:
            return str(node.value)
    return resolve_plain(node.value) if not node.style and node.tag == UNSET else str(node.value)


def find_type(value: Plain) -> str:
    """Return the type of a value that isn't null. A number without a fraction is an integer, as in JSON."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "integer" if isinstance(value, int) or (value is not None and value.is_integer()) else "number"


def takes(schema: Mapping[str, Any], kind: str) -> bool:
    """Return whether a value of this type can be right by the schema."""
    wanted = schema.get("type")
    if schema.get(INT_OR_STRING):
        return kind in ("integer", "string")
    if schema.get("format") == "quantity":
        return kind in ("integer", "number", "string")
    return wanted is None or kind == wanted or (kind == "integer" and wanted == "number")


def describe(schema: Mapping[str, Any]) -> str:
    """Return what the schema takes, for a message: `an integer`."""
    if schema.get(INT_OR_STRING):
        return "an integer or a text"
    if schema.get("format") == "quantity":
        return "a quantity, as 100m or 1.5Gi"
    return TYPES.get(schema.get("type", ""), "something else")


def is_among(value: Plain, schema: Mapping[str, Any]) -> bool:
    """Return whether a value is one of those in the schema's `enum`."""
    if CHOICES in schema:
        return tell_apart(value) in schema[CHOICES]
    return value in schema["enum"]


def tell_apart(value: Plain) -> tuple[bool, Plain]:
    """Return what differs for values that differ: to Python, 1 is True."""
    return isinstance(value, bool), value


def is_plain(value: object) -> bool:
    """Return whether a value is neither a map nor a list."""
    return not isinstance(value, dict | list)
