"""YAML and JSON files: what their values are to a chart, where they are, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.yaml.composer import MAX_BYTES, MAX_DEPTH
from promotion.common.yaml.yaml_documents import (
    Values,
    compose_all,
    compose_first,
    load_values,
    read_document,
)
from promotion.errors import DefinitionError, Location

FILE = Location("config/prod.yaml")


def load(text: str) -> Any:
    return load_values(text.encode(), FILE)


def load_json(text: str) -> Any:
    document = read_document(text.encode(), FILE, json=True)
    assert document.root
    return document.value(document.root)


def refusal(text: str | bytes, *, is_json: bool = False) -> DefinitionError:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(DefinitionError) as caught:
        document = read_document(data, FILE, json=is_json)
        if document.root is not None:
            document.value(document.root)
    return caught.value


def place(error: DefinitionError) -> tuple[int | None, int | None]:
    assert error.where
    assert error.where.file == FILE.file
    return error.where.line, error.where.column


class TestScalars:
    @pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL", "!!null ''", "!!null ~"])
    def test_nulls(self, text: str) -> None:
        assert load(f"a: {text}") == {"a": None}

    @pytest.mark.parametrize(
        "text", ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]
    )
    def test_true(self, text: str) -> None:
        assert load(f"a: {text}")["a"] is True

    @pytest.mark.parametrize(
        "text", ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]
    )
    def test_false(self, text: str) -> None:
        assert load(f"a: {text}")["a"] is False

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0", 0),
            ("-0", 0),
            ("+12", 12),
            ("-17", -17),
            ("1_000_000", 1000000),
            ("1__0_", 10),
            ("0777", 511),
            ("-010", -8),
            ("0o17", 15),
            ("0O17", 15),
            ("-0o17", -15),
            ("0xFF", 255),
            ("-0Xff", -255),
            ("0x_F_F", 255),
            ("0b101", 5),
            ("-0b101", -5),
            ("0b-101", -5),
            ("0b+1", 1),
            ("9007199254740993", 9007199254740993),
            ("18446744073709551615", 2**64 - 1),
            ("-9223372036854775808", -(2**63)),
            ("!!int 12", 12),
            ("!!int '12'", 12),
        ],
    )
    def test_integers(self, text: str, value: int) -> None:
        result = load(f"a: {text}")["a"]
        assert (result, type(result)) == (value, int)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1.10", 1.1),
            ("3.0", 3.0),
            ("+.5", 0.5),
            ("-1.5", -1.5),
            (".5", 0.5),
            (".5e3", 500.0),
            (".9_1", 0.91),
            ("1_0.5", 10.5),
            ("08", 8.0),
            ("0888", 888.0),
            ("1e+3", 1000.0),
            ("1.5e-7", 1.5e-7),
            ("18446744073709551616", 2.0**64),
            ("+18446744073709551615", 2.0**64),
            ("-9223372036854775809", -(2.0**63)),
            ("07777777777777777777777777", 7.777777777777778e24),
            ("!!float 3", 3.0),
            ("!!float '1.5'", 1.5),
        ],
    )
    def test_floats(self, text: str, value: float) -> None:
        result = load(f"a: {text}")["a"]
        assert (result, type(result)) == (value, float)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1e3", 1000.0),
            ("1E3", 1000.0),
            ("3160e84", 3.16e87),
            ("1.", 1.0),
            ("1_e3", 1000.0),
            ("-.5e3", -500.0),
        ],
    )
    def test_numbers_to_helm_alone_reach_the_chart_as_numbers(self, text: str, value: float) -> None:
        assert load(f"a: {text}")["a"] == value

    def test_the_sign_of_a_negative_zero_is_lost_on_the_way(self) -> None:
        assert math.copysign(1, load("a: -0.0")["a"]) == 1

    @pytest.mark.parametrize(
        "text",
        [
            "1:30",
            "190:20:30",
            "12:30",
            "2020-11-04",
            "2020-11-04T12:00:00Z",
            "2020-11-04 12:00:00",
            "1.10.0",
            "10.0.0.1",
            "yES",
            "nUll",
            "oN",
            "0xZZ",
            "0b2",
            "0o8",
            "0b",
            "0x",
            "+",
            "--1",
            "._1",
            ".1__0",
            ".1_",
            ".",
            "..",
            ".e3",
            "_1",
            "1e400",
            ".5e400",
            "9" * 400,
            "0x1FFFFFFFFFFFFFFFF",
            "+0xFFFFFFFFFFFFFFFF",
            "12e456",
            "0b-",
            "=",
            "<<",
            "١٢",
            "+١",
            ".١",
        ],
    )
    def test_texts(self, text: str) -> None:
        assert load(f"a: {text}") == {"a": text}

    @pytest.mark.parametrize(
        "text", ["1e3", "3160e84", "1.", "yes", "0777", "null", "1.10", "", "12", ".inf"]
    )
    def test_quoted_is_text(self, text: str) -> None:
        assert load(f"a: '{text}'\nb: \"{text}\"\nc: !!str {text}\nd: |-\n  {text}") == dict.fromkeys(
            "abcd", text
        )

    def test_an_unknown_tag_makes_text(self) -> None:
        assert load("a: !custom 12\nb: ! 12\nc: !custom {d: 1}\ne: !int x") == {
            "a": "12",
            "b": "12",
            "c": {"d": 1},
            "e": "x",
        }

    def test_binary_is_decoded(self) -> None:
        text = "a: !!binary ZsO8cg==\nb: !!binary |\n  Zs\n  O8cg==\n!!binary Yw==: d"
        assert load(text) == {"a": "für", "b": "für", "c": "d"}

    def test_an_explicit_timestamp_is_text(self) -> None:
        assert load("a: !!timestamp 2020-11-04") == {"a": "2020-11-04"}

    @pytest.mark.parametrize(
        "text",
        [
            "!!int x",
            "!!int 1.5",
            "!!int ''",
            "!!bool 1",
            "!!float x",
            "!!null x",
            "!!timestamp x",
            "!!timestamp 12",
            "!!binary '*'",
            "!!binary /w==",
        ],
    )
    def test_a_tag_that_does_not_fit_is_refused(self, text: str) -> None:
        error = refusal(f"a: 1\nb: {text}")
        assert "!!" in error.what
        assert place(error) == (2, 4)

    @pytest.mark.parametrize("text", [".inf", "-.INF", "+.Inf", ".nan"])
    def test_numbers_that_json_lacks_are_refused(self, text: str) -> None:
        error = refusal(f"a:\n  - {text}")
        assert text in error.what
        assert place(error) == (2, 5)

    @given(st.integers(-(2**63), 2**64 - 1))
    def test_every_integer_keeps_its_value(self, number: int) -> None:
        assert load(f"a: {number}") == {"a": number}

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_every_float_keeps_its_value(self, number: float) -> None:
        assert load(f"a: {number!r}") == {"a": number}

    @given(st.text(alphabet="0123456789+-._eExXoObByYnN~:", max_size=8))
    def test_what_needs_quotes_is_text_in_quotes(self, text: str) -> None:
        assert load(f"a: '{text}'") == {"a": text}


class TestMaps:
    def test_keys_are_text_as_written(self) -> None:
        text = "80: a\nyes: b\n~: c\n1.10: d\n0x10: e\n'null': f\n1e3: g\n2020-11-04: h"
        assert list(load(text)) == ["80", "yes", "", "1.10", "0x10", "null", "1e3", "2020-11-04"]

    def test_the_last_of_equal_keys_wins(self) -> None:
        values = load("a: {x: 1}\n'80': 1\na: {y: 2}\n80: 2")
        assert values == {"a": {"y": 2}, "80": 2}
        assert values.locations["a"] == Location(FILE.file, 3, 1)

    def test_keys_know_where_they_are(self) -> None:
        values = load_values(
            b"a:\n  b: 1\nc: [{d: 2}]", Location("x.yaml", repository="https://git.example/r")
        )
        assert isinstance(values, Values)
        assert values.locations["a"] == Location("x.yaml", 1, 1, "https://git.example/r")
        assert values["a"].locations["b"] == Location("x.yaml", 2, 3, "https://git.example/r")
        assert values["c"][0].locations["d"] == Location("x.yaml", 3, 6, "https://git.example/r")

    @pytest.mark.parametrize("text", ["{a: 1}: b", "[a]: b", "? [a]\n: b"])
    def test_a_map_or_list_as_a_key_is_refused(self, text: str) -> None:
        assert "a key must be text" in refusal(text).what

    def test_aliases_are_copied(self) -> None:
        values = load("a: &x {b: [1]}\nc: *x")
        assert values == {"a": {"b": [1]}, "c": {"b": [1]}}
        assert values["a"] is not values["c"]

    def test_an_alias_as_a_key(self) -> None:
        assert load("a: &k name\n*k : b") == {"a": "name", "name": "b"}

    def test_an_anchor_may_be_defined_twice(self) -> None:
        assert load("a: &x 1\nb: *x\nc: &x 2\nd: *x") == {"a": 1, "b": 1, "c": 2, "d": 2}


class TestMergeKeys:
    def test_a_merge_key_counts_where_it_stands(self) -> None:
        base = "b: &b {x: 1, y: 2}\n"
        assert load(base + "a: {<<: *b, y: 9}")["a"] == {"x": 1, "y": 9}
        assert load(base + "a: {y: 9, <<: *b}")["a"] == {"x": 1, "y": 2}

    def test_the_first_of_several_maps_wins(self) -> None:
        assert load("<<: [{a: 1}, {a: 2, b: 3}]\nc: 4") == {"a": 1, "b": 3, "c": 4}

    def test_maps_that_are_merged_are_replaced_as_a_whole(self) -> None:
        assert load("<<: {a: {x: 1}}\na: {y: 2}") == {"a": {"y": 2}}

    def test_a_merged_map_may_merge_others(self) -> None:
        assert load("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}")["c"] == {"x": 1, "y": 2}

    def test_in_quotes_it_is_a_key(self) -> None:
        assert load("'<<': {a: 1}") == {"<<": {"a": 1}}
        assert load_json('{"<<": {"a": 1}}') == {"<<": {"a": 1}}

    def test_with_its_tag_it_needs_no_plain_style(self) -> None:
        assert load("!!merge '<<': {a: 1}") == {"a": 1}

    @pytest.mark.parametrize("text", ["<<: 1", "<<: [1]", "<<: ", "<<: [[{a: 1}]]"])
    def test_anything_but_maps_is_refused(self, text: str) -> None:
        assert "a map or a list of maps" in refusal(text).what


class TestFiles:
    @pytest.mark.parametrize(
        "text", ["", "\n", "# nothing\n", "---\n", "--- ~\n", "null", "\ufeff", "---\n...\n"]
    )
    def test_empty_files(self, text: str) -> None:
        assert load(text) is None

    def test_a_byte_order_mark_is_no_content(self) -> None:
        assert load("\ufeffa: 1") == {"a": 1}

    def test_line_ends_of_windows(self) -> None:
        assert load("a: |\r\n  x\r\n  y\r\nb: 1\r\n") == {"a": "x\ny\n", "b": 1}

    def test_only_the_first_document_counts(self) -> None:
        assert load("a: 1\n---\na: 2\n---\n[b]") == {"a": 1}

    def test_what_follows_the_first_document_must_be_yaml(self) -> None:
        assert place(refusal("{}\na: b: c")) == (2, 1)
        assert place(refusal("a: 1\n---\nb: [")) == (4, 1)
        assert place(refusal("a: &x 1\n---\nb: *x")) == (3, 4)

    def test_a_syntax_error_has_its_place(self) -> None:
        error = refusal("name: shop\npath: [./chart\nversion: 1.0\n")
        assert error.what.startswith("this isn't YAML: did not find expected ',' or ']'")
        assert place(error) == (3, 8)

    def test_a_control_character_has_its_line(self) -> None:
        error = refusal("größe: 1\nb: \x01\n")
        assert "control characters" in error.what
        assert place(error)[0] == 2

    def test_an_unknown_alias(self) -> None:
        error = refusal("a: 1\nb: *unknown")
        assert "has no anchor" in error.what
        assert "unknown" not in error.what, "it may be a password"
        assert place(error) == (2, 4)

    def test_an_anchor_inside_itself(self) -> None:
        assert "contains itself" in refusal("a: &x [1, *x]").what
        assert "contains itself" in refusal("a: &x {<<: *x}").what

    @pytest.mark.parametrize(
        ("data", "line", "byte"),
        [(b"a: 1\nb: \xe9\n", 2, 8), ("a: 1".encode("utf-16"), 1, 0), (b"\xef\xbb\xbf\xff", 1, 3)],
    )
    @pytest.mark.parametrize("is_json", [False, True])
    def test_other_encodings_are_refused(self, data: bytes, line: int, byte: int, is_json: bool) -> None:
        error = refusal(data, is_json=is_json)
        assert str(error).startswith(f"config/prod.yaml:{line}: the file isn't UTF-8")
        assert f"byte {byte} " in error.what

    def test_without_the_c_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("promotion.common.yaml.composer._LOADER", yaml.SafeLoader)
        assert load("a: &x [1e3, '1e3', yes, !!str 1]\nb: *x") == {
            "a": [1000.0, "1e3", True, "1"],
            "b": [1000.0, "1e3", True, "1"],
        }
        assert place(refusal("a: 1\nb: [")) == (2, 5)
        assert place(refusal("a: 1\nb: \x01"))[0] == 2


class TestLimits:
    def test_an_alias_repeats_long_texts_only_so_often(self) -> None:
        text = f"a: &a {'x' * 1_000_000}\nb: [{'*a, ' * 41}]\n"
        assert "YAML bomb" in refusal(text).what
        assert load(text.replace("x" * 1_000_000, "x" * 100_000))

    @pytest.mark.bombs
    @pytest.mark.parametrize(
        "text", ["a: [" + "1," * 500_000 + "]", "---\n" * 500_001], ids=["list", "documents"]
    )
    def test_more_values_than_anybody_writes(self, text: str) -> None:
        assert refusal(text).what == "this holds more than 500000 values"

    def test_a_yaml_bomb(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
        error = refusal("\n".join(lines))
        assert "YAML bomb" in error.what
        assert error.where

    def test_an_honest_number_of_aliases(self) -> None:
        text = "base: &b {a: 1, b: 2}\nlist:\n" + "- *b\n" * 20_000
        assert len(load(text)["list"]) == 20_000

    @pytest.mark.parametrize("is_json", [False, True])
    def test_depth(self, is_json: bool) -> None:
        deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
        read_document(deepest.encode(), FILE, json=is_json)
        assert f"more than {MAX_DEPTH} levels" in refusal(f"[{deepest}]", is_json=is_json).what
        assert f"more than {MAX_DEPTH} levels" in refusal("[" * 100_000 + "]" * 100_000, is_json=is_json).what

    def test_depth_by_aliases(self) -> None:
        chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 2 * MAX_DEPTH))
        assert f"more than {MAX_DEPTH} levels" in refusal(chain).what

    def test_size(self) -> None:
        assert "longer than 10 MiB" in refusal(b"#" * (MAX_BYTES + 1)).what


class TestJson:
    def test_values(self) -> None:
        text = """{"a": 12, "b": -0.5, "c": 1e3, "d": "0777", "e": [true, false, null],
                  "f": "caf\\u00e9 \\/ \\ud83d\\udc31"}"""
        assert load_json(text) == {
            "a": 12,
            "b": -0.5,
            "c": 1000.0,
            "d": "0777",
            "e": [True, False, None],
            "f": "café / 🐱",
        }

    def test_places(self) -> None:
        values = load_json('{\n  "a": {"b": 1},\n\t"c": [{"d": 2}]\n}')
        assert values["a"].locations["b"] == Location(FILE.file, 2, 9)
        assert values["c"][0].locations["d"] == Location(FILE.file, 3, 9)

    def test_equal_keys(self) -> None:
        assert load_json('{"a": 1, "a": 2}') == {"a": 2}

    @pytest.mark.parametrize(
        ("text", "where"),
        [
            ('{\n  "a": 1,\n  b: 2}', (3, 3)),
            ('{"a": 1} x', (1, 10)),
            ("", (1, 1)),
            ("{'a': 1}", (1, 2)),
            ('{"a": "x\ny"}', (1, 9)),
            ('{"a": 01}', (1, 8)),
        ],
    )
    def test_syntax_errors(self, text: str, where: tuple[int, int]) -> None:
        error = refusal(text, is_json=True)
        assert "this isn't JSON" in error.what
        assert place(error) == where

    def test_a_second_object_is_called_that(self) -> None:
        error = refusal('{"a": 1}\n{"b": 2}\n', is_json=True)
        assert error.what == "this isn't JSON: something follows the end of its value, and a file holds one"
        assert error.fix == "Remove it, or make it a file of its own."
        assert place(error) == (2, 1)

    @pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
    def test_words_that_only_python_knows(self, text: str) -> None:
        assert "isn't JSON" in refusal(text, is_json=True).what

    def test_a_number_out_of_range(self) -> None:
        assert place(refusal('{"a": 1e400}', is_json=True)) == (1, 7)

    def test_half_a_surrogate_pair(self) -> None:
        assert "surrogate" in refusal('["\\ud83d"]', is_json=True).what

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
            max_leaves=20,
        ),
        st.sampled_from([None, 1, "\t"]),
    )
    def test_reads_all_that_the_standard_library_writes(self, value: Any, indent: Any) -> None:
        assert load_json(json.dumps(value, indent=indent)) == _with_floats(value)


def _with_floats(value: Any) -> Any:
    """An integer that is too long for 64 bits reaches a chart as a float."""
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    return float(value) if isinstance(value, int) and not -(2**63) <= value < 2**64 else value


class TestNodes:
    def test_documents_are_serialised_as_they_were_written(self) -> None:
        text = "a: 0777\nb: \"1e3\"\nc: y\nd: 'yes'\ne: &x [1, 2]\nf: *x\ng: !custom '1'\nh: |\n  text\n"
        (node,) = compose_all(text, FILE)
        assert yaml.serialize(node, Dumper=yaml.CSafeDumper).replace("id001", "x") == text

    def test_all_documents(self) -> None:
        nodes = compose_all("a: 1\n---\n---\n- b\n", FILE)
        assert [type(node) for node in nodes] == [yaml.MappingNode, yaml.ScalarNode, yaml.SequenceNode]

    def test_nodes_have_marks(self) -> None:
        node = compose_first(b"\n  a: 1\n", FILE)
        assert node
        assert (node.start_mark.line, node.start_mark.column) == (1, 2)
