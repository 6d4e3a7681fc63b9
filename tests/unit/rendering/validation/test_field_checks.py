from __future__ import annotations

import textwrap

import pytest

from promotion.common.yaml.verbatim import compose_first
from promotion.errors import Location
from promotion.rendering.validation.field_checks import (
    ANYTHING,
    MAX_DEPTH,
    MOST_FAULTS,
    FieldJudge,
    Schema,
    show_path,
)

TEXT, NUMBER, QUANTITY = {"type": "string"}, {"type": "integer"}, {"format": "quantity"}
NUMBERS = {"type": "object", "additionalProperties": NUMBER, "maxProperties": 1}
ONE_OF_TWO = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object", ANYTHING: True}


def found(text: str, schema: Schema, *, is_lenient: bool = True, hides: bool = False) -> list[str]:
    node = compose_first(textwrap.dedent(text), Location(""))
    assert node is not None
    judge = FieldJudge(schemas={"text": TEXT}, is_lenient=is_lenient, hides=hides)
    judge.judge(node, schema)
    return list(map(str, judge.faults))


def of(schema: Schema, text: str, *, is_lenient: bool = True) -> list[str]:
    """The faults of one value, without the name of its field."""
    given = {"type": "object", "properties": {"a": schema}}
    return [fault.removeprefix("a ") for fault in found(f"a: {text}", given, is_lenient=is_lenient)]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["abc", "'1'", '"yes"', "!!str 1", "2026-01-31"], ["1", "yes", "1.5", "{}", "[]", "0x1f"]),
        ("integer", ["1", "-1", "0x1f", "1.0", "1e3"], ["'1'", "1.5", "true", "abc", "{}"]),
        ("number", ["1", "1.5"], ["'1.5'", "no"]),
        ("boolean", ["true", "no", "On"], ["'true'", "1", "truth"]),
        ("object", ["{}"], ["[]", "abc"]),
        ("array", ["[]"], ["{}", "abc"]),
    ],
)
def test_types(kind: str, good: list[str], bad: list[str]) -> None:
    schema = {"type": kind, ANYTHING: True}
    assert not [text for text in good if of(schema, text)]
    assert not [text for text in bad if not of(schema, text)]


def test_a_text_without_its_quotes_is_told_to_have_them() -> None:
    assert of(TEXT, "8080") == ["must be a text, and is an integer: put it in quotes"]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "format": "byte"}, ["YWJj", "''", '"YW\\nJj"'], ["abc", "'not base64!'"]),
        ({"type": "string", "format": "date-time"}, ["2026-01-31T12:00:00Z"], ["yesterday", "2026-01-31"]),
        ({"type": "integer", "format": "int32"}, ["2147483647"], ["2147483648"]),
        ({"type": "integer", "format": "int64"}, ["9223372036854775807"], ["9223372036854775808"]),
        (QUANTITY, ["1", "1.5", "100m", "1.5Gi", "1e3", "-1", ".5"], ["10 Gi", "1GiB", "{}", "true"]),
        ({"x-kubernetes-int-or-string": True}, ["1", "80%", "http"], ["1.5", "true", "[]"]),
        ({"type": "string", "enum": ["A", "B"]}, ["A", "''"], ["a", "C"]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "abc"], ["a", "abcd"]),
        ({"type": "integer", "minimum": 1, "maximum": 9}, ["1", "9"], ["0", "10"]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, ["2"], ["1"]),
        ({"type": "array", "items": TEXT, "minItems": 1, "maxItems": 2}, ["[a]"], ["[]", "[a, b, c]", "[1]"]),
        (NUMBERS, ["{a: 1}"], ["{a: b}", "{a: 1, b: 2}"]),
        ({"$ref": "text"}, ["abc"], ["1"]),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, ["1", "a"], ["true"]),
        (ONE_OF_TWO, ["{a: 1}", "{b: 1}"], ["{}", "{a: 1, b: 1}"]),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}], "type": "integer"}, ["1", "2"], ["0", "3"]),
        ({"not": {"enum": ["A"]}, "type": "string"}, ["B"], ["A"]),
    ],
)  # fmt: skip
def test_values(schema: Schema, good: list[str], bad: list[str]) -> None:
    assert not [text for text in good if of(schema, text)]
    assert not [text for text in bad if not of(schema, text)]


