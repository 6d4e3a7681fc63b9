"""Component, access and config files: defaults, texts as written, and what is malformed."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.errors import DefinitionError, Location
from promotion.rendering.definition.component_file import parse_access, parse_component, parse_config
from promotion.rendering.definition.config_layers import ConfigLayer
from promotion.rendering.model import Definition, Hooks

FILE = Location("shop/component.yaml", repository="https://git.example/shop")


def component(text: str, *, is_json: bool = False) -> Definition:
    return parse_component(text.encode(), FILE, json=is_json)


def config(text: str, *, is_json: bool = False) -> ConfigLayer:
    return parse_config(text.encode(), FILE, json=is_json)


def at(line: int, column: int) -> Location:
    return Location(FILE.file, line, column, FILE.repository)


class TestDefaults:
    @pytest.mark.parametrize("text", ["", "---", "# nothing", "null", "{}"])
    def test_an_empty_file_is_a_component_without_a_name(self, text: str) -> None:
        assert component(text) == Definition()

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("generator: helm", "helm"),
            ("type: static", "static"),
            ("{type: static, generator: helm}", "helm"),
            ("{type: static, generator: ''}", "static"),
            ("{type: ''}", "component"),
            ("{type: ~, generator: ~}", "component"),
            ("type: Helm", "Helm"),
        ],
    )
    def test_the_generator_replaces_the_type(self, text: str, kind: str) -> None:
        assert component(text).type == kind
        nested = component(yaml.safe_dump({"subcomponents": [{"subcomponents": [yaml.safe_load(text)]}]}))
        assert nested.subcomponents[0].subcomponents[0].type == kind

    def test_everything(self) -> None:
        definition = component(
            """
name: shop
type: component
method: git
source: https://git.example/shop
path: deploy
version: v1
branch: main
hooks:
  before-install: [a, b]
  after-install: [c]
  before-generate: [d]
  after-generate: [e, ""]
  another: [f]
subcomponents:
  - name: web
    generator: helm
