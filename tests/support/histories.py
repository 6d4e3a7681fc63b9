"""Histories of a world and its manifest branch, and what runs make of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import LOCK_NAME
from promotion.rendering.materialize_request import HelmOptions
from support import tree_changes as change
from support.memory_branch import MemoryBranch
from support.tree_strategies import CONFIGS, LAYERS, PAIRS, STACKS, entries, trees
from support.trees import CHARTS, MANIFESTS, OWN, WEB, Tree
from support.worlds import LIBRARY, Run, World, run

# A history is several runs: one takes as long as five definitions.
EXAMPLES = max(int(os.environ.get("LAW_EXAMPLES", "30")) // 5, 5)
FIRST, AGAIN = "first", "again"
KINDS = ("config", "config", "config", "part", "part", "source", "source", "tools", "edit")
EDIT = Callable[[MemoryBranch], None]

_FLAGS = [
    *2 * [("namespace", ["shop", "mart", ""])],
    ("injectNamespace", [True, False]),
    ("disabled", [True, False]),
]

law = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@dataclass(frozen=True)
class Step:
    """What happens before a run: the world changes, or somebody edits the branch."""

    what: str
    world: World
    edit: EDIT = lambda branch: None
    adopt: bool = False


@st.composite
def _config_changes(draw: st.DrawFn, tree: Tree) -> Tree:
    """A value, or the flags, of a component in the config of one above it, or its own."""
    spots = change.find_spots(tree)
    fetched = fetched_spots(tree)
    spot = draw(st.sampled_from(fetched if fetched and draw(st.booleans()) else spots))
    return draw(config_changes_at(tree, spot))


@st.composite
def config_changes_at(draw: st.DrawFn, tree: Tree, spot: change.Spot) -> Tree:
    layer = draw(st.sampled_from(("common", *LAYERS)))
    file = tree.homes[spot.key].layers.get(layer, {})
    config = change.find_config(file, spot.names) or {}
    match draw(st.sampled_from(["value", "values", "flag", "flag"])):
        case "value":
            key, value = draw(st.sampled_from(PAIRS))
            return change.set_value(tree, spot.key, layer, spot.names, key, value)
        case "values":
            config |= draw(CONFIGS)
        case "flag":
            flag, choices = draw(st.sampled_from(_FLAGS))
            config[flag] = draw(st.sampled_from(choices))
    return change.set_layer(tree, spot.key, layer, change.put_config(file, spot.names, config))


def fetched_spots(tree: Tree) -> list[change.Spot]:
    """The parts that are by reference in another repository."""
    spots = change.find_spots(tree)
    return [spot for spot in spots if spot.part.home and tree.homes[spot.part.home].repository != OWN]


@st.composite
def _part_changes(draw: st.DrawFn, tree: Tree) -> Tree:
    """A component that is added, removed, renamed or moved, or has other content."""
    spots = change.find_spots(tree)
    inner = [spot for spot in spots if spot.path]
    outer = [spot for spot in spots if not spot.part.home]
    if inner and draw(st.booleans()):
        spot = draw(st.sampled_from(inner))
        content = replace(spot.part, content=draw(st.sampled_from([*MANIFESTS])), repository=WEB, home="")
        renamed = replace(spot.part, name=draw(st.sampled_from(["renamed", "web", "api"])))
        removed = None
        chosen = draw(st.sampled_from([content, renamed, removed]))
        tree = change.put(tree, spot, chosen) if chosen else change.remove(tree, spot)
        if chosen or draw(st.booleans()):
            return tree
        return change.insert(tree, draw(st.sampled_from(_outer(tree))), 0, spot.part)  # moved
    spot = draw(st.sampled_from(outer))
    keys = [*tree.homes]
    later = {key: tree.homes[key] for key in keys[keys.index(spot.key) + 1 :]}
    names = [f"new-{index}" for index in range(24)]
    part = draw(entries(tree.homes[spot.key].repository, later, names))
    return change.insert(tree, spot, draw(st.integers(0, len(spot.part.parts))), part)


def _outer(tree: Tree) -> list[change.Spot]:
    return [spot for spot in change.find_spots(tree) if not spot.part.home]


@st.composite
def _source_changes(draw: st.DrawFn, world: World) -> World:
    """A commit in a repository: to a file that nobody uses, a chart a manifest; or a release of a chart."""
    repository = draw(st.sampled_from([OWN, *STACKS]))
    text = draw(st.sampled_from(["1", "2", "3"]))
    paths = ["README.md", *(f"charts/{chart}/notes.txt" for chart in CHARTS), "manifests/quota/more.yaml"]
    changes = [world.with_file(repository, path, f"text: {text}\n") for path in paths]
    changes += [world.with_release(chart) for chart in (*CHARTS, LIBRARY.chart)]
    chart = draw(st.sampled_from([*CHARTS]))
    changes.append(replace(world, without_digests=world.without_digests ^ {chart}))
    name = f"{draw(st.sampled_from([*MANIFESTS]))}.yaml"
    changes.append(replace(world, web={**world.web, name: f"kind: Web\nnumber: {text}\n"}))
    return draw(st.sampled_from(changes))


@st.composite
def _tool_changes(draw: st.DrawFn, world: World) -> World:
    """Another version of ours or of Helm, or other inputs."""
    number = draw(st.sampled_from(["1", "2"]))
    request = world.request
    return draw(
        st.sampled_from(
            [
                replace(world, engine=f"1.0.{number}"),
                replace(world, helm=f"4.0.{number}"),
                replace(world, request=replace(request, helm=HelmOptions(kube_version=f"1.3{number}"))),
                replace(world, request=replace(request, helm=HelmOptions(api_versions=(number,)))),
                replace(
                    world, request=replace(request, policy=replace(request.policy, allowed_secrets=(number,)))
                ),
                replace(world, tree=replace(world.tree, layers=("prod",) if number == "1" else ("west",))),
            ]
        )
    )


@st.composite
def _edits(draw: st.DrawFn) -> tuple[str, EDIT, bool]:
    """What somebody does to the branch, and whether to adopt what is there then."""
    index = draw(st.integers(0, 20))
    adopt = draw(st.booleans())

    def cut(lock: bytes) -> bytes:
        return _without(lock, index)

    choices: list[tuple[str, EDIT, bool]] = [
        ("a managed file is edited", lambda branch: _change_file(branch, index, b"edited: true\n"), False),
        ("a managed file is deleted", lambda branch: _change_file(branch, index, None), False),
        ("a managed file is executable", lambda branch: _make_executable(branch, index), False),
        ("a managed file and the lock are edited", lambda branch: _forge(branch, index), False),
        ("the lock is lost", _forget, True),
        ("the lock is damaged", lambda branch: _change_lock(branch, lambda lock: lock[:100]), True),
        (
            "the lock is edited",
            lambda branch: _change_lock(branch, lambda lock: _without(lock, index)),
            adopt,
        ),
    ]
    return draw(st.sampled_from(choices))


def _managed(branch: MemoryBranch) -> list[str]:
    return sorted(path for path in branch.tree if path != LOCK_NAME)


def _change_file(branch: MemoryBranch, index: int, data: bytes | None) -> None:
    paths = _managed(branch)
    if paths:
        path = paths[index % len(paths)]
        branch.tree.pop(path)
        if data is not None:
            branch.tree[path] = data


def _forge(branch: MemoryBranch, index: int) -> None:
    """The lock names the file's new content, but its checksum is the old one."""
    paths = _managed(branch)
    if paths and LOCK_NAME in branch.tree:
        path = paths[index % len(paths)]
        lock = branch.tree[LOCK_NAME].replace(
            blob_id(branch.tree[path]).encode(), blob_id(b"forged\n").encode()
        )
        branch.tree |= {path: b"forged\n", LOCK_NAME: lock}


