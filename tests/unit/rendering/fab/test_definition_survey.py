"""What is found before real fab runs: its traps, what would be unsafe, and the sources that it will want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from promotion.errors import AccessError, DefinitionError, PromotionError, SourceError, UsageError
from promotion.rendering.definition.source_fetching import FetchedSources
from promotion.rendering.fab.clone_layout import Authorized, Pinned
from promotion.rendering.fab.definition_survey import Survey, survey
from promotion.rendering.fab.fab_limitations import read_arguments
from promotion.rendering.model import Folder
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from support.definitions import MemoryFetcher, MemorySnapshot

CAT = "https://git.example/cat"
DOG = "https://git.example/dog"
LEAF = "name: leaf\ntype: static\npath: manifests\n"
STATIC = {"component.yaml": LEAF, "manifests/map.yaml": "a: 1\n"}


def look(
    files: Mapping[str, str],
    *,
    git: Mapping[str, Mapping[str, str]] | None = None,
    web: Mapping[str, str] | None = None,
    layers: Sequence[str] = ("prod",),
    environment: Mapping[str, str] | None = None,
    hooks_allowed: bool = False,
    tolerant: bool = False,
) -> Survey:
    variables = environment or {}
    gathered = FetchedSources(MemoryFetcher(git=git, web=web), variables, workers=2)
    gathered.fetched[LocalSource()] = MemorySnapshot(files)
    root = Folder(LocalSource())
    return survey(root, layers, gathered, variables, hooks_allowed=hooks_allowed, tolerant=tolerant)


def of_git(name: str = "cat", url: str = CAT, more: str = "") -> str:
    return f"  - name: {name}\n    method: git\n    source: {url}\n{more}"


def root(*entries: str) -> str:
    return "name: cluster\nsubcomponents:\n" + "".join(entries)


HOOKS = "hooks:\n  before-install:\n    - echo hello\n"


def test_a_plain_tree_is_pinned_to_what_was_checked() -> None:
    found = look({"component.yaml": root(of_git())}, git={CAT: STATIC})
    assert isinstance(found.sources, Pinned)
    source = GitSource(url=CAT)
    assert {key: each.revision for key, each in found.sources.snapshots.items()} == {
        source: f"commit of {CAT}"
    }
    assert found.places.keys() == {"components/cat"}
    assert [item.component.label for item in found.visited] == ["cluster", "cat/leaf"]


@pytest.mark.parametrize(
    "files",
    [
        {"component.yaml": "name: cluster\n" + HOOKS},
        {"component.yaml": root("  - name: a\n    source: ./a\n"), "a/component.yaml": "name: a\n" + HOOKS},
        {
            "component.yaml": root("  - name: a\n    source: ./a\n"),
            "a/component.json": '{"HOOKS": {"before-install": ["x"]}}',
        },
    ],
)
def test_hooks_are_found_in_every_file_that_the_tree_reaches(files: Mapping[str, str]) -> None:
    with pytest.raises(DefinitionError, match="hooks"):
        look(files)


def test_hooks_of_repositories_are_found() -> None:
    with pytest.raises(DefinitionError, match="hooks") as caught:
        look({"component.yaml": root(of_git())}, git={CAT: {"component.yaml": "name: cat\n" + HOOKS}})
    assert caught.value.where is not None
    assert caught.value.where.repository == CAT


def test_hooks_are_found_in_what_only_install_visits() -> None:
    files = {
        "component.yaml": root("  - name: a\n    source: ./a\n"),
        "config/prod.yaml": "subcomponents:\n  a:\n    disabled: true\n",
        "a/component.yaml": "name: a\n" + HOOKS,
    }
    with pytest.raises(DefinitionError, match="hooks"):
        look(files)


def test_with_hooks_fab_fetches_for_itself_with_tokens() -> None:
    files = {
        "component.yaml": root(of_git(), "  - name: a\n    source: ./a\n"),
        "a/component.yaml": "name: a\n" + HOOKS,
        "access.yaml": f"{CAT}: CAT_TOKEN\n",
    }
    found = look(files, git={CAT: STATIC}, environment={"CAT_TOKEN": "t0ken"}, hooks_allowed=True)
    users = {CAT: frozenset({"CAT_TOKEN"})}
    assert found.sources == Authorized(tokens={CAT: "t0ken"}, addresses=(CAT,), users=users)
    assert "t0ken" not in repr(found)


def test_below_a_component_with_hooks_nothing_is_looked_at() -> None:
    files = {"component.yaml": root("  - name: made\n    source: ./made\n") + HOOKS}
    found = look(files, hooks_allowed=True)
    assert [item.component.name for item in found.visited] == ["cluster"]


def test_variables_of_access_files_are_noted_for_addresses() -> None:
    files = {"component.yaml": root(of_git()), "access.yaml": f"{CAT}: CAT_TOKEN\n"}
    found = look(files, git={CAT: STATIC}, environment={"CAT_TOKEN": "t0ken"})
    assert isinstance(found.sources, Pinned)
    assert found.sources.users == {CAT: {"CAT_TOKEN"}}
    with pytest.raises(AccessError, match="CAT_TOKEN"):
        look(files, git={CAT: STATIC})


@pytest.mark.parametrize("name", ["a/b", "../a", "..", "'.'", "''"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match="name"):
        look({"component.yaml": root(of_git(name))}, git={CAT: STATIC})


def test_names_of_disabled_components_count_for_fab_replaces_their_folders() -> None:
    files = {
        "component.yaml": root(of_git("../../home")),
        "config/common.yaml": "subcomponents:\n  ../../home:\n    disabled: true\n",
    }
    with pytest.raises(DefinitionError, match=r"bug 23"):
        look(files, git={CAT: STATIC})


def test_a_name_in_the_loaded_file_counts_too() -> None:
    files = {"component.yaml": root("  - name: a\n    source: ./a\n"), "a/component.yaml": "name: x/y\n"}
    with pytest.raises(DefinitionError, match=r"holds a slash"):
        look(files)


def test_a_circle_ends_before_fab_could_go_round() -> None:
    with pytest.raises(DefinitionError, match="circle"):
        look({"component.yaml": root("  - name: again\n")})


TWINS = root(*["  - name: twin\n    type: static\n    path: ./manifests\n"] * 2)
PARENT = {
    "component.yaml": root("  - name: cert\n    source: ./cert\n"),
    "cert/component.yaml": "name: cert\nsubcomponents:\n  - {name: cert, type: static, path: manifests}\n",
    "cert/manifests/a.yaml": "a: 1\n",
}


@pytest.mark.parametrize("files", [{"component.yaml": TWINS, "manifests/a.yaml": ""}, PARENT])
def test_colliding_files_are_found_on_the_tree(files: Mapping[str, str]) -> None:
    with pytest.raises(DefinitionError, match="would both be written to"):
        look(files)
    assert look(files, tolerant=True).visited


def test_siblings_by_reference_with_one_name_are_refused() -> None:
    entry = "  - name: redis\n    source: ./a\n"
    with pytest.raises(DefinitionError, match="bug 22"):
        look({"component.yaml": root(entry, entry), "a/component.yaml": "name: a\n"})


def test_what_only_an_environment_enables_is_never_installed() -> None:
    files = {
        "component.yaml": root("  - name: a\n    source: ./a\n"),
        "a/component.yaml": "name: a\nsubcomponents:\n" + of_git(),
        "config/prod.yaml": "subcomponents:\n  a:\n    disabled: false\n",
        "config/common.yaml": "subcomponents:\n  a:\n    disabled: true\n",
    }
    with pytest.raises(DefinitionError, match="bug 6") as caught:
        look(files, git={CAT: STATIC})
    assert caught.value.component == "a/cat"


def test_what_fab_clones_although_it_is_disabled_is_pinned_too() -> None:
    files = {
        "component.yaml": root(of_git()),
        "config/common.yaml": "subcomponents:\n  cat:\n    disabled: true\n",
    }
    found = look(files, git={CAT: STATIC})
    assert isinstance(found.sources, Pinned)
    assert found.sources.snapshots.keys() == {GitSource(url=CAT)}
    with pytest.raises(SourceError) as caught:
        look(files)
    assert "bug 6" in caught.value.fix


def test_static_from_git_and_a_source_that_fab_ignores_are_refused() -> None:
    entry = of_git(more="    type: static\n    path: manifests\n")
    with pytest.raises(DefinitionError, match="bug 17"):
        look({"component.yaml": root(entry)}, git={CAT: STATIC})
    local = "  - name: a\n    type: static\n    source: ./manifests\n"
    with pytest.raises(DefinitionError, match="bug 17"):
        look({"component.yaml": root(local), "manifests/a.yaml": "a: 1\n"})


def test_master_and_no_branch_are_refused_where_they_differ() -> None:
    files = {"component.yaml": root(of_git("a"), of_git("b", more="    branch: master\n"))}
    with pytest.raises(DefinitionError, match="bug 11"):
        look(files, git={CAT: STATIC, f"{CAT}@master": STATIC})


def test_two_sources_in_one_folder_are_refused() -> None:
    chart = "    type: helm\n    path: chart\n"
    entries = (of_git("x", CAT, chart), of_git("x", DOG, chart))
    files = {"chart/Chart.yaml": "name: chart\n"}
    with pytest.raises(DefinitionError, match="two sources"):
        look({"component.yaml": root(*entries)}, git={CAT: files, DOG: files}, tolerant=True)


def test_a_file_from_the_web_cannot_replace_a_component_that_was_checked() -> None:
    entry = (
        "  - name: component\n    type: static\n    method: http\n    source: https://web.example/a.yaml\n"
    )
    with pytest.raises(DefinitionError, match="two sources"):
        look(
            {"component.yaml": root(of_git("component"), entry)},
            git={CAT: STATIC},
            web={"https://web.example/a.yaml": "a: 1\n"},
        )


def test_a_folder_that_fab_replaces_is_not_read_before() -> None:
    files = {
        "component.yaml": root(
            of_git("x", more="    path: sub\n"), "  - name: y\n    source: ./components/x\n"
        ),
        "components/x/component.yaml": "name: harmless\n",
    }
    clone = {"component.yaml": "name: evil\n" + HOOKS, "sub/component.yaml": "name: fine\n"}
    with pytest.raises(DefinitionError, match="replaces by another source"):
        look(files, git={CAT: clone})


def test_a_repository_may_not_hold_what_fab_replaces() -> None:
    # a link of the repository to this folder would lead into the clone afterwards
    stack = {
        "component.yaml": "name: stack\nsubcomponents:\n" + of_git("x", DOG),
        "components/x/a.yaml": "a: 1\n",
    }
    with pytest.raises(DefinitionError, match="holds components/x"):
        look({"component.yaml": root(of_git())}, git={CAT: stack, DOG: STATIC})
    # of a local definition they are what an earlier `fab install` left; the copy is made without them
    found = look({"component.yaml": root(of_git()), "components/cat/old.yaml": "a: 1\n"}, git={CAT: STATIC})
    assert "components/cat" in found.places


def test_a_web_page_that_is_missing_is_an_error_before_fab_takes_it() -> None:
    entry = "  - name: a\n    type: static\n    method: http\n    source: https://web.example/a.yaml\n"
    with pytest.raises(PromotionError, match="isn't there"):
        look({"component.yaml": root(entry)})


@pytest.mark.parametrize(
    ("configs", "arguments"),
    [
        (["prod", "azure"], ("prod", "azure")),
        (["prod", "prod"], ("prod",)),
        (["prod", "common"], ("prod",)),
        (["common"], ()),
        ([], ()),
    ],
)
def test_fab_is_asked_for_each_environment_once(configs: list[str], arguments: tuple[str, ...]) -> None:
    assert read_arguments(configs) == arguments


@pytest.mark.parametrize("configs", [["a/b"], [".."], ["../a"], ["-v"], ["common", "prod"], [""]])
def test_configs_that_fab_would_misread_are_refused(configs: list[str]) -> None:
    with pytest.raises(UsageError, match="fab"):
        read_arguments(configs)