def test_fields() -> None:
    schema = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "image": TEXT}}
    assert not found("name: a", schema)
    assert found("imge: a", schema) == [
        "imge is not a known field: did you mean `image`?",
        "name is missing",
    ]
    assert found("{name: a, something: 1}", schema) == ["something is not a known field"]
    assert not found("{name: a, something: 1}", {**schema, ANYTHING: True})


def test_a_key_that_is_there_twice() -> None:
    assert found("a: 1\nb: 2\na: 3\n", {ANYTHING: True, "type": "object"}) == ["a is there twice"]


def test_a_key_that_is_no_text() -> None:
    assert (
        found("? [a]\n: 1\n? {b: c}\n: 2\n", {ANYTHING: True, "type": "object"})
        == ["it has a key that isn't a text"] * 2
    )


def test_merge_keys_bring_fields_that_are_not_there() -> None:
    both = {"type": "object", "properties": {"a": NUMBER, "b": TEXT}, "required": ["a", "b"]}
    schema = {"type": "object", "properties": {"x": both, "y": both}}
    assert not found("x: &x {a: 1, b: c}\ny: {<<: *x, a: 2}\n", schema)
    assert found("x: &x {a: 1, b: c}\ny: {<<: [*x], a: two}\n", schema) == [
        "y.a must be an integer, and is a text"
    ]


def test_nulls_stand_for_nothing_where_kinds_are_built_in() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": TEXT, "b": TEXT}}
    assert not found("{a: x, b: }", schema)
    assert found("{a: }", schema) == ["a is missing"]


def test_nulls_are_values_in_custom_resources() -> None:
    assert of(TEXT, "null", is_lenient=False) == ["is null, must be a text"]
    assert not of({**TEXT, "nullable": True}, "null", is_lenient=False)
    assert not of({"x-kubernetes-int-or-string": True}, "null", is_lenient=False)


def test_a_field_with_a_default_is_never_missing() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {**TEXT, "default": "x"}}}
    assert not found("{b: 1}", {**schema, ANYTHING: True}, is_lenient=False)


def test_an_embedded_resource_has_a_head() -> None:
    schema = {"type": "object", "properties": {"spec": TEXT}, "x-kubernetes-embedded-resource": True}
    assert not found("{apiVersion: v1, kind: Pod, metadata: {}, spec: x}", schema)
    assert found("{status: x, kind: 7}", schema) == [
        "status is not a known field",
        "apiVersion is missing",
        "kind must be a text, and is an integer: put it in quotes",
    ]


def test_what_hides_shows_no_value() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": ["A"], "format": "byte"}}}
    assert found("a: hunter2", schema, hides=True) == ["a must be one of A", "a must be base64"]


def test_faults_have_an_end() -> None:
    text = "".join(f"field-{number}: 1\n" for number in range(5 * MOST_FAULTS))
    assert len(found(text, {"type": "object"})) == MOST_FAULTS


def test_nesting_has_an_end() -> None:
    schema: dict[str, object] = {"type": "object"}
    schema["additionalProperties"] = schema
    text = "{a: " * (MAX_DEPTH + 50) + "1" + "}" * (MAX_DEPTH + 50)
    assert found(text, schema) == [f"a.a.a nests more than {MAX_DEPTH} levels deep"]


def test_paths() -> None:
    assert show_path(("spec", "containers", 0, "image")) == "spec.containers[0].image"
    assert show_path(("metadata", "labels", "app.io/name")) == 'metadata.labels["app.io/name"]'
