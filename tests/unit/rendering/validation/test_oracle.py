"""Our verdict on random resources is that of the package jsonschema with kubernetes-validate's own schemas.

Those know no formats, no quantities and few lists of values, so the random resources are right in them.
"""

from __future__ import annotations

import copy
import functools
import importlib.resources
import json
import random
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from promotion.common.yaml.verbatim import compose_first
from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.errors import Location
from promotion.rendering.validation.field_checks import ANYTHING, FieldJudge, Schema
from support.validity import known_api

VERSIONS = sorted(SchemaStore().versions, key=lambda version: int(version[2:]))
DEEPEST = 7
UNTOUCHED = ("apiVersion", "kind", "status")  # within others too, where the server doesn't look at them
LEAVES = {"string": "abc", "integer": 7, "number": 7.5, "boolean": True}
FORMATS = {"byte": "YWJj", "date-time": "2026-01-31T12:00:00Z", "quantity": "100m"}
# Nulls are left out: where one is right depends on how the schema was made, not on the server.
WRONG: list[Any] = [{}, [], {"no-such-field": 7}, [{}], ["abc"], True, 7, 7.5, "abc"]


@functools.cache
def definitions(version: str) -> dict[str, Any]:
    folder = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema"
    text = (folder / f"v{version}.0-local-strict" / "_definitions.json").read_text("utf-8")
    return json.loads(text)["$defs"]  # type: ignore[no-any-return]


@functools.cache
def oracle(version: str, name: str) -> jsonschema.protocols.Validator:
    schema = {"$ref": f"#/$defs/io.k8s.{name}", "$defs": definitions(version)}
    return jsonschema.Draft202012Validator(schema)


def make(schema: Schema, schemas: dict[str, Schema], dice: random.Random, depth: int = 0) -> Any:
    """A random value that is right; deep ones have only what they must."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"]]
    if "enum" in schema:
        return dice.choice(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return dice.choice([7, "abc"])
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    kind = schema.get("type", "object")
    few = depth >= DEEPEST
    if kind == "array":
        return [
            make(schema["items"], schemas, dice, depth + 1) for _ in range(0 if few else dice.randint(0, 2))
        ]
    if kind != "object":
        return LEAVES[kind]
    if isinstance(rest := schema.get("additionalProperties"), dict):
        return {key: make(rest, schemas, dice, depth + 1) for key in ("a", "b/c.d") if not few}
    if schema.get(ANYTHING):
        return {}
    required = schema.get("required", ())
    names = [
        name
        for name in sorted(schema.get("properties", ()))
        if name in required or (not few and name not in UNTOUCHED and dice.random() < 3 / (depth + 4))
    ]
    return {name: make(schema["properties"][name], schemas, dice, depth + 1) for name in names}


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every map and list with every key or index in it."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from spots(value[key])


def spoil(resource: Any, dice: random.Random) -> Any:
    """The resource with one change, which may be harmless."""
    changed = copy.deepcopy(resource)
    places = [(holder, key) for holder, key in spots(changed) if key not in UNTOUCHED]
    if not places:
        return changed
    holder, key = dice.choice(places)
    if dice.random() < 0.3 and isinstance(holder, dict):
        del holder[key]
    elif dice.random() < 0.3 and isinstance(holder, dict):
        holder["no-such-field"] = 7
    else:
        # Another type, not another text: what is right as a text is more than the oracle knows.
        kinds = (str,) if isinstance(holder[key], str) else ()
        holder[key] = dice.choice([wrong for wrong in WRONG if not isinstance(wrong, kinds)])
    return changed


def check(version: str, seed: int, rounds: int) -> tuple[int, int]:
    """Compare on random resources; gives how many were right, and how many wrong."""
    # Without the limits that the published schemas don't have, which the oracle doesn't know either.
    schemas = json.loads(SchemaStore().read(version))["schemas"]
    api, right, wrong = known_api(version), 0, 0
    dice = random.Random(seed)  # noqa: S311  no secret
    kinds = [(group, kind, name) for group, found in api.kinds.items() for kind, name in found.items()]
    for _ in range(rounds):
        group, kind, name = dice.choice(sorted(kinds))
        resource = make(schemas[name], schemas, dice)
        resource |= {"apiVersion": group, "kind": kind}
        for candidate in (resource, *(spoil(resource, dice) for _ in range(4))):
            text = yaml.safe_dump(candidate)
            node = compose_first(text, Location(""))
            assert node
            judge = FieldJudge(schemas=schemas)
            judge.judge(node, schemas[name])
            theirs = [error.message[:200] for error in oracle(version, name).iter_errors(candidate)]
            assert bool(judge.faults) == bool(theirs), (list(map(str, judge.faults)), theirs, text)
            right, wrong = right + (not theirs), wrong + bool(theirs)
    return right, wrong


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_verdicts_are_those_of_a_json_schema_validator(version: str) -> None:
    right, wrong = check(version, seed=1, rounds=20)
    assert min(right, wrong) > 20


@pytest.mark.siege
@pytest.mark.samples
@pytest.mark.parametrize("version", VERSIONS)
def test_verdicts_for_every_version(version: str) -> None:
    right, wrong = check(version, seed=2, rounds=100)
    assert min(right, wrong) > 100
