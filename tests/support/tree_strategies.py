"""Hypothesis makes definitions: small component trees with all that Fabrikate's files can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from support.trees import CHART_REPOSITORY, CHARTS, MANIFESTS, OWN, Data, Home, Part, Tree

NAMES = ("web", "api", "db", "mail", "auth", "log", "ops", "jobs")
SPARE_NAMES = tuple(f"spare-{index}" for index in range(24))
LAYERS = ("common", "prod", "west")
STACKS = ("https://git.test/stack", "https://git.test/tools")

# The kind of a value goes by its key, so that layers seldom disagree. Among the texts are those that a
# careless reader or writer turns into something else.
_VALUES: Mapping[str, Sequence[Any]] = {
    "replicas": [1, 0, 1_000_000, -2.25, None, "", "0777", "1e3", False],
    "flag": [True, False],
    "image": [{"tag": "1.10"}, {"name": "a"}, {"name": "yes", "tag": 1.5}, {"tag": None}, {}, {"pull": "~"}],
    "labels": [{"team": "a"}, {"team": None, "on": "b"}, {"tier": "12:30"}, {"1": "ünï", "a b": " x"}, {}],
    "tags": [["a"], ["b\nc\n", "2020-11-04"], [{"x": [1]}, None], [], [["a: b # c"]]],
    "deep": [
        {"a": {"b": [1]}},
        {"a": {"b": [2], "c": {}}},
        {"a": {}},
        {"a": {"c": {"d": None}}},
        {"a": None},
    ],
    "cache": [{"replicas": 5}, {"labels": {"team": "c"}}, {"extra": [True]}, {"replicas": None}],
    "global": [{"zone": "west"}, {"zone": "east", "tier": None}],
}
PAIRS = [(key, value) for key, found in _VALUES.items() for value in found]
_ODD_PAIRS = [
    ("image", "a"),
    ("labels", None),
    ("tags", "a"),
    ("tags", None),
    ("replicas", {"a": 1}),
    ("new", {}),
]
_VALUES_OF_ONE = st.lists(st.sampled_from(PAIRS + _ODD_PAIRS), max_size=4).map(dict)
CONFIGS = st.one_of(
    *4 * [_VALUES_OF_ONE.map(lambda values: {"config": values})],
    st.sampled_from([{}, {"config": {}}, {"config": None}]),
)
# What else a part of a config file says, beside its values.
_FLAGS: Sequence[Data] = [
    *9 * [{}],
    {"namespace": "shop"},
    {"namespace": ""},
    {"namespace": "team-a", "injectNamespace": True},
    {"namespace": "1e3", "injectNamespace": True},
    {"namespace": "shop", "injectNamespace": False},
    {"injectNamespace": True},
    {"disabled": True},
    {"disabled": False},
]
FLAGS = st.sampled_from(_FLAGS)
_PER_CENT = st.integers(0, 99)


@st.composite
def configs(draw: st.DrawFn, part: Part, homes: Mapping[str, Home], *, depth: int = 3) -> Data:
    """What a config file, or a part of one, says of a part and of those below it."""
    data = {**draw(FLAGS), **draw(CONFIGS)}
    below = homes[part.home].part.parts if part.home else part.parts
    if below and depth:
        mentioned = draw(st.integers(0, 2 ** len(below) - 1))
        data["subcomponents"] = {
            entry.name: draw(configs(entry, homes, depth=depth - 1))
            for index, entry in enumerate(below)
            if mentioned >> index & 1
        }
    return data


@cache
def contents(repository: str, fetching: bool) -> st.SearchStrategy[Mapping[str, str]]:
    """`content` and `repository` of a part in a component folder of the repository."""
    # Most often the chart that shows its values.
    nearby = [{"content": name, "repository": repository} for name in ("echo", "echo", *CHARTS, *MANIFESTS)]
    elsewhere = [{"content": name, "repository": CHART_REPOSITORY} for name in CHARTS]
    elsewhere += [{"content": name, "repository": STACKS[0]} for name in (*CHARTS, *MANIFESTS)]
    return st.sampled_from(nearby) | st.sampled_from(elsewhere if fetching else nearby)


@st.composite
def entries(
    draw: st.DrawFn,
    repository: str,
    later: Mapping[str, Home],
    names: list[str],
    *,
    fetching: bool = True,
    depth: int = 2,
) -> Part:
    """An entry in a component folder of the repository.

    Args:
        later: the component folders that it may refer to.
        names: its name, and those below it, are taken from these. Names of one component file differ, or
            files would collide.
    """
    if later and draw(_PER_CENT) < 55:
        home = draw(st.sampled_from([*later]))
        loaded = later[home].part.name
        if loaded in names and draw(_PER_CENT) < 70:  # a folder often has the name of its entry
            names.remove(loaded)
            return Part(name=loaded, home=home)
        return Part(name=names.pop(0), home=home)
    content = draw(contents(repository, fetching))
    name = names.pop(0)
    parts: tuple[Part, ...] = ()
    if depth and len(names) > 2 and draw(_PER_CENT) < 25:
        below = entries(repository, later, names, fetching=fetching, depth=depth - 1)
        parts = tuple(draw(below) for _ in range(draw(st.integers(1, 2))))
    return Part(name=name, parts=parts, **content)


@st.composite
def _homes(draw: st.DrawFn, places: Sequence[tuple[str, str, str]], fetching: bool) -> dict[str, Home]:
    """Component folders, each with references to later ones only, so that nothing goes round."""
    homes: dict[str, Home] = {}
    for key, repository, path in reversed(places):
        names = [*draw(st.permutations(NAMES)), *SPARE_NAMES]
        own = names.pop(0)
        count = draw(st.integers(2, 3)) if key == "root" else draw(st.integers(0, 2))
        parts = tuple(draw(entries(repository, homes, names, fetching=fetching)) for _ in range(count))
        content: Mapping[str, str] = {}
        if draw(_PER_CENT) < (5 if key == "root" else 60):
            content = draw(contents(repository, fetching))
        homes = {
            key: Home(repository=repository, path=path, part=Part(name=own, parts=parts, **content)),
            **homes,
        }
    return homes


@st.composite
def trees(draw: st.DrawFn, *, layers: Sequence[str] = LAYERS, fetching: bool = True) -> Tree:
    """A definition.

    Args:
        layers: the config layers that it may have files of.
        fetching: whether it may use git and chart repositories.
    """
    own = draw(st.integers(0, 2))
    fetched = draw(st.integers(0, 2)) if fetching else 0
    places = [("root", OWN, draw(st.sampled_from(["", "hld"])))]
    places += [(f"own{index}", OWN, f"apps/a{index}") for index in range(own)]
    places += [
        (f"git{index}", draw(st.sampled_from(STACKS)), ["", "deep/b"][index]) for index in range(fetched)
    ]
    homes = draw(_homes(places, fetching))
    for key, home in homes.items():
        found = {layer: draw(configs(home.part, homes)) for layer in draw(_subsets(tuple(layers)))}
        homes[key] = replace(home, layers=found)
    asked = draw(st.sampled_from([(), ("prod",), ("west", "prod"), ("prod", "west")]))
    tree = Tree(homes=homes, layers=asked)
    return replace(tree, json=draw(_some(tree.stems)))


@cache
def _subsets(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of the names, often the first."""
    return st.lists(st.sampled_from((*names, names[0])), max_size=len(names), unique=True).map(tuple)


def _some(stems: Sequence[tuple[str, str]]) -> st.SearchStrategy[frozenset[tuple[str, str]]]:
    return st.integers(0, 2 ** len(stems) - 1).map(
        lambda bits: frozenset(stem for index, stem in enumerate(stems) if bits >> index & 1)
    )
