from __future__ import annotations

import json
import textwrap
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promotion.common.yaml.verbatim import compose_first
from promotion.errors import Location
from promotion.rendering.validation.custom_resources import read_definition
from promotion.rendering.validation.field_checks import ANYTHING, FieldJudge
from support.validity import component, define_cats, faults, judge, serve

CAT = "apiVersion: pets.example/v1\nkind: Cat\nmetadata: {name: tom}\n"


def found(schema: Any, spec: str) -> list[str]:
    return faults(define_cats(serve(json.dumps(schema))), CAT + textwrap.dedent(spec))


def spec(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def test_unknown_fields_would_be_pruned() -> None:
    schema = spec(name={"type": "string"})
    assert found(schema, "spec: {name: Tom, nmae: Tim}") == [
        "Cat tom: spec.nmae is not a known field: did you mean `name`?"
    ]
    assert found(schema, "sepc: {}") == ["Cat tom: sepc is not a known field: did you mean `spec`?"]


def test_a_map_without_fields_keeps_none() -> None:
    assert found(spec(meta={"type": "object"}), "spec: {meta: {a: 1}}") == [
        "Cat tom: spec.meta.a is not a known field"
    ]


def test_unknown_fields_may_be_kept() -> None:
    free = {"type": "object", ANYTHING: True, "properties": {"a": {"type": "string"}}}
    assert not found(spec(any=free), "spec: {any: {b: 1, c: {d: []}}}")
    assert found(spec(any=free), "spec: {any: {a: 1}}")


def test_integers_or_texts() -> None:
    schema = spec(
        port={
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
        }
    )
    assert not found(schema, "spec: {port: 80}")
    assert not found(schema, "spec: {port: http}")
    assert found(schema, "spec: {port: true}")


TEXT = {"type": "string"}
NULLED = "spec: {name: null}"


@pytest.mark.parametrize(
    "schema",
    [
        TEXT,
        {**TEXT, "enum": ["a", "b"]},
        {**TEXT, "minLength": 1, "nullable": True},
        {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}], "nullable": True},
        {"type": "object", "not": {"type": "object"}, "nullable": True},
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        {**TEXT, "default": "tom"},
        {"type": "array", "items": TEXT},
    ],
)
def test_a_null_is_a_field_that_is_not_there(schema: Any) -> None:
    assert not found(spec(name=schema), NULLED)
    assert not found(
        spec(**{"by-name": {"type": "object", "additionalProperties": schema}}), "spec: {by-name: {a: null}}"
    )


def test_a_required_field_must_be_there_if_it_may_be_null() -> None:
    """A null that counts for nothing is missing; one that may be is not; and a default takes its place."""

    def missing(**more: Any) -> list[str]:
        schema = spec(name={**TEXT, **more})
        schema["properties"]["spec"]["required"] = ["name"]
        return found(schema, NULLED)

    assert missing() == ["Cat tom: spec.name is missing"]
    assert not missing(nullable=True)
    assert not missing(default="tom")


def test_a_null_in_a_list_stays() -> None:
    def listed(**items: Any) -> list[str]:
        return found(spec(names={"type": "array", "items": items}), "spec: {names: [a, null]}")

    assert listed(type="string") == ["Cat tom: spec.names[1] is null, must be a text"]
    assert not listed(type="string", nullable=True)
    assert not listed(type="string", default="tom")
    assert not listed(**{"x-kubernetes-int-or-string": True})


def test_forms_are_those_of_the_resource_with_its_defaults() -> None:
    """`oneOf` sees what the server has: without the idle null, and with what is set by default."""
    forms = [{"required": ["a"]}, {"required": ["b"]}]
    schema = spec(x={"type": "object", "oneOf": forms, "properties": {"a": TEXT, "b": TEXT}})
    assert not found(schema, "spec: {x: {a: tom, b: null}}")
    assert len(found(schema, "spec: {x: {}}")) == 1
    schema["properties"]["spec"]["properties"]["x"]["properties"]["b"] = {**TEXT, "default": "tim"}
    assert not found(schema, "spec: {x: {}}")
    assert len(found(schema, "spec: {x: {a: tom}}")) == 1


def test_defaults_within_defaults() -> None:
    inner = {"type": "object", "default": {}, "properties": {"a": {**TEXT, "default": "tom"}}}
    schema = spec(
        x={
            "type": "object",
            "properties": {"y": inner},
            "anyOf": [{"properties": {"y": {"required": ["a"]}}}],
        }
    )
    assert not found(schema, "spec: {x: {}}")


def test_no_schema_makes_a_resource_grow_without_end() -> None:
    big = {"type": "array", "items": {"type": "integer"}, "default": list(range(1000))}
    each = {"type": "object", "properties": {"big": big}}
    schema = spec(x={"type": "object", "additionalProperties": each})
    assert not found(schema, "spec: {x: {" + ", ".join(f"a{n}: {{}}" for n in range(2000)) + "}}")


