"""Schemas written anew mean the same, and refer to nothing but their own parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promotion.rendering.charts.values_schema import ForeignSchemaError, UnreadableSchemaError, close_schema

OWN = "https://acme.example/own.json"


def close(schema: Any, **options: Any) -> Any:
    return json.loads(close_schema(json.dumps(schema).encode(), **options))


def test_what_is_referred_to_becomes_a_definition() -> None:
    schema = {
        "$id": OWN,
        "properties": {"a": {"$ref": f"{OWN}#/$defs/port"}, "b": {"$ref": "#name"}, "c": {"$ref": "#"}},
        "$defs": {"port": {"maximum": 65535}, "name": {"$anchor": "name", "minLength": 1}, "unused": {}},
    }
    assert close(schema) == {
        "properties": {"a": {"$ref": "#/$defs/0"}, "b": {"$ref": "#/$defs/1"}, "c": {"$ref": "#"}},
        "$defs": {"0": {"maximum": 65535}, "1": {"minLength": 1}},
    }


def test_numbers_and_texts_stay_as_they_are() -> None:
    text = '{"enum":[1.50,12345678901234567890123,1e400,"é<\\u0001"],"const":{"$ref":"x"}}'
    assert close_schema(text.encode()).decode() == text


def test_remarks_and_unknown_keywords_are_left_out() -> None:
    schema = {"title": "a", "default": {"$ref": "x"}, "examples": [{"$id": "y"}], "x-y": {"$ref": "z"}}
    assert close(schema) == {"title": "a", "default": {}, "examples": []}


def test_before_2019_all_beside_a_reference_is_ignored() -> None:
    schema = {"$ref": "#/definitions/a", "$id": "x", "not": {"$ref": "y"}, "definitions": {"a": {}}}
    draft = "http://json-schema.org/draft-06/schema#"
    assert close({"$schema": draft, **schema}) == {
        "$schema": draft,
        "$ref": "#/definitions/0",
        "definitions": {"0": {}},
    }
    with pytest.raises(ForeignSchemaError, match="refers to y"):
        close(schema)


@pytest.mark.parametrize("name", ["draft-04", "draft-06", "draft-07", "draft/2019-09", "draft/2020-12"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("end", ["", "#", "#/definitions/x"])
def test_the_drafts_own_schemas_are_built_in(name: str, scheme: str, end: str) -> None:
    reference = close({"$ref": f"{scheme}://json-schema.org/{name}/schema{end}"})["$ref"]
    assert reference.partition("://")[2] == f"json-schema.org/{name}/schema{end or '#'}"


def test_helm_before_3_18_has_the_older_drafts_only() -> None:
    """And would fetch the others."""
    close({"$ref": "http://json-schema.org/draft-07/schema#"}, is_recent=False)
    with pytest.raises(ForeignSchemaError, match="2020-12/schema, which isn't loaded"):
        close({"$ref": "https://json-schema.org/draft/2020-12/schema"}, is_recent=False)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "https://acme.example/other.json#/a"}, "https://acme.example/other.json#/a, which isn't"),
        ({"$schema": "https://acme.example/draft"}, "https://acme.example/draft, which isn't loaded"),
        ({"not": {"$schema": "file:///x"}}, "file:///x, which isn't loaded"),
        ({"$schema": "http://json-schema.org/draft-07/schema#/x"}, "which isn't loaded"),
        ({"not": {"$id": "x", "$schema": "http://json-schema.org/draft-07/schema"}}, "follows another draft"),
        ({"$id": "urn:acme:shop", "$ref": "other"}, "refers to other, which"),
        ({"$id": "myapp://host/a/b", "properties": {"a": {"$ref": "c"}}}, "refers to c, which"),
        (
            {
                "$dynamicRef": "#n",
                "$defs": {"a": {"$dynamicAnchor": "n"}, "b": {"$id": "b", "$dynamicAnchor": "n"}},
            },
            "depends on who refers to it",
        ),
    ],
)
def test_what_is_not_in_the_schema_is_not_followed(schema: Any, reason: str) -> None:
    with pytest.raises(ForeignSchemaError, match=reason):
        close(schema)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ([], "has to be an object"),
        ({"$ref": "#/$defs/a"}, "#/\\$defs/a, which isn't there"),
        ({"$ref": "#a"}, "#a, which isn't there"),
        ({"$ref": {}}, "a text has to be at #/\\$ref"),
        ({"properties": {"$ref": "x"}}, "a schema has to be at #/properties/\\$ref"),
        ({"properties": []}, "an object has to be at #/properties"),
        ({"anyOf": {}}, "a list has to be at #/anyOf"),
        ({"$schema": {}}, "a text has to be at #/\\$schema"),
        ({"not": {"$id": "a"}, "if": {"$id": "a"}}, "two of its parts have the address file:///a"),
        ({"not": {"$anchor": "a"}, "if": {"$anchor": "a"}}, "two of its parts have the anchor a"),
        ({"$id": "http://[x"}, "can't be an address"),
    ],
)
def test_what_is_no_schema(schema: Any, reason: str) -> None:
    with pytest.raises(UnreadableSchemaError, match=reason):
        close(schema)


def test_parts_that_repeat_parts_have_an_end() -> None:
    part: Any = {}
    for _ in range(80):
        part = {"allOf": [part, *({} for _ in range(100))]}
    pointers = ["/allOf/0" * depth for depth in range(80)]
    schema = {"$defs": {"a": part}, "anyOf": [{"$ref": f"#/$defs/a{pointer}"} for pointer in pointers]}
    with pytest.raises(ForeignSchemaError, match="more than 200000 parts"):
        close(schema)


SCALARS = st.sampled_from([None, True, 0, 1, -3, 2.5, "", "a", "bb"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
REFERENCES = (
    *("#", "#/$defs/a", "#/definitions/b", "#b", "part.json", "part.json#/properties/a", "#/x-other/0"),
    *(OWN, f"{OWN}#/$defs/a", "https://acme.example/part.json#inner", "#/$defs/a/not"),
)
CHECKS = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["object", "array", "integer", "string"])}),
    st.fixed_dictionaries({"enum": st.lists(VALUES, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"const": VALUES}),
    st.fixed_dictionaries({"minimum": st.integers(-2, 2)}),
    st.fixed_dictionaries({"required": st.lists(st.sampled_from("abc"), max_size=2, unique=True)}),
    st.fixed_dictionaries({"default": st.fixed_dictionaries({"$ref": st.just("nowhere.json")})}),
    st.fixed_dictionaries({"$ref": st.sampled_from(REFERENCES)}),
    st.booleans().map(lambda choice: {"additionalProperties": choice}),
)


def extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    part = st.one_of(inner, st.booleans())
    named = st.dictionaries(st.sampled_from(["a", "b", "c", "$ref"]), part, min_size=1, max_size=2)
    keywords = st.fixed_dictionaries(
        {},
        optional={
            "properties": named,
            "not": part,
            "anyOf": st.lists(part, min_size=1, max_size=2),
            "allOf": st.lists(part, min_size=1, max_size=2),
            "items": part,
            "contains": part,
            "if": part,
            "then": part,
            "propertyNames": part,
        },
    )
    return st.builds(lambda one, other: {**one, **other}, keywords, inner)


PARTS = st.recursive(CHECKS, extend, max_leaves=8)


@st.composite
def schemas(draw: st.DrawFn, draft: str) -> Any:
    """A schema with addresses, anchors and a place for schemas that no keyword knows."""
    is_old = "draft-07" in draft
    anchor = (lambda name: {"$id": f"#{name}"}) if is_old else (lambda name: {"$anchor": name})
    inner = {"$id": "part.json", "properties": {"a": draw(PARTS)}, "not": {**anchor("inner"), **draw(CHECKS)}}
    root = draw(PARTS)
    return {
        "$schema": draft,
        "$id": OWN,
        "$defs": {"a": {"not": draw(PARTS), **draw(CHECKS)}},
        "definitions": {"b": {**draw(CHECKS), **anchor("b")}, "p": inner},
        "x-other": [draw(PARTS)],
        **({"allOf": [root]} if is_old else root),
    }


def verdict(schema: Any, value: Any) -> bool | None:
    """Whether a schema takes a value; None if it goes round in a circle, or a reference leads nowhere."""
    kind = jsonschema.validators.validator_for(schema)
    try:
        return bool(kind(schema).is_valid(value))
    except (RecursionError, jsonschema.exceptions._WrappedReferencingError):
        return None
    except BaseException as error:
        # jsonschema's registry is written in Rust (rpds) and panics where a comparison meets the limit of
        # recursion; the panic's class is no Exception (https://pyo3.rs/main/doc/pyo3/panic/struct.PanicException).
        if type(error).__name__ == "PanicException" and "RecursionError" in str(error):
            return None
        raise


@pytest.mark.parametrize(
    "draft", ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]
)
def test_the_verdict_on_every_value_stays(draft: str) -> None:
    @settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(schemas(draft), st.lists(VALUES, min_size=1, max_size=5))
    def check(schema: Any, values: list[Any]) -> None:
        try:
            closed = close(schema)
        except UnreadableSchemaError:  # a reference to a place that this one doesn't have
            return
        assert not [reference for reference in find_references(closed) if not reference.startswith("#")]
        for value in values:
            assert verdict(closed, value) == verdict(schema, value)

    check()


def find_references(schema: Any) -> Iterator[str]:
    """What the schema refers to, data left aside."""
    for key, value in schema.items() if isinstance(schema, dict) else ():
        if key == "$ref" and isinstance(value, str):
            yield value
        elif key not in ("const", "enum"):
            yield from find_references(value)
    for item in schema if isinstance(schema, list) else ():
        yield from find_references(item)