"""
        )
        assert definition == Definition(
            name="shop",
            method="git",
            source="https://git.example/shop",
            path="deploy",
            version="v1",
            branch="main",
            hooks=Hooks(
                before_install=("a", "b"),
                after_install=("c",),
                before_generate=("d",),
                after_generate=("e", ""),
            ),
            subcomponents=(Definition(name="web", type="helm"),),
        )


class TestTexts:
    def test_are_as_written(self) -> None:
        definition = component(
            "{name: yes, version: 1.10, path: 0777, branch: 2020-11-04, source: ~, method: 'null'}"
        )
        assert (definition.name, definition.version, definition.path) == ("yes", "1.10", "0777")
        assert (definition.branch, definition.source, definition.method) == ("2020-11-04", "", "null")

    def test_of_hooks(self) -> None:
        assert component("hooks: {before-install: [yes, 1.10, ~]}").hooks.before_install == (
            "yes",
            "1.10",
            "",
        )
        assert component("hooks: {before-install: ~}").hooks == Hooks()
        assert component("hooks: ~").hooks == Hooks()

    def test_aliases_and_merge_keys(self) -> None:
        definition = component(
            "subcomponents:\n- &a {name: a, path: x}\n- {<<: *a, name: b}\n- {name: c, <<: *a}\n- *a"
        )
        assert [entry.name for entry in definition.subcomponents] == ["a", "b", "a", "a"]
        assert {entry.path for entry in definition.subcomponents} == {"x"}

    def test_the_last_of_equal_keys_wins(self) -> None:
        assert component("{name: a, name: b}").name == "b"
        assert component("{subcomponents: [{name: a}], subcomponents: [{name: b}]}").subcomponents == (
            Definition(name="b"),
        )
        hooks = component("{hooks: {before-install: [a]}, hooks: {after-install: [b]}}").hooks
        assert hooks == Hooks(before_install=("a",), after_install=("b",))
        assert component("{hooks: {before-install: [a]}, hooks: ~}").hooks == Hooks()

    def test_unknown_and_deprecated_keys_are_ignored(self) -> None:
        assert component("{name: a, Name: b, repositories: [1], other: {x: 1}, 80: x}") == Definition(
            name="a"
        )


class TestPlaces:
    def test_of_every_entry(self) -> None:
        definition = component(
            "\nname: shop\nsubcomponents:\n- name: a\n-   name: b\n    subcomponents: [{name: c}]\n"
        )
        assert definition.location == at(2, 1)
        assert [entry.location for entry in definition.subcomponents] == [at(4, 3), at(5, 5)]
        assert definition.subcomponents[1].subcomponents[0].location == at(6, 21)

    def test_in_json(self) -> None:
        definition = component('{"name": "shop",\n "subcomponents": [\n  {"name": "a"}]}', is_json=True)
        assert definition.subcomponents[0].location == at(3, 3)


class TestJson:
    def test_keys_match_in_any_case(self) -> None:
        text = '{"Name": "a", "GENERATOR": "helm", "SubComponents": [{"nAME": "b"}], "Hooks": {}}'
        assert component(text, is_json=True) == Definition(
            name="a", type="helm", subcomponents=(Definition(name="b"),)
        )

    def test_null_is_empty(self) -> None:
        assert component('{"name": null, "subcomponents": null, "hooks": null}', is_json=True) == Definition()
        assert component("null", is_json=True) == Definition()

    @pytest.mark.parametrize(
        ("value", "kind"), [("1.10", "a number"), ("true", "a boolean"), ("[]", "a list")]
    )
    def test_other_values_are_no_texts(self, value: str, kind: str) -> None:
        with pytest.raises(DefinitionError, match=f"`version` must be text, not {kind}") as caught:
            component(f'{{"name": "a",\n "version": {value}}}', is_json=True)
        assert caught.value.where == at(2, 13)

    def test_quoted_numbers_are_texts(self) -> None:
        assert component('{"version": "1.10", "name": "yes"}', is_json=True) == Definition(
            version="1.10", name="yes"
        )

    def test_an_empty_file_is_not_json(self) -> None:
        with pytest.raises(DefinitionError, match="isn't JSON"):
            component("", is_json=True)


class TestMalformed:
    @pytest.mark.parametrize(
        ("text", "words", "where"),
        [
            ("just text", "a component file must be a map, not text", (1, 1)),
            ("- name: a", "a component file must be a map, not a list", (1, 1)),
            ("name: [a]", "`name` must be text, not a list", (1, 7)),
            ("version:\n  a: 1", "`version` must be text, not a map", (2, 3)),
            ("subcomponents: {a: 1}", "`subcomponents` must be a list, not a map", (1, 16)),
            ("subcomponents: ''", "`subcomponents` must be a list, not text", (1, 16)),
            ("subcomponents:\n- a", "an entry of `subcomponents` must be a map, not text", (2, 3)),
            (
                "subcomponents:\n- name: a\n-\n- name: b",
                "an entry of `subcomponents` must be a map, not null",
                (3, 2),
            ),
            ("hooks: [a]", "`hooks` must be a map, not a list", (1, 8)),
            ("hooks:\n  before-install: make", "the hook `before-install` must be a list, not text", (2, 19)),
            ("hooks: {other: make}", "the hook `other` must be a list, not text", (1, 16)),
            ("hooks: {before-install: [{a: b}]}", "a command of a hook must be text, not a map", (1, 26)),
            ("name: !!int x", "isn't a value of the type !!int", (1, 7)),
            ("[a]: b", "a key must be text, not a list", (1, 1)),
        ],
    )
    def test_says_what_was_expected_and_where(self, text: str, words: str, where: tuple[int, int]) -> None:
        with pytest.raises(DefinitionError) as caught:
            component(text)
        assert words in caught.value.what
        assert caught.value.where == at(*where)


class TestAccess:
    def test_sources_and_variables(self) -> None:
        text = b"https://git.example/a: TOKEN_A\nhttps://git.example/b.git: 1e3\n"
        assert parse_access(text, FILE) == {
            "https://git.example/a": "TOKEN_A",
            "https://git.example/b.git": "1e3",
        }

    @pytest.mark.parametrize("text", [b"", b"---", b"{}", b"# none"])
    def test_empty(self, text: bytes) -> None:
        assert parse_access(text, FILE) == {}

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (b"[a]", "access.yaml must be a map, not a list"),
            (b"https://git.example/a: [T]", "the variable of https://git.example/a must be text"),
            (b"https://git.example/a: ", "https://git.example/a has no variable"),
        ],
    )
    def test_malformed(self, text: bytes, words: str) -> None:
        with pytest.raises(DefinitionError, match=r"must be|has no") as caught:
            parse_access(text, FILE)
        assert words in caught.value.what
        assert caught.value.where
        assert caught.value.where.line == 1


class TestConfig:
    @pytest.mark.parametrize(
        "text", ["", "---", "null", "{}", "namespace: ~\nconfig: ~\nsubcomponents: ~", "a: 1"]
    )
    def test_empty(self, text: str) -> None:
        parsed = config(text)
        assert (parsed.namespace, parsed.values, parsed.subcomponents) == ("", {}, {})

    def test_everything(self) -> None:
        parsed = config(
            """
namespace: 1.10
injectNamespace: on
disabled: n
config: {a: 1}
subcomponents:
  shop:
    config: {b: 0777}
    subcomponents: {80: {disabled: y}}
