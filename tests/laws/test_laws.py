"""Laws of rendering that need no Fabrikate to compare with.

`make test` looks at a few examples of each, `make laws` at 1,000, and CI at a third of that. The numbers of
sections are those of the Fabrikate semantics.
"""

from __future__ import annotations

import locale
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from promotion.rendering.model import RenderedComponent
from support import tree_changes as change
from support.charts import write_files
from support.tree_strategies import CONFIGS, FLAGS, LAYERS, PAIRS, entries, trees
from support.trees import Home, Kitchen, Part, Tree

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "30"))
NEWCOMER = "newcomer"
INJECTED = re.compile(rb'namespace: ("1e3"|team-a)\n')

law = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
# A process for each example takes a hundred times as long.
law_of_processes = settings(law, max_examples=max(2, EXAMPLES // 50))


def by_path(rendered: list[RenderedComponent] | None) -> dict[str, RenderedComponent] | None:
    """By path, without the digests of what is handed down, which may reach a component in another way, and
    without the places where its config is written.
    """
    if rendered is None:
        return None
    return {part.path: replace(part, subtree="", origins=()) for part in rendered}


@pytest.mark.siege  # of hundreds of examples
def test_the_definitions_are_of_every_kind(kitchen: Kitchen) -> None:
    seen: Counter[str] = Counter()

    @settings(law, max_examples=400, derandomize=True, database=None)
    @given(tree=trees())
    def look(tree: Tree) -> None:
        rendered = kitchen.render(tree)
        spots = change.find_spots(tree)
        references = Counter(spot.part.home for spot in spots if spot.part.home)
        seen.update(
            {
                "refused": rendered is None,
                "three files or more": len(rendered or ()) > 2,
                "from git or a chart repository": any(part.provenance.source for part in rendered or ()),
                "namespace injected": any(INJECTED.search(part.manifest) for part in rendered or ()),
                "one folder used twice": any(count > 1 for count in references.values()),
                "inlined below inlined": any(len(spot.path) > 1 for spot in spots),
                "disabled": change.disables(tree),
            }
        )

    look()
    assert seen.pop("three files or more") > 120
    assert 0 < seen.pop("refused") < 80
    assert len(seen) == 5
    assert min(seen.values()) > 4, seen


@law
@given(tree=trees(), random=st.randoms(use_true_random=False))
def test_the_order_of_siblings_never_changes_any_output(kitchen: Kitchen, tree: Tree, random: Random) -> None:
    shuffled = change.shuffle(tree, random)
    assert by_path(kitchen.render(shuffled)) == by_path(kitchen.render(tree))


@st.composite
def trees_and_newcomers(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A tree, and the same with one more component, which has config if the one above it has."""
    tree = draw(trees())
    spot = draw(st.sampled_from([spot for spot in change.find_spots(tree) if not spot.part.home]))
    keys = [*tree.homes]
    later = {key: tree.homes[key] for key in keys[keys.index(spot.key) + 1 :]}
    names = [NEWCOMER, *(f"{NEWCOMER}-{index}" for index in range(24))]
    home = tree.homes[spot.key]
    newcomer = draw(entries(home.repository, later, names))
    larger = change.insert(tree, spot, draw(st.integers(0, len(spot.part.parts))), newcomer)
    for layer, config in home.layers.items():
        # Where a layer says nothing of the one above, config for the newcomer would be the first to mention
        # it, and so decide whether it's disabled (section 6).
        if change.find_config(config, spot.names) is not None and draw(st.booleans()):
            own = {**draw(FLAGS), **draw(CONFIGS)}
            new = change.put_config(config, (*spot.names, newcomer.name), own)
            larger = change.set_layer(larger, spot.key, layer, new)
    return tree, larger


@law
@given(pair=trees_and_newcomers())
def test_an_unrelated_component_changes_no_other_file(kitchen: Kitchen, pair: tuple[Tree, Tree]) -> None:
    before, after = (by_path(kitchen.render(tree)) for tree in pair)
    assume(after is not None or before is None)  # what the newcomer itself does may be refused
    if before is None or after is None:
        assert after is None
        return
    assert {path: part for path, part in after.items() if NEWCOMER not in path} == before


@st.composite
def trees_and_moved_values(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A tree, and the same with a value of a component's `common` in the config of those that refer to it.

    The value keeps its rank only if no other layer has a say in between: neither the component's
    environments, nor the parent's `common` itself. A null is left out, for it counts only where the whole map
    is new, and so are the nulls that the component's layers have beside it (section 6, Null).
    """
    tree = draw(trees())
    spots = [spot for spot in change.find_spots(tree) if spot.part.home]
    assume(spots)
    child = draw(st.sampled_from(spots)).part.home
    key, value = draw(st.sampled_from([pair for pair in PAIRS if pair[1] is not None]))
    home = tree.homes[child]
    tree = tree.with_home(
        child, replace(home, part=replace(home.part, content="echo", repository=home.repository))
    )
    for layer, config in tree.homes[child].layers.items():
        values = {name: other for name, other in (config.get("config") or {}).items() if other is not None}
        tree = change.set_layer(tree, child, layer, {**config, "config": values})
        tree = change.set_value(tree, child, layer, (), key, None)
    parents = [(spot.key, "common", spot.names) for spot in spots if spot.part.home == child]
    for place in parents:
        tree = change.set_value(tree, *place, key, None)
    if draw(st.booleans()):  # a parent's environment has a say as well
        parent, _, names = draw(st.sampled_from(parents))
        other = draw(st.sampled_from([pair[1] for pair in PAIRS if pair[0] == key]))
        tree = change.set_value(tree, parent, draw(st.sampled_from(LAYERS[1:])), names, key, other)
    moved = tree
    for place in parents:
        moved = change.set_value(moved, *place, key, value)
    return change.set_value(tree, child, "common", (), key, value), moved


@law
@given(pair=trees_and_moved_values())
def test_a_value_of_a_childs_common_may_as_well_be_in_the_parents_config_for_it(
    kitchen: Kitchen, pair: tuple[Tree, Tree]
) -> None:
    before, after = (by_path(kitchen.render(tree)) for tree in pair)
    if after is None and before is not None:
        # The files of a disabled component aren't read, its parent's config for it is, and may disagree.
        assume(not change.disables(pair[0]))
    assert after == before


@st.composite
def trees_with_repetition(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A tree where environments repeat `common`, and one without where the lists of `common` are doubled.

    Without nulls at the top of a component's own config: they count if its first layer is the first word on
    the component at all, and a missing file is as good as an empty one, which has no nulls (section 6, Null).
    """
    tree = draw(trees(layers=["common"]))
    asked = draw(st.sampled_from([("prod",), ("west", "prod")]))
    repeated, doubled = replace(tree, layers=asked), replace(tree, layers=asked)
    for key, home in tree.homes.items():
        common = home.layers.get("common")
        if common and not change.has_nulls(common) and draw(st.booleans()):
            repeated = change.set_layer(repeated, key, draw(st.sampled_from(asked)), common)
            doubled = change.set_layer(doubled, key, "common", change.double_lists(common))
    return repeated, doubled


@law
@given(pair=trees_with_repetition())
def test_an_environment_that_repeats_common_changes_nothing_but_lists_which_concatenate(
    kitchen: Kitchen, pair: tuple[Tree, Tree]
) -> None:
    repeated, doubled = pair
    assert by_path(kitchen.render(repeated)) == by_path(kitchen.render(doubled))


@law
@given(tree=trees())
def test_json_and_yaml_of_the_same_content_give_the_same_tree(kitchen: Kitchen, tree: Tree) -> None:
    as_yaml = by_path(kitchen.render(replace(tree, json=frozenset())))
    assert by_path(kitchen.render(replace(tree, json=frozenset(tree.stems)))) == as_yaml
    assert by_path(kitchen.render(tree)) == as_yaml


@st.composite
def trees_and_inlined(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A tree with a component by reference whose folder has no config, and the same with it inlined.

    The loaded name is the entry's, for a chart's release has it. What comes with the component must not take
    a name that its new siblings have.
    """
    tree = draw(trees())
    spots = [spot for spot in change.find_spots(tree) if spot.part.home]
    assume(spots)
    spot = draw(st.sampled_from(spots))
    entry, child = spot.part, tree.homes[spot.part.home]
    part = replace(child.part, name=entry.name)
    if not part.content:
        part = replace(part, content=draw(st.sampled_from(["echo", "accounts"])), repository=child.repository)
    siblings = change.names_in(tree.homes[spot.key].part) - {entry.name}
    assume(not siblings & set().union(*(change.names_in(below) for below in part.parts)))
    tree = tree.with_home(entry.home, replace(child, part=part, layers={}))
    if draw(st.booleans()):
        common = tree.homes[spot.key].layers.get("common", {})
        config = {**draw(FLAGS), **draw(CONFIGS)}
        tree = change.set_layer(tree, spot.key, "common", change.put_config(common, spot.names, config))
    return tree, change.put(tree, spot, part)


@law
@given(pair=trees_and_inlined())
def test_inlining_a_component_whose_folder_has_no_config_gives_the_same_documents(
    kitchen: Kitchen, pair: tuple[Tree, Tree]
) -> None:
    def documents(tree: Tree) -> list[tuple[str, ...]] | None:
        rendered = kitchen.render(tree)
        if rendered is None:
            return None
        return sorted(
            (
                part.path.rpartition("/")[2],
                part.provenance.source,
                part.provenance.revision,
                part.manifest.decode(),
            )
            for part in rendered
        )

    by_reference, inlined = pair
    assert documents(inlined) == documents(by_reference)


# -- where and how it runs

ZONES = ["UTC", "Asia/Tokyo", "America/St_Johns", "XYZ-5"]
LOCALES = ["C", "C.UTF-8", "POSIX", "tr_TR.UTF-8", "de_DE.ISO-8859-1"]
# What a definition would find if it were looked for in the working folder, and Helm if it looked at HOME.
DECOYS = {
    "component.yaml": "not: [a component",
    "config/common.yaml": "config: {replicas: 99}",
    "charts/echo/Chart.yaml": "not a chart",
    ".config/helm/repositories.yaml": "not: [repositories",
    ".gitconfig": "[broken",
}
# Config that few random definitions have, and that surroundings might change.
DELICATE = {
    "namespace": "1e3",
    "injectNamespace": True,
    "config": {"image": {"name": "ıİünï", "tag": 1.5}, "cache": {"extra": {"ß": 1_000_000}}},
}


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder full of decoys."""
    return write_files(tmp_path_factory.mktemp("elsewhere"), DECOYS)


@contextmanager
def surroundings(folder: Path, zone: str, language: str) -> Iterator[None]:
    """Other surroundings for this process; a locale that the system doesn't have only by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in {"HOME": str(folder), "TZ": zone, "LC_ALL": language, "LANG": language}.items():
            patch.setenv(name, value)
        time.tzset()
        before = locale.setlocale(locale.LC_ALL)
        try:
            locale.setlocale(locale.LC_ALL, "")
        except locale.Error:
            locale.setlocale(locale.LC_ALL, "C")
        yield
        locale.setlocale(locale.LC_ALL, before)
    time.tzset()


@law
@given(
    tree=trees(),
    workers=st.sampled_from([2, 4, 16]),
    zone=st.sampled_from(ZONES),
    language=st.sampled_from(LOCALES),
)
def test_rendering_is_the_same_in_any_surroundings_with_any_number_of_workers(
    kitchen: Kitchen, elsewhere: Path, tree: Tree, workers: int, zone: str, language: str
) -> None:
    expected = kitchen.render(tree, workers=1)
    with surroundings(elsewhere, zone, language):
        assert kitchen.render(tree, workers=workers) == expected


@law_of_processes
@given(
    tree=trees(fetching=False),
    zone=st.sampled_from(ZONES),
    language=st.sampled_from(LOCALES),
    seed=st.integers(0, 1000).map(str),
    utf8=st.sampled_from(["0", "1"]),
    mask=st.sampled_from([0o022, 0o077]),
)
def test_the_command_renders_the_same_in_any_surroundings(
    kitchen: Kitchen,
    elsewhere: Path,
    tmp_path_factory: pytest.TempPathFactory,
    tree: Tree,
    zone: str,
    language: str,
    seed: str,
    utf8: str,
    mask: int,
) -> None:
    root = tree.homes["root"]
    spot = change.Spot(key="root", part=root.part)
    tree = change.insert(tree, spot, 0, Part(name=NEWCOMER, content="shop"))
    common = change.put_config(root.layers.get("common", {}), [NEWCOMER], DELICATE)
    tree = change.set_layer(tree, "root", "common", common)
    folder = tmp_path_factory.mktemp("run")
    kitchen.write_out(tree, folder / "definition")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(elsewhere),
        "TZ": zone,
        "LC_ALL": language,
        "PYTHONHASHSEED": seed,
        "PYTHONUTF8": utf8,  # without it, Python takes the C locale for UTF-8
    }
    assert run(folder, tree, elsewhere, environment, mask) == kitchen.manifests(tree)


@pytest.mark.parametrize("zone", ZONES)
def test_the_dates_that_charts_print_are_in_utc(elsewhere: Path, tmp_path: Path, zone: str) -> None:
    files = {
        "component.yaml": "{name: clock, type: helm, path: chart}",
        "chart/Chart.yaml": "{apiVersion: v2, name: clock, version: 1.0.0}",
        "chart/templates/clock.yaml": 'kind: Clock\ntime: {{ date "2006-01-02 15:04 MST" 1604448000 }}\n'
        'seconds: {{ toDate "2006-01-02" "2020-11-04" | unixEpoch }}\n',
    }
    write_files(tmp_path / "definition", files)
    tree = Tree(homes={"root": Home(path="", part=Part(name="clock"))})
    written = run(tmp_path, tree, elsewhere, {"PATH": os.environ["PATH"], "TZ": zone}, 0o022)
    assert written is not None
    assert "time: 2020-11-04 00:00 UTC\nseconds: 1604448000\n" in written["clock.yaml"]


def run(
    folder: Path, tree: Tree, cwd: Path, environment: Mapping[str, str], mask: int
) -> dict[str, str] | None:
    """What the command line writes; None if it refuses."""
    out = folder / "out"
    program = "import sys; from promotion.cli.main import main; sys.exit(main())"
    words: list[Any] = [sys.executable, "-c", program, "render", folder / "definition", out, *tree.layers]
    words += ["--hld-path", tree.homes["root"].path or "."]
    done = subprocess.run(words, cwd=cwd, env=environment, umask=mask, capture_output=True, check=False)
    if done.returncode == 1:
        return None
    assert done.returncode == 0, done.stderr.decode()
    return {
        file.relative_to(out).as_posix(): file.read_text("utf-8") for file in out.rglob("*") if file.is_file()
    }
