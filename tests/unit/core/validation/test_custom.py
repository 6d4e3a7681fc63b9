from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promotion.core.syntax.verbatim import compose_first
from promotion.core.validation.custom import read_definition
from promotion.core.validation.fields import ANYTHING, Judge
from promotion.errors import Location
from support.validity import component, faults, judge

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: cats.pets.example}
spec:
  group: pets.example
  scope: Namespaced
  names: {kind: Cat, plural: cats}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: SCHEMA}}
"""
CAT = "apiVersion: pets.example/v1\nkind: Cat\nmetadata: {name: tom}\n"


def found(schema: Any, spec: str) -> list[str]:
    return faults(CRD.replace("SCHEMA", json.dumps(schema)), CAT + textwrap.dedent(spec))


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


def test_nulls() -> None:
    assert found(spec(name={"type": "string"}), "spec: {name: null}") == [
        "Cat tom: spec.name is null, must be a text"
    ]
    assert not found(spec(name={"type": "string", "nullable": True}), "spec: {name: null}")


def test_a_definition_without_schema_takes_anything() -> None:
    old = CRD.replace(", schema: {openAPIV3Schema: SCHEMA}", "")
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
    assert not judge(CRD.replace("SCHEMA", json.dumps(schema)), labelled)


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
    text = CRD.replace("SCHEMA", json.dumps(schema))
    node = compose_first(text, Location(""))
    resource = compose_first(json.dumps({"spec": value}), Location(""))
    assert node
    assert resource
    [kind] = read_definition(node).values()
    Judge(schemas={}, is_lenient=False).judge(resource, kind.read_schema("v1"))


@pytest.mark.parametrize(
    "text", ["spec: 1", "spec: {versions: {}, names: []}", "spec: {versions: [1]}", "a: 1"]
)
def test_a_definition_that_is_none_harms_nobody(text: str) -> None:
    node = compose_first(text, Location(""))
    assert node
    read_definition(node)
