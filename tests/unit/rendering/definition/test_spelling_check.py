"""What a definition says and can hardly mean, from the walk of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from promotion.errors import DefinitionError, Location
from promotion.rendering.definition.definition_reader import Reader
from promotion.rendering.definition.spelling_remarks import Remark
from promotion.rendering.definition.tree_walk import walk_tree
from promotion.rendering.model import Folder
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from support.definitions import MemorySnapshot

CAT = "{name: cat, type: static, path: m}"
CLUSTER = f"name: cluster\nsubcomponents: [{CAT}]\n"
STACK = GitSource(url="https://git.test/stack")


def remarks(
    files: Mapping[str, str] | str,
    *,
    layers: Sequence[str] = (),
    stack: Mapping[str, str] | None = None,
) -> list[Remark]:
    """Of a definition; a text alone is its component file. `stack` are the files of `STACK`."""
    files = {"component.yaml": files} if isinstance(files, str) else files
    snapshots = {LocalSource(): MemorySnapshot(files), STACK: MemorySnapshot(stack or {})}
    return list(walk_tree(Folder(LocalSource()), Reader(snapshots), layers, ran=None).remarks)


def whats(files: Mapping[str, str] | str, **options: Sequence[str]) -> str:
    return "\n".join(remark.what for remark in remarks(files, layers=options.get("layers", ())))


class TestKeys:
    def test_are_named_with_component_place_and_suggestion(self) -> None:
        found = remarks(
            "name: cluster\nsubcomponents:\n- name: cat\n  type: static\n  path: m\n  brnach: dev"
        )
        assert found == [
            Remark(
                what="the key `brnach` is not known and ignored: did you mean `branch`?",
                where=Location("component.yaml", 6, 3),
                component="cat",
            )
        ]
        assert str(found[0]).startswith("component cat: the key `brnach`")

    @pytest.mark.parametrize(
        ("key", "meant"),
        [
            ("subcomponent", "subcomponents"),
            ("verison", "version"),
            ("Source", "source"),
            ("url", "source"),
            ("ref", "branch"),
            ("tag", "version"),
        ],
    )
    def test_of_a_component_file(self, key: str, meant: str) -> None:
        assert whats(f"{{name: cluster, {key}: x}}").endswith(
            f"`{key}` is not known and ignored: did you mean `{meant}`?"
        )

    @pytest.mark.parametrize(
        ("key", "meant"),
        [
            ("confg", "config"),
            ("injectnamespace", "injectNamespace"),
            ("enabled", "disabled"),
            ("values", "config"),
        ],
    )
    @pytest.mark.parametrize("place", ["{%s: {}}", "{subcomponents: {cat: {%s: {}}}}"])
    def test_of_a_config_file(self, place: str, key: str, meant: str) -> None:
        found = remarks({"component.yaml": CLUSTER, "config/common.yaml": place % key})
        assert [remark.what for remark in found] == [
            f"the key `{key}` is not known and ignored: did you mean `{meant}`?"
        ]
        assert found[0].where
        assert (found[0].where.file, found[0].component) == ("config/common.yaml", "cluster")

    def test_of_the_other_kind_of_file(self) -> None:
        assert "`disabled` is ignored here: it belongs in a config file" in whats("{name: a, disabled: true}")
        found = whats({"component.yaml": CLUSTER, "config/common.yaml": "subcomponents: {cat: {version: 1}}"})
        assert "`version` is ignored here: it belongs in component.yaml" in found

    @pytest.mark.parametrize(
        "key", ["repositories", "owner", "apiVersion", "colour", "x-notes", "description"]
    )
    def test_that_may_be_meant_for_others_pass(self, key: str) -> None:
        definition = (
            f"{{name: cluster, {key}: {{}}, subcomponents: [{{name: cat, type: static, path: m, {key}: 1}}]}}"
        )
        assert not remarks(
            {"component.yaml": definition, "config/common.yaml": f"{{{key}: 1, config: {{}}}}"}
        )

    @pytest.mark.parametrize(
        ("config", "keys", "line"),
        [
            ("replicas: 5\n", "the key `replicas` is", 1),
            ("namespace: a\nreplicas: 5\nimage: {tag: x}\n", "the keys `replicas`, `image` are", 2),
            ("subcomponents:\n  cat:\n    replicas: 5\n", "the key `replicas` is", 3),
            (
                "".join(f"k{number}: 1\n" for number in range(7)),
                "the keys `k0`, `k1`, `k2`, `k3`, `k4` and 2 more are",
                1,
            ),
        ],
    )
    def test_that_nobody_reads_where_there_is_no_config(self, config: str, keys: str, line: int) -> None:
        (found,) = remarks({"component.yaml": CLUSTER, "config/common.yaml": config})
        ending = "values stand below `config:`, those of a subcomponent below `subcomponents:`"
        assert found.what == f"{keys} not read: {ending}"
        assert found.where
        assert (found.where.file, found.where.line) == ("config/common.yaml", line)

    @pytest.mark.parametrize(
        "config",
        [
            "replicas: 5\nconfig: {}\n",
            "x-base: {a: 1}\n_base: 1\n.base: 2\nowner: me\ndescription: x\n",
            "base: &base {replicas: 5}\nsubcomponents: {cat: {config: *base}}\n",
            "base: &base {config: {replicas: 5}}\nsubcomponents: {cat: {<<: *base, namespace: x}}\n",
            "base:\n  inner: &base {a: 1}\nsubcomponents: {cat: {config: *base}}\n",
        ],
    )
    def test_that_are_read_another_way_or_by_others_pass(self, config: str) -> None:
        assert not remarks({"component.yaml": CLUSTER, "config/common.yaml": config})

    def test_another_word_for_a_key_that_is_there_passes(self) -> None:
        assert not remarks("{name: cluster, version: v1, tag: v1}")

    def test_of_values_are_free(self) -> None:
        files = {"component.yaml": CLUSTER, "config/common.yaml": "config: {confg: 1, brnach: 2, disable: x}"}
        assert not remarks(files)

    def test_in_json_known_keys_count_in_any_case(self) -> None:
        found = remarks({"component.json": '{"Name": "cluster", "Brnach": "x"}'})
        assert [remark.where for remark in found] == [Location("component.json", 1, 21)]

    def test_of_hooks_are_always_named(self) -> None:
        assert "did you mean `before-install`?" in whats("{name: a, hooks: {before-instal: [x]}}")
        assert "there are before-install, after-install" in whats("{name: a, hooks: {lunch: [x]}}")

    def test_a_disabled_component_says_nothing(self) -> None:
        definition = "subcomponents: [{name: cat, type: static, path: m, brnach: x}]"
        assert not remarks(
            {"component.yaml": definition, "config/common.yaml": "subcomponents: {cat: {disabled: true}}"}
        )


class TestRepeatedKeys:
    def test_at_any_depth(self) -> None:
        found = remarks(
            {
                "component.yaml": f"name: a\nname: b\nsubcomponents: [{CAT}]",
                "config/common.yaml": "config:\n  list:\n  - image: 1\n    image: 2\n  image: 3\n",
            }
        )
        assert [remark.where for remark in found] == [
            Location("component.yaml", 2, 1),
            Location("config/common.yaml", 4, 5),
        ]
        assert found[0].what == "the key `name` is there twice, first in line 1, and the last one wins"

    def test_in_json(self) -> None:
        assert "there twice" in whats({"component.json": '{"name": "a", "name": "b"}'})

    def test_from_a_merge_key_are_there_to_be_replaced(self) -> None:
        common = "config:\n  a: &a {x: 1, y: 1}\n  b: {<<: *a, x: 2}\n  c: [*a, *a]\n"
        assert not remarks({"component.yaml": CLUSTER, "config/common.yaml": common})

    def test_under_an_anchor_are_named_once(self) -> None:
        common = "config:\n  a: &a {x: 1, x: 2}\n  b: *a\n  c: {<<: *a}\n"
        assert len(remarks({"component.yaml": CLUSTER, "config/common.yaml": common})) == 1


class TestNames:
    def test_close_to_that_of_a_subcomponent(self) -> None:
        found = remarks(
            {"component.yaml": CLUSTER, "config/common.yaml": "subcomponents:\n  catt: {config: {a: 1}}"}
        )
        assert found == [
            Remark(
                what="the config of `catt` is ignored, for there is no such subcomponent: "
                "did you mean `cat`?",
                where=Location("config/common.yaml", 2, 3),
                component="cluster",
            )
        ]

    @pytest.mark.parametrize(
        "common", ["{dog: {}}", "{cat-canary: {}}", "{cat2: {}}", "{cat: {}, catt: {}}", "{cat: {}}"]
    )
    def test_of_other_things_pass(self, common: str) -> None:
        assert not remarks({"component.yaml": CLUSTER, "config/common.yaml": f"subcomponents: {common}"})

    def test_that_are_handed_down_are_looked_at_where_they_arrive_and_once(self) -> None:
        definition = "name: cluster\nsubcomponents: [{name: a, source: pets}, {name: b, source: pets}]"
        handed = "subcomponents:\n  a: {subcomponents: {catt: {}}}\n  b: {subcomponents: {cat: {}}}"
        found = remarks(
            {
                "component.yaml": definition,
                "config/common.yaml": handed,
                "pets/component.yaml": CLUSTER,
                "pets/config/common.yaml": "subcomponents: {Cat: {}}",
            }
        )
        assert [(remark.component, remark.where) for remark in found] == [
            ("a/cluster", Location("config/common.yaml", 2, 23)),
            ("a/cluster", Location("pets/config/common.yaml", 1, 17)),
        ]


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("component.json", "`component.yaml` is"),
            ("component.yml", "`component.yaml` is"),
            ("access.json", "the name must be `access.yaml`"),
            ("config/common.yml", "the name must be `common.yaml` or `common.json`"),
            ("config/prod.json", "`prod.yaml` is"),
            ("config/prod.yml", "`prod.yaml` is"),
        ],
    )
    def test_that_are_not_read(self, name: str, reason: str) -> None:
        files = {"component.yaml": CLUSTER, "config/prod.yaml": "", name: ""}
        found = remarks(files, layers=["prod"])
        assert [(remark.where, remark.component) for remark in found] == [(Location(name), "cluster")]
        assert found[0].what.endswith(f"is not read: {reason}")

    def test_of_a_config_that_was_not_asked_for_pass(self) -> None:
        assert not remarks({"component.yaml": CLUSTER, "config/dev.yml": "", "config/dev.json": ""})

    def test_a_component_yml_alone_is_named_in_the_error(self) -> None:
        with pytest.raises(DefinitionError, match=r"Rename component\.yml"):
            remarks({"component.yml": CLUSTER})

    def test_of_a_repository_name_it(self) -> None:
        definition = f"subcomponents: [{{name: pets, method: git, source: '{STACK.url}'}}]"
        found = remarks(definition, stack={"component.yaml": CLUSTER, "component.json": ""})
        assert [str(remark.where) for remark in found] == [f"component.json in {STACK.url}"]


class TestConfigs:
    def test_without_a_file_anywhere_are_named_once(self) -> None:
        definition = "name: cluster\nsubcomponents: [{name: a, source: a}, {name: b, source: a}]"
        files = {"component.yaml": definition, "a/component.yaml": CLUSTER, "a/config/prod.yaml": ""}
        assert not remarks(files, layers=["prod"])
        assert remarks(files, layers=["pord", "prod"]) == [
            Remark(what="no component has a file config/pord.yaml or config/pord.json: did you mean `prod`?")
        ]
        (west,) = remarks(files, layers=["west"])
        assert west.what.endswith("config/west.json, so this config changes nothing")
        assert west.absent == "west"

    def test_may_lie_deeper_and_be_json(self) -> None:
        files = {"component.yaml": CLUSTER, "config/azure/prod.json": "{}"}
        assert not remarks(files, layers=["azure/prod"])

    def test_common_needs_no_file(self) -> None:
        assert not remarks(CLUSTER, layers=["common"])


def test_nobody_is_flooded() -> None:
    found = remarks("name: cluster\n" + "x: 1\n" * 1000)
    assert len(found) == 101
    assert found[-1].what == "there are 899 more remarks"