"""
        )
        assert (parsed.namespace, parsed.inject_namespace, parsed.disabled) == ("1.10", True, False)
        assert parsed.values == {"a": 1}
        assert parsed.below("shop").values == {"b": 511}
        assert parsed.below("shop").below("80").disabled

    @pytest.mark.parametrize("text", ["'true'", '"yes"', "1", "truth", "[]", "{}", "!!str true"])
    @pytest.mark.parametrize("key", ["disabled", "injectNamespace"])
    def test_booleans_are_not_guessed(self, key: str, text: str) -> None:
        with pytest.raises(
            DefinitionError, match=f"`{key}` must be true or false, without quotes, not "
        ) as caught:
            config(f"subcomponents:\n  shop:\n    {key}: {text}")
        assert caught.value.where == at(3, 7 + len(key))

    @pytest.mark.parametrize("text", ["y", "Yes", "ON", "true", "!!bool 'true'"])
    def test_words_for_true(self, text: str) -> None:
        assert config(f"disabled: {text}").disabled

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("config: [a]", "`config` must be a map, not a list"),
            ("config: ''", "`config` must be a map, not text"),
            ("subcomponents: [a]", "`subcomponents` must be a map, not a list"),
            ("subcomponents: {shop: 1}", "the config of shop must be a map, not a number"),
            ("namespace: [a]", "`namespace` must be text, not a list"),
            ("[]", "a config file must be a map, not a list"),
        ],
    )
    def test_malformed(self, text: str, words: str) -> None:
        with pytest.raises(DefinitionError) as caught:
            config(text)
        assert caught.value.what == words

    def test_config_twice_is_one_map_of_the_top_keys(self) -> None:
        parsed = config("config: {a: {x: 1}, b: 1}\nconfig: {a: {y: 2}, c: 3}")
        assert parsed.values == {"a": {"y": 2}, "b": 1, "c": 3}
        assert parsed.values.locations["a"] == at(2, 10)
        assert config("config: {a: 1}\nconfig: ~\nconfig: {b: 2}").values == {"b": 2}

    def test_subcomponents_twice_are_one_map_too(self) -> None:
        parsed = config("subcomponents: {a: {namespace: x}, b: {}}\nsubcomponents: {a: {config: {k: 1}}}")
        assert parsed.subcomponents.keys() == {"a", "b"}
        assert parsed.below("a").namespace == ""
        assert config("subcomponents: {a: {}}\nsubcomponents: ~").subcomponents == {}

    def test_a_merge_key_joins_config_too(self) -> None:
        parsed = config(
            "subcomponents:\n  a: &a {namespace: n, config: {x: 1, y: 1}}\n  b: {<<: *a, config: {y: 2}}"
        )
        assert parsed.below("b").values == {"x": 1, "y": 2}
        assert parsed.below("b").namespace == "n"
        assert parsed.below("a").values == {"x": 1, "y": 1}

    def test_of_json_in_any_case(self) -> None:
        parsed = config('{"INJECTNAMESPACE": true, "Namespace": "n", "Config": {"Key": 1}}', is_json=True)
        assert (parsed.inject_namespace, parsed.namespace, parsed.values) == (True, "n", {"Key": 1})

    def test_of_json_is_strict_about_texts_and_booleans(self) -> None:
        with pytest.raises(DefinitionError, match="`namespace` must be text, not a number"):
            config('{"namespace": 1}', is_json=True)
        with pytest.raises(DefinitionError, match="true or false"):
            config('{"disabled": "true"}', is_json=True)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
_contents = st.fixed_dictionaries(
    {},
    optional={
        "namespace": st.text(),
        "injectNamespace": st.booleans(),
        "config": st.dictionaries(st.text(), _values, max_size=4) | st.none(),
        "subcomponents": st.dictionaries(
            st.text(),
            st.fixed_dictionaries(
                {},
                optional={
                    "disabled": st.booleans(),
                    "config": st.dictionaries(st.text(), _values, max_size=3),
                },
            ),
            max_size=3,
        ),
    },
)


class TestLaws:
    @given(_contents)
    def test_yaml_and_json_of_one_content_are_one_config(self, content: dict[str, Any]) -> None:
        as_json = json.dumps(content)
        as_yaml = yaml.dump(content, Dumper=_QuotingDumper, allow_unicode=True)
        assert config(as_yaml) == config(as_json, is_json=True)

    @given(st.text())
    def test_any_text_is_a_definition_or_one_error(self, text: str) -> None:
        for is_json in (False, True):
            try:
                assert isinstance(
                    component(text.encode("utf-8", "replace").decode(), is_json=is_json), Definition
                )
            except DefinitionError as error:
                assert error.where

    @given(st.binary())
    def test_so_are_any_bytes(self, data: bytes) -> None:
        for is_json in (False, True):
            try:
                assert isinstance(parse_config(data, FILE, json=is_json), ConfigLayer)
            except DefinitionError as error:
                assert error.where


class _QuotingDumper(yaml.CSafeDumper):
    """Puts every text in quotes, as its rules for what needs them aren't Fabrikate's."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_QuotingDumper.add_representer(str, _QuotingDumper.represent_text)
