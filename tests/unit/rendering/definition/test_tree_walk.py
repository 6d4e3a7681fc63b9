"""The walk: which components there are, where their files are, and what it refuses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import pytest

from promotion.errors import DefinitionError, Location, UsageError
from promotion.rendering.definition.definition_reader import Reader
from promotion.rendering.definition.tree_visit import Key, Walk
from promotion.rendering.definition.tree_walk import walk_tree
from promotion.rendering.model import Component, Folder
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from promotion.rendering.sources.web_source import WebSource
from support.definitions import MemorySnapshot

Files = Mapping[str, str]
STATIC = "generator: static\npath: manifests"


def tree(
    files: Files | str,
    *,
    repositories: Mapping[GitSource, Files] | None = None,
    layers: Sequence[str] = ("prod",),
    ran: Collection[Key] | None = None,
    root: str = "",
) -> Walk:
    """Walk a definition; a text alone is its component file."""
    files = {"component.yaml": files} if isinstance(files, str) else files
    snapshots = {LocalSource(): MemorySnapshot(files)}
    snapshots |= {source: MemorySnapshot(texts) for source, texts in (repositories or {}).items()}
    return walk_tree(Folder(LocalSource(), root), Reader(snapshots), layers, ran=ran)


def components(walked: Walk) -> dict[str, Component]:
    return {item.component.label: item.component for item in walked.visited}


def content(definition: str, *, files: Files | None = None) -> object:
    """What the manifest of a root component is made of."""
    return tree({"component.yaml": definition, **(files or {})}).visited[0].content


def refusal(files: Files | str, **options: object) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        tree(files, **options)  # type: ignore[arg-type]
    return caught.value


class TestShape:
    def test_components_come_in_tree_order(self) -> None:
        walked = tree(
            {
                "component.yaml": "{name: top, subcomponents: [{name: a, source: a}, {name: z, source: z}]}",
                "a/component.yaml": "{name: a, subcomponents: [{name: b, type: static, path: m}]}",
                "z/component.yaml": "{name: z}",
            }
        )
        assert [item.component.label for item in walked.visited] == ["top", "a", "a/b", "z"]
        assert [item.parent for item in walked.visited] == [None, (), ("0:a",), ()]

    def test_by_reference_the_entry_names_the_folder_and_the_file_names_itself(self) -> None:
        found = components(
            tree(
                {
                    "component.yaml": "subcomponents: [{name: entry, path: x, hooks: {after-install: [y]}}]",
                    "x/component.yaml": f"name: real\n{STATIC}",
                }
            )
        )
        assert found["entry/real"].manifest_path == "entry/real.yaml"
        assert found["entry/real"].folder == Folder(LocalSource(), "x")

    def test_inlined_components_share_folder_and_output_of_their_parent(self) -> None:
        found = components(
            tree(
                {
                    "component.yaml": "subcomponents: [{name: stack, source: ./stack}]",
                    "stack/component.yaml": """
                        name: stack
                        subcomponents:
                          - name: outer
                            generator: static
                            path: o
                            subcomponents: [{name: inner, generator: helm, path: ../i}]""",
                }
            )
        )
        assert found["stack/inner"].manifest_path == "stack/inner.yaml"
        assert found["stack/inner"].folder == Folder(LocalSource(), "stack")

    def test_the_root_may_be_in_a_folder_of_its_source(self) -> None:
        walked = tree(
            {
                "clusters/west/component.yaml": "subcomponents: [{name: base, source: ../../base}]",
                "base/component.yaml": "name: base",
            },
            root="clusters/west",
        )
        assert walked.visited[1].component.folder == Folder(LocalSource(), "base")

    @pytest.mark.parametrize("name", ["with space", "a.b", "Ünï", "1.10", "Camel", "with_score"])
    def test_names_that_are_good_file_names_are_taken(self, name: str) -> None:
        walked = tree(f"subcomponents: [{{name: {name}, generator: static, path: m}}]")
        assert walked.visited[1].component.manifest_path == f"{name}.yaml"

    def test_a_component_file_is_parsed_once_however_often_it_is_used(self) -> None:
        snapshot = MemorySnapshot(
            {
                "component.yaml": "subcomponents: [{name: a, source: ./x}, {name: b, source: ./x}]",
                "x/component.yaml": "name: x",
            }
        )
        reader = Reader({LocalSource(): snapshot})
        for _ in range(2):
            walk_tree(Folder(LocalSource()), reader, ["prod"])
        assert snapshot.reads.count("x/component.yaml") == 1
        assert snapshot.reads.count("x/config/prod.yaml") == 1


class TestConfig:
    FILES: ClassVar[Files] = {
        "component.yaml": "subcomponents: [{name: shop, source: ./shop}]",
        "config/common.yaml": "subcomponents: {shop: {config: {tag: parent}, namespace: pets}}",
        "shop/component.yaml": "name: shop\ngenerator: helm\npath: chart",
        "shop/config/prod.yaml": "config: {tag: own, replicas: 3}",
        "shop/config/common.yaml": "config: {replicas: 1, hosts: [a]}",
    }

    def test_the_parent_wins_over_the_child_and_an_environment_over_common(self) -> None:
        shop = components(tree(self.FILES))["shop"]
        assert shop.values == {"tag": "parent", "replicas": 3, "hosts": ["a"]}
        assert (shop.namespace, shop.inject_namespace) == ("pets", False)

    @pytest.mark.parametrize("layers", [["common"], ["prod", "prod"], ["prod", "common"], []])
    def test_a_layer_is_read_once_however_often_it_is_named(self, layers: list[str]) -> None:
        assert components(tree(self.FILES, layers=layers))["shop"].values["hosts"] == ["a"]

    def test_an_environment_without_a_file_is_no_error(self) -> None:
        assert components(tree(self.FILES, layers=["typo"]))["shop"].values["replicas"] == 1

    @pytest.mark.parametrize("layer", ["../prod", "/prod", ""])
    def test_a_layer_can_not_lead_out_of_the_config_folder(self, layer: str) -> None:
        with pytest.raises(UsageError, match="config"):
            tree(self.FILES, layers=[layer])

    def test_siblings_of_one_name_get_the_same_config_but_keep_apart(self) -> None:
        walked = tree(
            {
                "component.yaml": "subcomponents: [{name: redis, source: ./a}, {name: redis, source: ./b}]",
                "config/common.yaml": "subcomponents: {redis: {config: {hosts: [top]}}}",
                "a/component.yaml": "name: a",
                "a/config/common.yaml": "config: {hosts: [a]}",
                "b/component.yaml": "name: b",
                "b/config/common.yaml": "config: {hosts: [b]}",
            }
        )
        assert [item.component.values.get("hosts") for item in walked.visited[1:]] == [
            ["top", "a"],
            ["top", "b"],
        ]


class TestDisabled:
    def test_a_disabled_component_is_left_out_with_all_below_and_needs_nothing(self) -> None:
        walked = tree(
            {
                "component.yaml": """
                    subcomponents:
                      - {name: gone, method: git, source: "https://git.test/gone"}
                      - {name: inlined, generator: static, subcomponents: [{name: below, source: ./nowhere}]}
                """,
                "config/prod.yaml": "subcomponents: {gone: {disabled: true}, inlined: {disabled: true}}",
            }
        )
        assert len(walked.visited) == 1
        assert not walked.needs

    def test_in_its_own_config_it_has_no_effect(self) -> None:
        files = {"component.yaml": "name: root", "config/prod.yaml": "disabled: true"}
        assert len(tree(files).visited) == 1


class TestNeeds:
    STACK = GitSource(url="https://git.test/stack", branch="main")
    ROOT: ClassVar[Files] = {
        "component.yaml": """
            subcomponents:
              - {name: stack, method: git, source: "https://git.test/stack", branch: main, path: hld}
              - {name: cache, generator: helm, method: helm, source: "https://charts.test", path: redis}
              - {name: crds, generator: static, method: HTTP, source: "https://files.test/crds.yaml?v=1"}
        """,
        "access.yaml": "https://git.test/stack: STACK_TOKEN\nhttps://git.test/other: OTHER",
    }

    def test_every_source_is_asked_for_with_who_asks_and_its_variable(self) -> None:
        needs = tree(self.ROOT).needs
        assert {need.source: (need.label, need.variable) for need in needs} == {
            self.STACK: ("stack", "STACK_TOKEN"),
            ChartSource(repository="https://charts.test", chart="redis"): ("cache", ""),
            WebSource(url="https://files.test/crds.yaml?v=1"): ("crds", ""),
        }
        assert {(need.where.file, need.where.line) for need in needs} == {
            ("component.yaml", line) for line in (3, 4, 5)
        }

    def test_the_walk_goes_on_in_what_has_been_fetched(self) -> None:
        nested = "subcomponents: [{name: app, method: git, source: 'https://git.test/app', path: /deploy/}]"
        walked = tree(self.ROOT, repositories={self.STACK: {"hld/component.yaml": f"name: stack\n{nested}"}})
        app = walked.needs[1]
        assert (str(app.source), app.label) == ("https://git.test/app", "stack/app")
        assert app.where == Location("hld/component.yaml", 2, 17, "https://git.test/stack")

    def test_access_files_count_on_the_way_down_and_the_higher_one_wins(self) -> None:
        app = "subcomponents: [{name: app, method: git, source: https://git.test/app}]"
        files = {
            "component.yaml": "subcomponents: [{name: stack, source: ./stack}]",
            "access.yaml": "https://git.test/app: HIGHER",
            "stack/component.yaml": app,
            "stack/access.yaml": "https://git.test/app: LOWER",
        }
        (need,) = tree(files).needs
        assert (need.variable, need.access) == ("HIGHER", Location("access.yaml"))

    def test_a_variable_of_the_definitions_own_is_no_parts(self) -> None:
        app = GitSource(url="https://git.test/app")
        files = {
            "component.yaml": "subcomponents: [{name: app, method: git, source: https://git.test/app},"
            "{name: own, source: ./own}]",
            "own/component.yaml": "subcomponents: [{name: x, method: git, source: https://git.test/x}]",
            "own/access.yaml": "https://git.test/x: OURS",
        }
        theirs = {
            "component.yaml": "subcomponents: [{name: x, method: git, source: https://git.test/x}]",
            "access.yaml": "https://git.test/x: SECRET",
        }
        _, their, our = tree(files, repositories={app: theirs}).needs
        assert (our.source.reach, our.variable, our.permitted) == (Reach.OWN, "OURS", True)
        assert (their.source.reach, their.variable, their.permitted) == (Reach.PUBLIC, "SECRET", False)

    def test_a_root_from_git_may_name_variables(self) -> None:
        platform = GitSource(url="https://git.test/platform")
        inner = {
            "component.yaml": "subcomponents: [{name: x, method: git, source: https://git.test/x}]",
            "access.yaml": "https://git.test/x: TOKEN",
        }
        root = "{name: wrapper, method: git, source: 'https://git.test/platform'}"
        _, need = tree(root, repositories={platform: inner}).needs
        assert (need.variable, need.permitted) == ("TOKEN", True)

    def test_master_and_no_branch_are_two_sources(self) -> None:
        walked = tree(
            """
            subcomponents:
              - {name: a, method: git, source: "https://git.test/x", branch: master}
              - {name: b, method: git, source: "https://git.test/x"}
            """
        )
        assert len(walked.needs) == 2

    def test_a_root_from_git_gives_way_to_what_it_names(self) -> None:
        platform = GitSource(url="https://git.test/platform")
        root = {
            "component.yaml": "{name: wrapper, method: git, source: 'https://git.test/platform', path: west}",
            "access.yaml": "https://git.test/platform: TOKEN",
            "config/prod.yaml": "config: {decided: by the wrapper}",
        }
        inner = {
            "west/component.yaml": f"name: pets\n{STATIC}",
            "west/config/prod.yaml": "config: {decided: by the platform, other: 1}",
        }
        assert [(need.source, need.variable) for need in tree(root).needs] == [(platform, "TOKEN")]
        wrapper, pets = tree(root, repositories={platform: inner}).visited
        assert wrapper.replaced
        assert pets.component.manifest_path == "pets.yaml"
        assert pets.component.values == {"decided": "by the wrapper", "other": 1}
        assert pets.content == Folder(platform, "west/manifests")


class TestContent:
    def test_a_path_starts_at_the_components_folder(self) -> None:
        assert content("{name: x, generator: static, path: .//a/../manifests/}") == Folder(
            LocalSource(), "manifests"
        )

    def test_from_git_it_starts_at_the_repositorys_root(self) -> None:
        source = GitSource(url="https://git.test/x", branch="b", version="v1")
        definition = (
            "{generator: static, method: git, source: 'https://git.test/x', branch: b, version: v1, path: m}"
        )
        assert content(f"{{name: x, {definition[1:]}") == Folder(source, "m")

    def test_for_a_local_chart_the_source_counts_only_where_the_path_leads_nowhere(self) -> None:
        definition = "{name: x, generator: helm, source: ./charts, path: shop}"
        assert content(definition) == Folder(LocalSource(), "charts/shop")
        assert content(definition, files={"shop/Chart.yaml": ""}) == Folder(LocalSource(), "shop")

    @pytest.mark.parametrize(
        ("definition", "words"),
        [
            ("{name: shop, type: kustomize}", "kustomize.*component, helm or static"),
            ("{name: shop, type: Helm}", "'Helm'"),
            ("{name: shop, type: helm, method: svn}", "svn.*git, helm, http or local"),
            ("{name: shop, type: helm, method: Git}", "'Git'"),
            ("{name: shop, type: helm, method: helm, path: x}", "needs `source` and `path`"),
            ("{name: shop, type: static, method: git, path: x}", "needs a `source`"),
            ("{name: shop, type: static}", "needs a `path`"),
            ("{name: shop, type: static, method: http, source: 'https://x.test/a.txt?x=.yaml'}", r"a\.txt"),
            (
                "{name: shop, type: helm, source: 'https://x.test/a', path: x}",
                "method: git` or `method: helm",
            ),
            ("{name: shop, type: static, path: ../x}", r"\.\./x.*leaves"),
            ("{name: shop, type: static, source: /etc, path: x}", "absolute"),
        ],
    )
    def test_what_can_not_be_is_refused(self, definition: str, words: str) -> None:
        with pytest.raises(DefinitionError, match=words) as caught:
            tree(definition)
        assert caught.value.component == "shop"
        assert caught.value.where == Location("component.yaml", 1, 1)


class TestRefusals:
    @pytest.mark.parametrize(
        ("entry", "words"),
        [
            ("{name: x, source: 'https://git.test/x'}", "method.*is missing"),
            ("{name: x, source: 'git@git.test:x'}", "method.*is missing"),
            ("{name: x, method: helm, source: 'https://git.test/x'}", "doesn't fetch"),
            ("{name: x, method: git}", "needs a `source`"),
            ("{name: x, method: git, source: 'https://git.test/x', path: ../y}", "leaves its repository"),
            ("{name: x, source: /home/x}", "absolute"),
            ("{name: x, source: ../x}", "leaves the definition's folder"),
            ("{name: ../x, source: ./x}", "leaves its folder"),
            ("{name: .git, source: ./x}", r"\.git"),
            ("{name: team/x, generator: static, path: m}", "team/x.*slash"),
            ("{name: ../../x, generator: static, path: m}", r"\.\./\.\./x"),
            ("{name: .., generator: static, path: m}", "'..' means a folder"),
            ("{name: ., type: helm, path: c}", "'.' means a folder"),
            ("{name: kustomization, generator: static, path: m}", "look for instructions"),
            ("{name: .github/workflows, source: ./x}", "begins with a dot"),
            ("{generator: static, path: m}", "without a name"),
            ('{name: "a\\nb", generator: static, path: m}', "control character"),
        ],
    )
    def test_of_an_entry(self, entry: str, words: str) -> None:
        with pytest.raises(DefinitionError, match=words) as caught:
            tree(f"name: cluster\nsubcomponents:\n  - {entry}\n")
        assert caught.value.where == Location("component.yaml", 3, 5)

    def test_without_the_credentials_of_an_address(self) -> None:
        assert "secret" not in str(
            refusal("subcomponents: [{name: x, source: 'https://u:secret@git.test/x'}]")
        )

    def test_a_credential_in_an_address_of_another_repository(self) -> None:
        """Whoever writes there would choose what is masked."""
        app = GitSource(url="https://git.test/app")
        entry = "{name: app, method: git, source: https://git.test/app}"
        for text in (
            "subcomponents: [{name: x, method: git, source: 'https://u:true@git.test/x'}]",
            "subcomponents: [{name: x, type: helm, method: helm, path: c, source: 'https://u:true@git.test/x'}]",
            "{name: x, type: static, method: http, source: 'https://u:true@git.test/x/x.yaml'}",
        ):
            error = refusal(
                f"name: top\nsubcomponents: [{entry}]", repositories={app: {"component.yaml": text}}
            )
            assert "only the definition's own repository may do so" in error.what
            assert "access.yaml" in error.fix
            assert "true" not in str(error)
            assert error.where
            assert error.where.repository == "https://git.test/app"

    def test_a_folder_without_a_component_file(self) -> None:
        error = refusal(
            {
                "component.yaml": "subcomponents: [{name: a, source: ./apps/shop}]",
                "apps/shop/component.yml": "",
            }
        )
        assert "component.yaml or component.json in apps/shop" in error.what
        assert (error.component, error.where) == ("a", Location("component.yaml", 1, 17))

    def test_hooks_unless_they_are_allowed(self) -> None:
        definition = "{name: shop, hooks: {before-generate: [make]}}"
        assert "`hooks: allow`" in refusal(definition).fix
        assert len(tree(definition, ran=[()]).visited) == 1

    def test_an_entry_that_is_its_own_directory(self) -> None:
        error = refusal("{name: cluster, subcomponents: [{name: shop}]}")
        assert "cluster → shop" in error.what

    def test_components_in_a_circle(self) -> None:
        error = refusal(
            {
                "component.yaml": "{name: cluster, subcomponents: [{name: cats, source: ./cats}]}",
                "cats/component.yaml": "{name: cats, subcomponents: [{name: dogs, source: ../dogs}]}",
                "dogs/component.yaml": "{name: dogs, subcomponents: [{name: cats, source: ../cats}]}",
            }
        )
        assert "cats → dogs → cats" in error.what

    def test_but_config_may_end_a_circle(self) -> None:
        walked = tree(
            {
                "component.yaml": "{name: cluster, subcomponents: [{name: again}]}",
                "config/prod.yaml": "subcomponents: {again: {subcomponents: {again: {disabled: true}}}}",
            }
        )
        assert [item.component.folders for item in walked.visited] == [(), ("again",)]

    def test_a_definition_that_grows_without_end(self) -> None:
        files = {
            f"{level}/component.yaml": f"subcomponents: [{{name: a, source: ../{level + 1}}}]"
            for level in range(150)
        }
        assert "100 levels" in refusal(files, root="0").what


class TestWorkingCopy:
    """Where hooks run, everything lies in one working copy, as fab lays it out."""

    URL = "https://git.test/stack"
    FILES: ClassVar[Files] = {
        "hld/component.yaml": f"subcomponents: [{{name: stack, method: git, source: '{URL}', path: x}}]"
    }
    PLACED = GitSource(url=URL, copy="hld/components/stack")

    def test_the_walk_stops_below_a_component_whose_hooks_have_not_run(self) -> None:
        walked = tree(
            self.FILES, ran=[], root="hld", repositories={self.PLACED: {"x/component.yaml": "name: x"}}
        )
        assert [item.key for item in walked.visited] == [()]
        assert [need.source for need in walked.needs] == [self.PLACED]

    def test_a_path_may_lead_out_of_a_repository_into_the_working_copy(self) -> None:
        stack = {"x/component.yaml": "name: stack\ngenerator: static\npath: ../../../../made"}
        walked = tree(self.FILES, ran=[()], root="hld", repositories={self.PLACED: stack})
        assert walked.visited[1].content == Folder(LocalSource(), "made")

    def test_but_not_out_of_that(self) -> None:
        stack = {"x/component.yaml": "name: stack\ngenerator: static\npath: ../../../../../made"}
        assert "leaves" in refusal(self.FILES, ran=[()], root="hld", repositories={self.PLACED: stack}).what


class TestKeeping:
    """Subtrees that are known aren't visited."""

    CAT = GitSource(url="https://git.test/cat")
    FILES: ClassVar[Files] = {
        "component.yaml": "subcomponents:\n"
        f"- {{name: cat, method: git, source: '{CAT.url}'}}\n"
        "- {name: dog, path: dog}\n",
        "dog/component.yaml": "name: dog\ntype: helm\nmethod: helm\nsource: https://charts.test\npath: dog\n"
        "subcomponents: [{name: pup, type: static, path: m}]",
        "config/common.yaml": "subcomponents: {cat: {subcomponents: {kitten: {config: {a: 1}}}}}",
    }

    def walk(self, known: Collection[str] = (), files: Files | None = None) -> Walk:
        snapshots = {LocalSource(): MemorySnapshot(files or self.FILES)}
        return walk_tree(Folder(LocalSource()), Reader(snapshots), ("west",), subtree="all", known=known)

    def subtree(self, label: str) -> str:
        """The digest of the subtree that a component needs a source for."""
        subtrees = self.walk().subtrees.items()
        return next(digest for digest, subtree in subtrees if subtree.need and subtree.need.label == label)

    def test_units_are_the_whole_and_each_part_with_a_source_of_its_own(self) -> None:
        walked = self.walk()
        assert {subtree.need and subtree.need.label for subtree in walked.subtrees.values()} == {
            None,
            "cat",
            "dog",
        }
        assert set(walked.subtrees["all"].subtrees) == walked.subtrees.keys() - {"all"}
        assert {item.component.name: item.subtree for item in walked.visited} == {
            "": "all",
            "dog": self.subtree("dog"),
            "pup": "all",
        }

    def test_a_known_component_by_reference_is_left_out_with_all_below_it(self) -> None:
        walked = self.walk([self.subtree("cat")])
        assert [digest for digest, _ in walked.kept] == [self.subtree("cat")]
        assert [str(need.source) for need in walked.needs if need.source != LocalSource()] == [
            "https://charts.test/dog"
        ]
        assert self.subtree("cat") in walked.subtrees["all"].subtrees
        assert self.subtree("cat") not in walked.subtrees

    def test_of_known_content_the_components_below_are_visited(self) -> None:
        walked = self.walk([self.subtree("dog")])
        visited = {item.component.name: item for item in walked.visited}
        assert visited["dog"].content is None
        assert visited["pup"].content is not None
        assert [str(need.source) for need in walked.needs if need.source != LocalSource()] == [self.CAT.url]

    def test_a_part_that_is_there_twice_is_kept_twice(self) -> None:
        entry = f"{{name: cat, method: git, source: '{self.CAT.url}'}}"
        twice = {**self.FILES, "component.yaml": f"subcomponents: [{entry}, {entry}]"}
        walked = self.walk([self.subtree("cat")], twice)
        assert [digest for digest, _ in walked.kept] == 2 * [self.subtree("cat")]

    def test_nothing_is_said_of_names_and_layers_that_only_what_is_kept_would_show(self) -> None:
        assert any("west" in remark.what for remark in self.walk().remarks)
        assert self.walk([self.subtree("cat")]).remarks == ()


