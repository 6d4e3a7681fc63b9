"""A resource's fields against a schema, on YAML nodes: no values are made that nobody looks at.

The schemas are structural ones, as in a CustomResourceDefinition, with `$ref` and the format `quantity`
beside. What a cluster decides by more than that isn't judged: patterns (one may take for ever), CEL rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.scalars import Plain
from promotion.rendering.definition.spelling_remarks import find_close, show
from promotion.rendering.validation.value_formats import find_format_fault
from promotion.rendering.validation.value_types import (
    TYPES,
    describe,
    find_type,
    is_among,
    read_scalar,
    takes,
)

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]

OBJECT_META = "apimachinery.pkg.apis.meta.v1.ObjectMeta"
ANYTHING = "x-kubernetes-preserve-unknown-fields"
MAX_DEPTH = 100  # only a schema within a CustomResourceDefinition nests at will, and none that deep is meant
MOST_FAULTS = 50  # of one resource
EMBEDDED = "x-kubernetes-embedded-resource"
DEFAULTED = "promotion-defaulted"  # in a custom kind's schema: the names of the fields with a default
_MOST_MEANT = 500  # fields that are looked through for one that was meant
_HEAD = ("apiVersion", "kind", "metadata")
_WORD = re.compile(r"[\w-]+")
# Flux puts a value in its place when it applies the manifest; nobody knows its type before.
SUBSTITUTED = "${"
_CHOICES = frozenset(("allOf", "anyOf", "oneOf", "not"))


@dataclass(frozen=True)
class FieldFault:
    """A field that is wrong: `what` follows its path in a sentence; `line` counts from 1."""

    path: Path
    what: str
    line: int

    def __str__(self) -> str:
        return f"{show_path(self.path)} {self.what}" if self.path else f"it {self.what}"


def show_path(path: Path) -> str:
    """Return a path as `spec.containers[0].image`; a key that is no plain word is quoted: `data["a.b"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _WORD.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f'["{show(part)[1:-1]}"]'
    return text


def _find_nothing(*_: object) -> tuple[FieldFault, ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class FieldJudge:
    """Finds the faults of a node: at most `MOST_FAULTS`.

    `schemas` is what `$ref` leads to. `is_lenient` treats a null as a field that isn't there, and an empty
    text as no choice, as the kinds that are built in do; a custom resource is to be settled before. `hides`
    keeps values out of messages. `is_open` lets unknown fields pass. `offset` is how many lines come before
    the document's text. `find_more` gives the faults of a map of a named schema that no schema tells: by the
    schema's name, the node, its path, and `hides`.
    """

    schemas: Mapping[str, Schema]
    find_more: Callable[[str, yaml.Node, Path, bool], Iterable[FieldFault]] = _find_nothing
    is_lenient: bool = True
    hides: bool = False
    is_open: bool = False
    offset: int = 0
    faults: list[FieldFault] = field(default_factory=list)

    def judge(self, node: yaml.Node, schema: Schema, path: Path = ()) -> None:
        """Add a node's faults, and those below it, to `faults`."""
        name = ""
        while "$ref" in schema:
            name = schema["$ref"]
            schema = self.schemas[name]
        if len(path) > MAX_DEPTH:
            self._add(node, path[:3], f"nests more than {MAX_DEPTH} levels deep")
            return
        if isinstance(node, yaml.ScalarNode):
            self._judge_scalar(node, schema, path)
        else:
            kind = "object" if isinstance(node, yaml.MappingNode) else "array"
            if not takes(schema, kind):
                self._add(node, path, f"must be {describe(schema)}, and is {TYPES[kind]}")
            elif isinstance(node, yaml.MappingNode):
                self._judge_map(node, schema, path)
                for fault in self.find_more(name, node, path, self.hides) if name else ():
                    self._tell(replace(fault, line=self.offset + fault.line))
            else:
                self._judge_list(node, schema, path)
        # A null is held against type and nullable alone (kube-openapi: pkg/validation/validate/schema.go).
        if not (_CHOICES.isdisjoint(schema) or is_null_node(node)):
            self._judge_choices(node, schema, path)

    def _judge_map(self, node: yaml.MappingNode, schema: Schema, path: Path) -> None:
        known, rest = schema.get("properties", {}), schema.get("additionalProperties")
        is_free = rest is True or self.is_open or schema.get(ANYTHING, False)
        seen: dict[str, yaml.Node] = {}
        for key, value in entries(node):
            if not isinstance(key, yaml.ScalarNode):
                self._add(key, path, "has a key that isn't a text")
                continue
            name = key.value
            if name in seen:
                self._add(key, (*path, name), "is there twice")
            seen[name] = value
            if name in known:
                self.judge(value, known[name], (*path, name))
            elif isinstance(rest, Mapping):
                self.judge(value, rest, (*path, name))
            elif not is_free and not (name in _HEAD and schema.get(EMBEDDED)):
                self._add_unknown(key, (*path, name), known)
        for name in schema.get("required", ()):
            if len(self.faults) >= MOST_FAULTS:
                return
            is_null = name in seen and self.is_lenient and is_null_node(seen[name])
            if (name not in seen or is_null) and "default" not in known.get(name, ()):
                self._add(node, (*path, name), "is missing")
        if schema.get(EMBEDDED) is True and not self.is_open:
            self._judge_embedded(node, seen, path)
        self._check_size(node, len(seen), schema, ("minProperties", "maxProperties", "have {} keys"), path)

    def _judge_embedded(self, node: yaml.Node, seen: Mapping[str, yaml.Node], path: Path) -> None:
        """Judge a resource within a custom one (apiextensions-apiserver, schema/objectmeta)."""
        for name in ("apiVersion", "kind"):
            found = seen.get(name)
            if found is None or found.value == "":
                self._add(node, (*path, name), "is missing")
            else:
                self.judge(found, {"type": "string"}, (*path, name))
        if "metadata" in seen and OBJECT_META in self.schemas:
            replace(self, is_lenient=True).judge(seen["metadata"], {"$ref": OBJECT_META}, (*path, "metadata"))

    def _judge_list(self, node: yaml.Node, schema: Schema, path: Path) -> None:
        items = schema.get("items")
        if isinstance(items, Mapping):
            for index, part in enumerate(node.value):
                self.judge(part, items, (*path, index))
        self._check_size(node, len(node.value), schema, ("minItems", "maxItems", "have {} items"), path)

    def _judge_scalar(self, node: yaml.ScalarNode, schema: Schema, path: Path) -> None:
        if SUBSTITUTED in node.value:
            return
        value = read_scalar(node)
        if value is None:
            if not (self.is_lenient or schema.get("nullable") or "type" not in schema):
                self._add(node, path, f"is null, must be {describe(schema)}")
            return
        kind = find_type(value)
        if not takes(schema, kind):
            advice = ": put it in quotes" if schema.get("type") == "string" else ""
            self._add(node, path, f"must be {describe(schema)}, and is {TYPES[kind]}{advice}")
            return
        if "enum" in schema and not is_among(value, schema) and not (self.is_lenient and value == ""):
            known = ", ".join(map(str, schema["enum"]))
            self._add(node, path, f"must be one of {known}{self._shown(value)}")
        if "format" in schema and (problem := find_format_fault(value, schema["format"])):
            self._add(node, path, f"{problem}{self._shown(value)}")
        if isinstance(value, str):
            words = ("minLength", "maxLength", "be {} characters long")
            self._check_size(node, len(value), schema, words, path)
        elif not isinstance(value, bool):
            self._check_size(node, value, schema, ("minimum", "maximum", "be {}"), path)

    def _check_size(
        self, node: yaml.Node, size: float, schema: Schema, words: tuple[str, str, str], path: Path
    ) -> None:
        low, high, form = schema.get(words[0]), schema.get(words[1]), words[2]
        if isinstance(low, int | float):
            if size == low and schema.get("exclusiveMinimum") is True:
                self._add(node, path, f"must be more than {low}")
            elif size < low:
                self._add(node, path, f"must {form.format(f'at least {low}')}")
        if isinstance(high, int | float):
            if size == high and schema.get("exclusiveMaximum") is True:
                self._add(node, path, f"must be less than {high}")
            elif size > high:
                self._add(node, path, f"must {form.format(f'at most {high}')}")

    def _judge_choices(self, node: yaml.Node, schema: Schema, path: Path) -> None:
        """Judge by logical words; within them a structural schema doesn't say which fields there are."""
        for part in schema.get("allOf", ()):
            replace(self, is_open=True).judge(node, part, path)
        fitting = [self._fits(node, part) for part in schema.get("anyOf", ())]
        if fitting and not any(fitting):
            self._add(node, path, "has none of the forms that its schema allows")
        fitting = [self._fits(node, part) for part in schema.get("oneOf", ())]
        if fitting and sum(fitting) != 1:
            self._add(node, path, f"must have one of the forms in its schema, and has {sum(fitting)}")
        if "not" in schema and self._fits(node, schema["not"]):
            self._add(node, path, "has a form that its schema forbids")

    def _fits(self, node: yaml.Node, schema: Schema) -> bool:
        quiet = replace(self, is_open=True, faults=[])
        quiet.judge(node, schema)
        return not quiet.faults

    def _shown(self, value: Plain) -> str:
        return "" if self.hides else f", and is {show(str(value))}"

    def _add_unknown(self, key: yaml.Node, path: Path, known: Mapping[str, Schema]) -> None:
        if len(self.faults) < MOST_FAULTS:  # looking for what is meant takes time
            meant = find_close(str(path[-1]), known) if len(known) <= _MOST_MEANT else ""
            self._add(key, path, "is not a known field" + (f": did you mean `{meant}`?" if meant else ""))

    def _add(self, node: yaml.Node, path: Path, what: str) -> None:
        self._tell(FieldFault(path, what, self.offset + node.start_mark.line + 1))

    def _tell(self, fault: FieldFault) -> None:
        if len(self.faults) < MOST_FAULTS and fault not in self.faults:
            self.faults.append(fault)


def entries(node: yaml.MappingNode, depth: int = 0) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Return a map's keys and values; those that a merge key (`<<`) brings come last, unless it has its own.

    Merge keys within merge keys have an end: from a `depth` of `MAX_DEPTH` on they bring nothing.
    """
    if all(key.value != "<<" for key, _ in node.value):
        return iter(node.value)
    return _merge(node, depth)


def _merge(node: yaml.MappingNode, depth: int) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    merged: list[yaml.Node] = []
    own: set[str] = set()
    for key, value in node.value:
        if key.value == "<<" and not key.style:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        else:
            own.add(str(key.value))
            yield key, value
    for part in merged if depth < MAX_DEPTH else ():
        for key, value in entries(part, depth + 1) if isinstance(part, yaml.MappingNode) else ():
            if str(key.value) not in own:
                own.add(str(key.value))
                yield key, value


def is_null_node(node: yaml.Node) -> bool:
    """Return whether a node is a null."""
    if not isinstance(node, yaml.ScalarNode) or len(node.value) > len("null"):
        return False
    return read_scalar(node) is None