def _make_executable(branch: MemoryBranch, index: int) -> None:
    if paths := _managed(branch):
        branch.modes[paths[index % len(paths)]] = "100755"


def _forget(branch: MemoryBranch) -> None:
    branch.tree.pop(LOCK_NAME, None)


def _change_lock(branch: MemoryBranch, edit: Callable[[bytes], bytes]) -> None:
    if LOCK_NAME in branch.tree:
        branch.tree[LOCK_NAME] = edit(branch.tree[LOCK_NAME])


def _without(lock: bytes, index: int) -> bytes:
    """A lock that has lost a component, or a unit."""
    content = json.loads(lock)
    for key in ("components", "units"):
        names = sorted(content.get(key, ()))
        if names:
            content[key].pop(names[index % len(names)])
    return json.dumps(content).encode()


@st.composite
def definitions(draw: st.DrawFn) -> Tree:
    """A definition; most of what it fetches shows the config that it gets."""
    tree = draw(trees())
    for key, home in tree.homes.items():
        if home.repository != OWN and draw(st.integers(0, 3)) < 3:
            part = replace(home.part, content="echo", repository=home.repository)
            tree = tree.with_home(key, replace(home, part=part))
    return tree


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """A definition, and what happens to it."""
    world = World(tree=draw(definitions()))
    steps = [Step(FIRST, world)]
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(KINDS))
        edit: EDIT = lambda branch: None  # noqa: E731
        what, adopt = kind, False
        match kind:
            case "config":
                world = replace(world, tree=draw(_config_changes(world.tree)))
            case "part":
                world = replace(world, tree=draw(_part_changes(world.tree)))
            case "source":
                world = draw(_source_changes(world))
            case "tools":
                world = draw(_tool_changes(world))
            case "edit":
                what, edit, adopt = draw(_edits())
        steps.append(Step(what, world, edit, adopt))
        if draw(st.booleans()):
            steps.append(Step(AGAIN, world))
    return steps


def compare(steps: list[Step]) -> list[Run]:
    """Run the steps on two branches, on one of them in full; gives the incremental runs."""
    branch, other = MemoryBranch(), MemoryBranch()
    runs = []
    for step in steps:
        step.edit(branch)
        step.edit(other)
        done = run(step.world, branch, adopt=step.adopt)
        full = run(step.world, other, adopt=step.adopt, full=True)
        # A component that was kept is named by the place that refers to it, not by its own file.
        assert refusal(done) == refusal(full), step.what
        assert branch.tree == other.tree, step.what
        assert branch.modes == other.modes, step.what
        if done.report and full.report:
            assert facts(done) == facts(full), step.what
        runs.append(done)
    return runs


def refusal(done: Run) -> object:
    return done.error and (type(done.error), done.error.fix)


def facts(done: Run) -> object:
    assert done.report
    report = done.report
    return report.outputs(), report.components, report.changes, report.hld_commit
