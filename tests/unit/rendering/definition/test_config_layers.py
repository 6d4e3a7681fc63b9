"""Layers of config: what wins, what joins, what contradicts, and the laws of merging."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.yaml.yaml_documents import Values
from promotion.errors import DefinitionError, Location
from promotion.rendering.definition.component_file import parse_config
from promotion.rendering.definition.config_layers import UNMENTIONED, ConfigLayer, merge


def layer(text: str, file: str = "config/prod.yaml") -> ConfigLayer:
    return parse_config(text.encode(), Location(file), json=False)


def merged(*texts: str, start: ConfigLayer | None = None) -> ConfigLayer:
    """The layers on what was handed down, the most important first; as the root has them by default."""
    return reduce(merge, [layer(text) for text in texts], start or ConfigLayer())


def values(*texts: str, start: ConfigLayer | None = None) -> Values:
    return merged(*(f"config: {text}" for text in texts), start=start).values


class TestValues:
    def test_the_first_layer_wins(self) -> None:
        assert values("{a: 1, b: {c: x}}", "{a: 2, b: {c: y, d: z}}", "{e: 3}") == {
            "a": 1,
            "b": {"c": "x", "d": "z"},
            "e": 3,
        }

    @pytest.mark.parametrize("text", ["false", "0", "''", "0.0"])
    @pytest.mark.parametrize("below", ["true", "{x: 1}", "[1]", "text"])
    def test_falsy_values_win_over_anything(self, text: str, below: str) -> None:
        assert values(f"{{a: {text}}}", f"{{a: {below}}}") == values(f"{{a: {text}}}")

    def test_a_scalar_wins_over_a_map_or_list(self) -> None:
        assert values("{a: none, b: false}", "{a: {c: 1}, b: [1]}") == {"a": "none", "b": False}

    def test_lists_are_joined_with_the_first_layer_first(self) -> None:
        assert values("{a: [1, {b: 2}]}", "{a: [1]}", "{a: []}") == {"a": [1, {"b": 2}, 1]}

    def test_every_key_knows_its_layer(self) -> None:
        both = merge(layer("config: {a: {b: 1}}", "prod.yaml"), layer("config:\n  a: {c: 2}", "common.yaml"))
        assert both.values.locations["a"].file == "prod.yaml"
        assert both.values["a"].locations["b"] == Location("prod.yaml", 1, 14)
        assert both.values["a"].locations["c"] == Location("common.yaml", 2, 7)


class TestNulls:
    def test_a_null_is_filled_from_below(self) -> None:
        assert values("{a: null, b: {c: ~}}", "{a: 1, b: {c: 2}}") == {"a": 1, "b": {"c": 2}}
        assert values("{b: {c: ~}}", "{b: {c: {d: 2}}}") == {"b": {"c": {"d": 2}}}

    def test_a_null_that_nothing_fills_survives(self) -> None:
        assert values("{b: {c: ~}}", "{b: {c: ~}}", "{b: {}}") == {"b": {"c": None}}

    def test_a_null_below_creates_no_key_in_a_map_that_exists(self) -> None:
        assert values("{b: {}}", "{a: ~, b: {c: ~}}") == {"b": {}}

    def test_a_map_that_was_absent_above_keeps_its_nulls(self) -> None:
        assert values("{}", "{b: {c: ~}}") == {"b": {"c": None}}
        assert values("{b: ~}", "{b: {c: ~}}") == {"b": {"c": None}}

    def test_the_root_has_a_map_from_the_start(self) -> None:
        assert values("{a: ~}") == {}

    def test_a_component_that_nothing_mentions_has_none(self) -> None:
        assert values("{a: ~}", start=UNMENTIONED) == {"a": None}

    def test_a_file_that_is_missing_or_lacks_the_map_still_makes_one(self) -> None:
        # What fab gives for a child with `config/prod.yaml` missing and nulls in `config/common.yaml`.
        assert merge(merge(UNMENTIONED, ConfigLayer()), layer("config: {a: ~}")).values == {}
        assert merged("namespace: x", "config: {a: ~}", start=UNMENTIONED).values == {}

    @pytest.mark.parametrize("text", ["", "---", "--- # nothing", "null", "{}"])
    def test_so_does_a_file_with_nothing_in_it(self, text: str) -> None:
        handed_down = layer("subcomponents: {child: {}}").below("child")
        assert merged(text, "config: {a: ~}", start=handed_down).values == {}

    def test_a_null_for_the_whole_map_makes_none(self) -> None:
        assert merged("config: ~", "config: {a: ~}", start=UNMENTIONED).values == {"a": None}

    def test_a_mention_without_config_makes_none(self) -> None:
        below = merged("subcomponents: {a: {namespace: x}}", "subcomponents: {a: {config: {b: ~}}}").below(
            "a"
        )
        assert below.values == {"b": None}
        below = merged("subcomponents: {a: {config: {}}}", "subcomponents: {a: {config: {b: ~}}}").below("a")
        assert below.values == {}


class TestConflicts:
    def test_names_both_places_and_the_whole_path(self) -> None:
        prod = layer("config:\n  resources:\n    limits: {cpu: 500m}\n", "shop/config/prod.yaml")
        common = layer("config:\n  resources:\n    limits: none\n", "shop/config/common.yaml")
        with pytest.raises(DefinitionError) as caught:
            merge(prod, common)
        assert str(caught.value) == (
            "shop/config/common.yaml:3:5: config layers disagree: config.resources.limits is "
            "a map in shop/config/prod.yaml:3:5, but text in shop/config/common.yaml:3:5. "
            "Give the key the same kind of value in both, or remove it from one."
        )

    @pytest.mark.parametrize(
        ("above", "below", "words"),
        [
            ("{}", "[]", "a map in .* a list in"),
            ("{}", "1", "a map in .* a number in"),
            ("{}", "yes", "a map in .* a boolean in"),
            ("[]", "{}", "a list in .* a map in"),
            ("[]", "1.5", "a list in .* a number in"),
            ("[]", "''", "a list in .* text in"),
        ],
    )
    def test_kinds(self, above: str, below: str, words: str) -> None:
        with pytest.raises(DefinitionError, match=words):
            values(f"{{a: {above}}}", f"{{a: {below}}}")

    def test_in_a_subcomponent(self) -> None:
        with pytest.raises(
            DefinitionError, match=r"subcomponents\.shop\.subcomponents\.db\.config\.a is a map"
        ):
            merged(
                "subcomponents: {shop: {subcomponents: {db: {config: {a: {}}}}}}",
                "subcomponents: {shop: {subcomponents: {db: {config: {a: 1}}}}}",
            )

    def test_names_the_layer_that_brought_the_key(self) -> None:
        layers = [
            layer(f"config: {text}", f"{n}.yaml") for n, text in enumerate(["{x: 1}", "{a: []}", "{a: 1}"])
        ]
        with pytest.raises(DefinitionError, match=r"a list in 1\.yaml:1:10, but a number in 2\.yaml:1:10"):
            reduce(merge, layers, ConfigLayer())


class TestSubcomponents:
    def test_are_merged_by_name(self) -> None:
        both = merged(
            "subcomponents: {a: {config: {x: 1}}}",
            "subcomponents: {a: {config: {x: 2, y: 2}}, b: {config: {z: 3}}}",
        )
        assert both.below("a").values == {"x": 1, "y": 2}
        assert both.below("b").values == {"z": 3}
        assert both.below("c") is UNMENTIONED

    def test_the_first_mention_decides_what_is_disabled(self) -> None:
        common = "subcomponents: {a: {disabled: true}}"
        assert merged("subcomponents: {b: {}}", common).below("a").disabled
        assert not merged("subcomponents: {a: {config: {}}}", common).below("a").disabled
        assert not merged("subcomponents: {a: ~}", common).below("a").disabled
        assert not merged("subcomponents: {a: {disabled: false}}", common).below("a").disabled

    def test_its_own_files_cannot_disable_a_component(self) -> None:
        assert not merged("disabled: true").disabled
        assert not merged("disabled: true", start=UNMENTIONED).disabled


class TestNamespaces:
    def test_the_first_layer_with_a_namespace_gives_the_pair(self) -> None:
        both = merged("config: {}", "namespace: a", "{namespace: b, injectNamespace: true}")
        assert (both.namespace, both.inject_namespace) == ("a", False)

    def test_inject_without_a_namespace_is_lost_to_the_next_layer(self) -> None:
        assert merged("injectNamespace: true").inject_namespace
        assert not merged("injectNamespace: true", "config: {}").inject_namespace
        assert merged("injectNamespace: true", "{namespace: a, injectNamespace: true}").inject_namespace
        assert not merged("injectNamespace: true", "namespace: a").inject_namespace

    def test_the_same_for_every_subcomponent(self) -> None:
        prod = "subcomponents: {a: {injectNamespace: true}, b: {subcomponents: {c: {injectNamespace: true}}}}"
        assert merged(prod).below("a").inject_namespace
        assert not merged(prod, "config: {}").below("a").inject_namespace
        assert not merged(prod, "subcomponents: {b: {}}").below("b").below("c").inject_namespace

    def test_a_child_inherits_no_namespace(self) -> None:
        assert merged("{namespace: a, subcomponents: {b: {}}}").below("b").namespace == ""


# A key's first letter says what its values are, so layers never contradict each other.
def _consistent(depth: int, *, lists: bool = True, nulls: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    null = [st.none()] if nulls else []
    keys: dict[str, st.SearchStrategy[Any]] = {
        key: st.one_of(st.integers(0, 3), st.booleans(), st.sampled_from(["", "x"]), *null)
        for key in ("s1", "s2")
    }
    if lists:
        keys["l1"] = st.one_of(st.lists(st.integers(0, 3), max_size=2), *null)
    if depth:
        inner = _consistent(depth - 1, lists=lists, nulls=nulls)
        keys |= {key: st.one_of(inner, *null) for key in ("m1", "m2")}
    return st.fixed_dictionaries({}, optional=keys)


def _configs(depth: int = 2, **options: bool) -> st.SearchStrategy[dict[str, Any]]:
    keys: dict[str, st.SearchStrategy[Any]] = {
        "namespace": st.sampled_from(["", "one", "two"]),
        "injectNamespace": st.booleans(),
        "disabled": st.booleans(),
        "config": _consistent(2, **options) | st.none()
        if options.get("nulls", True)
        else _consistent(2, **options),
    }
    if depth:
        keys["subcomponents"] = st.dictionaries(
            st.sampled_from("ab"), _configs(depth - 1, **options), max_size=2
        )
    return st.fixed_dictionaries({}, optional=keys)


def _parsed(**options: bool) -> st.SearchStrategy[ConfigLayer]:
    return _configs(**options).map(lambda content: layer(yaml.safe_dump(content)))


starts = st.sampled_from([ConfigLayer(), UNMENTIONED])


class TestLaws:
    @given(starts, _parsed(), _parsed(), _parsed())
    def test_layers_can_be_merged_from_either_end(
        self, start: ConfigLayer, a: ConfigLayer, b: ConfigLayer, c: ConfigLayer
    ) -> None:
        assert merge(merge(merge(start, a), b), c) == merge(start, merge(a, merge(b, c)))

    @given(_parsed(lists=False))
    def test_a_layer_that_repeats_another_changes_nothing(self, common: ConfigLayer) -> None:
        once = merge(ConfigLayer(), common)
        assert merge(once, common) == once

    @given(_parsed(lists=False), _parsed(lists=False))
    def test_nor_does_one_further_down(self, prod: ConfigLayer, common: ConfigLayer) -> None:
        both = merge(merge(ConfigLayer(), prod), common)
        assert merge(both, common) == both

    @given(_parsed(), _parsed())
    def test_arguments_stay_as_they_are(self, target: ConfigLayer, source: ConfigLayer) -> None:
        before = copy.deepcopy((target, source))
        merge(target, source)
        assert (target, source) == before
        assert [config.values.locations for config in (target, source)] == [
            config.values.locations for config in before
        ]

    @given(_parsed(nulls=False))
    def test_an_empty_layer_below_changes_nothing_but_a_lone_inject(self, config: ConfigLayer) -> None:
        assert _with_pairs(merge(config, ConfigLayer())) == _with_pairs(config)

    @given(_parsed(nulls=False))
    def test_an_empty_layer_above_changes_nothing(self, config: ConfigLayer) -> None:
        assert merge(ConfigLayer(), config) == replace(config, disabled=False, values_given=True)

    @given(_parsed(lists=False), _parsed(lists=False))
    def test_what_the_first_layer_says_stays(self, target: ConfigLayer, source: ConfigLayer) -> None:
        assert _contains(merge(target, source).values, target.values)


def _with_pairs(config: ConfigLayer) -> ConfigLayer:
    return replace(
        config,
        inject_namespace=config.inject_namespace and bool(config.namespace),
        subcomponents={name: _with_pairs(below) for name, below in config.subcomponents.items()},
    )


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            _contains(whole.get(key), value) for key, value in part.items()
        )
    return part is None or (type(whole) is type(part) and whole == part)