class TestCredentialsInAddresses:
    """In the definition's own repository they work, with a remark."""

    def test_of_its_parts(self) -> None:
        walked = tree(
            {
                "component.yaml": "subcomponents:\n"
                "- {name: a, method: git, source: 'https://u:true@git.test/a'}\n"
                "- {name: b, type: helm, method: helm, path: b, source: 'https://u:true@git.test/b'}\n"
                "- {name: c, source: c}\n",
                "c/component.yaml": "{name: c, type: static, method: http, source: 'https://u:p@git.test/c.yaml'}",
            },
            layers=(),
        )
        assert [need.source for need in walked.needs] == [
            GitSource(url="https://u:true@git.test/a"),
            ChartSource(repository="https://u:true@git.test/b", chart="b"),
            WebSource(url="https://u:p@git.test/c.yaml"),
        ]
        said = {remark.component: str(remark.what) for remark in walked.remarks}
        assert said.keys() == {"a", "b", "c"}
        assert all("with a credential" in text and "access.yaml" in text for text in said.values())
        assert not any("true" in text for text in said.values())
        places = {remark.component: remark.where for remark in walked.remarks}
        assert places["a"] == Location("component.yaml", 2, 3)
        assert places["b"] == Location("component.yaml", 3, 3)

    def test_of_a_root_that_another_repository_replaces(self) -> None:
        """From then on that one is the definition's own."""
        inner = GitSource(url="https://u:p@git.test/hld")
        walked = tree(
            "{name: top, method: git, source: 'https://u:p@git.test/hld'}",
            repositories={
                inner: {
                    "component.yaml": "subcomponents: [{name: a, method: git, source: 'https://u:p@g.test/a'}]"
                }
            },
            layers=(),
        )
        assert len(walked.remarks) == 2
        assert walked.own == inner

    def test_a_name_alone_is_none(self) -> None:
        source = "https://acme@dev.azure.com/acme/_git/a"
        walked = tree(f"subcomponents: [{{name: a, method: git, source: '{source}'}}]", layers=())
        assert not walked.remarks