def test_a_definition_without_schema_takes_anything() -> None:
    old = define_cats("{name: v1, served: true, storage: true}")
    assert not [text for text in faults(old, CAT + "spec: [1]\n") if text.startswith("Cat")]


def test_one_schema_for_all_versions() -> None:
    text = """\
        apiVersion: apiextensions.k8s.io/v1beta1
        kind: CustomResourceDefinition
        metadata: {name: cats.pets.example}
        spec:
          group: pets.example
          version: v1
          names: {kind: Cat, plural: cats}
          validation: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}
        """
    found = faults(component(text), component(CAT + "spec: 1\n", "cat"))
    assert found[0].startswith("CustomResourceDefinition cats.pets.example: Kubernetes 1.37 has no")
    assert found[1:] == ["Cat tom: spec must be a map, and is an integer"]


def test_metadata_is_that_of_every_kind() -> None:
    schema = {"type": "object", "properties": {"metadata": {"type": "object"}}}
    labelled = CAT.replace("{name: tom}", "{name: tom, labels: {a: b}, creationTimestamp: null}")
    assert not judge(define_cats(serve(json.dumps(schema))), labelled)


WORDS = (
    *("type", "format", "properties", "items", "required", "enum", "anyOf", "not", "nullable", "minimum"),
    *("maxLength", "additionalProperties", "default", ANYTHING, "a"),
)
SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc", max_size=3),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from(WORDS), parts, max_size=4),
)


@given(schema=SCHEMAS, value=SCHEMAS)
@example(schema={"required": [[]]}, value={})
def test_a_schema_that_is_none_harms_nobody(schema: Any, value: Any) -> None:
    text = define_cats(serve(json.dumps(schema)))
    node = compose_first(text, Location(""))
    resource = compose_first(json.dumps({"spec": value}), Location(""))
    assert node
    assert resource
    [kind] = read_definition(node).values()
    FieldJudge(schemas={}, is_lenient=False).judge(resource, kind.read_schema("v1"))


@pytest.mark.parametrize(
    "text", ["spec: 1", "spec: {versions: {}, names: []}", "spec: {versions: [1]}", "a: 1"]
)
def test_a_definition_that_is_none_harms_nobody(text: str) -> None:
    node = compose_first(text, Location(""))
    assert node
    read_definition(node)


def test_one_and_true_are_different_choices() -> None:
    assert found(spec(name={"enum": [True, {}]}), "spec: {name: 1}")
    assert not found(spec(name={"enum": [1]}), "spec: {name: 1.0}")


@pytest.mark.parametrize("words", ["enum", "required", "properties"])
def test_a_long_schema_for_many_values_takes_no_long_time(words: str) -> None:
    names = [f"n{number}" for number in range(10_000)]
    each: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
    if words == "enum":
        each["properties"]["a"]["enum"] = [*names, "a"]
    else:
        each[words] = names if words == "required" else dict.fromkeys(names, TEXT)
    schema = spec(x={"type": "object", "additionalProperties": each})
    values = ", ".join(f"a{number}: {{a: a}}" for number in range(10_000))
    began = time.process_time()
    found(schema, "spec: {x: {" + values + "}}")
    assert time.process_time() - began < 10


def test_formats() -> None:
    schema = spec(at={"type": "string", "format": "date-time"}, port={"type": "integer", "format": "int32"})
    assert found(schema, "spec: {at: noon}") == [
        "Cat tom: spec.at must be a time, as 2026-01-31T12:00:00Z, and is `noon`"
    ]
    # The server doesn't look at the format of a number.
    assert not found(schema, "spec: {at: '2026-01-31T12:00:00Z', port: 5000000000}")


@pytest.mark.parametrize(
    ("resource", "fault"),
    [
        ("{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {b: c}}, spec: {any: [thing]}}", ""),
        ("{apiVersion: v1, kind: Pod}", ""),
        ("{kind: Pod}", "template.apiVersion is missing"),
        ("{apiVersion: '', kind: Pod}", "template.apiVersion is missing"),
        ("{apiVersion: v1, kind: 7}", "template.kind must be a text"),
        (
            "{apiVersion: v1, kind: Pod, metadata: {labels: {b: c d}}}",
            "template.metadata.labels.b must be letters",
        ),
        ("{apiVersion: v1, kind: Pod, metadata: {labels: [b]}}", "template.metadata.labels must be a map"),
    ],
)
def test_resources_within_resources(resource: str, fault: str) -> None:
    schema = spec(template={"type": "object", "x-kubernetes-embedded-resource": True, ANYTHING: True})
    all_found = found(schema, f"spec: {{template: {resource}}}")
    assert len(all_found) == bool(fault)
    assert not fault or all_found[0].startswith(f"Cat tom: spec.{fault}")
