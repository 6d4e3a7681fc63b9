"""Kinds that CustomResourceDefinitions define."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.yaml_nodes import get, text_at
from promotion.rendering.validation.field_checks import (
    ANYTHING,
    DEFAULTED,
    EMBEDDED,
    MAX_DEPTH,
    Schema,
    entries,
)
from promotion.rendering.validation.value_formats import choose_format
from promotion.rendering.validation.value_types import (
    CHOICES,
    INT_OR_STRING,
    is_plain,
    read_scalar,
    tell_apart,
)

GROUP, KIND = "apiextensions.k8s.io", "CustomResourceDefinition"
_TEXT = {"type": "string"}


@dataclass(frozen=True, kw_only=True)
class CustomKind:
    """A kind that a CustomResourceDefinition defines. `versions` are those that are served."""

    is_cluster_wide: bool
    versions: Mapping[str, yaml.Node | None] = field(repr=False)

    def read_schema(self, version: str) -> Schema:
        """Return the schema of a version that is served; one that takes anything where none is written.

        The metadata is left to the rules of every kind.
        """
        node = self.versions[version]
        schema = _tidy(_read(node) if node else None)
        head = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": {ANYTHING: True}}
        return {**schema, "properties": {**schema.get("properties", {}), **head}}

    def is_like(self, other: CustomKind | None) -> bool:
        """Return whether resources are judged by both alike."""
        return other is not None and self._content == other._content

    @cached_property
    def _content(self) -> str:
        # As JSON, since in Python True is 1.
        return json.dumps(
            [self.is_cluster_wide, {name: node and _read(node) for name, node in self.versions.items()}]
        )


CustomKinds = dict[tuple[str, str], CustomKind]
"""By group and kind."""


def read_definition(node: yaml.Node) -> CustomKinds:
    """Return the kind that a CustomResourceDefinition defines."""
    spec = get(node, "spec")
    is_cluster_wide = text_at(spec, "scope") == "Cluster"
    kind = CustomKind(is_cluster_wide=is_cluster_wide, versions=_read_versions(spec))
    return {(text_at(spec, "group"), text_at(spec, "names", "kind")): kind}


def _read_versions(spec: yaml.Node | None) -> dict[str, yaml.Node | None]:
    """Return the served versions. Kubernetes before 1.22 also took one version, and one schema for all."""
    common = get(spec, "validation", "openAPIV3Schema")
    listed = get(spec, "versions")
    versions: dict[str, yaml.Node | None] = {}
    for part in listed.value if isinstance(listed, yaml.SequenceNode) else ():
        served = get(part, "served")
        if not isinstance(served, yaml.ScalarNode) or read_scalar(served) is not False:
            versions[text_at(part, "name")] = get(part, "schema", "openAPIV3Schema") or common
    if not versions and (only := text_at(spec, "version")):
        versions[only] = common
    return versions


def _read(node: yaml.Node, depth: int = 0) -> Any:
    """Return a schema's values. What nests too deeply is left out: it takes anything."""
    if isinstance(node, yaml.ScalarNode):
        return read_scalar(node)
    if depth > MAX_DEPTH:
        return {ANYTHING: True}
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _read(value, depth + 1) for key, value in entries(node)}
    return [_read(part, depth + 1) for part in node.value]


def _tidy(raw: Any) -> dict[str, Any]:
    """Return the words of a schema that are as they must be: who judges by it needn't ask again."""
    if not isinstance(raw, dict):
        return {ANYTHING: True}
    schema = {key: raw[key] for key, kind in _WORDS.items() if isinstance(raw.get(key), kind)}
    for key in ("items", "not", "additionalProperties"):
        if isinstance(raw.get(key), dict):
            schema[key] = _tidy(raw[key])
    for key in ("allOf", "anyOf", "oneOf"):
        if isinstance(raw.get(key), list):
            schema[key] = [_tidy(part) for part in raw[key]]
    if isinstance(raw.get("properties"), dict):
        schema["properties"] = {name: _tidy(part) for name, part in raw["properties"].items()}
        defaults = {name: part.get("default") for name, part in schema["properties"].items()}
        schema[DEFAULTED] = tuple(name for name, value in defaults.items() if value is not None)
    schema["format"] = choose_format(schema.get("format", ""), schema.get("type", ""))
    schema["required"] = [name for name in schema.get("required", ()) if isinstance(name, str)]
    if "enum" in schema:
        schema[CHOICES] = frozenset(map(tell_apart, (part for part in schema["enum"] if is_plain(part))))
    if "default" in raw:
        schema["default"] = raw["default"]
    return schema


_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("type", "format"), str),
    **dict.fromkeys(("required", "enum"), list),
    **dict.fromkeys(("minimum", "maximum", "minLength", "maxLength"), int | float),
    **dict.fromkeys(("minItems", "maxItems", "minProperties", "maxProperties"), int),
    **dict.fromkeys(("nullable", "exclusiveMinimum", "exclusiveMaximum", "additionalProperties"), bool),
    **dict.fromkeys((ANYTHING, INT_OR_STRING, EMBEDDED), bool),
}