class TestParts:
    """What a component belongs to is decided by the definition's own files alone."""

    APP = GitSource(url="https://example.com/app")
    ENTRY = "{name: app, source: https://example.com/app, method: git}"

    def parts(self, own: Files, app: Files) -> dict[str, str]:
        found = components(tree(own, repositories={self.APP: app}))
        return {label: component.part for label, component in found.items()}

    def test_all_below_a_git_component_belongs_to_its_entry(self) -> None:
        app = {
            "component.yaml": "{name: anything, subcomponents: [{name: web, source: ./web}]}",
            "web/component.yaml": "{name: x, subcomponents: [{name: db, type: static, path: m}]}",
        }
        found = self.parts({"component.yaml": f"{{name: top, subcomponents: [{self.ENTRY}]}}"}, app)
        assert found == {"top": "top", "app/anything": "app", "app/web/x": "app", "app/web/db": "app"}

    def test_each_entry_of_the_definitions_own_files_is_a_part_in_whatever_folder(self) -> None:
        own = {
            "component.yaml": "{name: top, subcomponents: [{name: infra, source: ./infra}]}",
            "infra/component.yaml": f"{{name: infra, subcomponents: [{self.ENTRY}, "
            "{name: dns, type: static, path: m}]}",
        }
        app = "{name: app, subcomponents: [{name: b, type: static, path: m}]}"
        found = self.parts(own, {"component.yaml": app})
        assert found == {
            "top": "top",
            "infra": "infra",
            "infra/app": "infra/app",
            "infra/app/b": "infra/app",
            "infra/dns": "infra/dns",
        }

    def test_a_name_below_that_looks_like_another_part_is_none(self) -> None:
        own = f"{{name: top, subcomponents: [{self.ENTRY}, {{name: app/x, source: ./x}}]}}"
        app = "{name: a, subcomponents: [{name: x/z, source: ./z}]}"
        found = self.parts(
            {"component.yaml": own, "x/component.yaml": "name: x"},
            {"component.yaml": app, "z/component.yaml": "name: z"},
        )
        assert found["app/x/z"] == "app"

    def test_a_way_back_into_the_definitions_own_files_leads_to_no_other_part(self) -> None:
        own = GitSource(url="https://example.com/hld")
        snapshots = {
            own: MemorySnapshot(
                {
                    "component.yaml": f"{{name: top, subcomponents: [{self.ENTRY}]}}",
                    "infra/component.yaml": "{name: i, subcomponents: [{name: dns, type: static, path: m}]}",
                }
            ),
            self.APP: MemorySnapshot(
                {
                    "component.yaml": "{name: a, subcomponents: "
                    "[{name: infra, source: https://example.com/hld, method: git, path: infra}]}"
                }
            ),
        }
        snapshots[replace(own, reach=Reach.PUBLIC)] = snapshots[own]  # it can be read without a credential
        walked = walk_tree(Folder(own, ""), Reader(snapshots), ())
        assert components(walked)["app/infra/dns"].part == "app"
