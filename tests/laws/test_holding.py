"""Parts that fail stay as they were last published, and all else goes on, in any history."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy, deepcopy
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.errors import PartLimitError, PromotionError, RenderError, UnreachableError
from promotion.rendering.lock.lock import LOCK_NAME, Lock, Pin
from promotion.rendering.lock.lock_file import dumps, locate_lock, read_lock
from promotion.rendering.model import Release, Rendered
from promotion.rendering.sources.git_source import GitSource
from support import worlds
from support.histories import law
from support.memory_branch import MemoryBranch
from support.trees import OWN, WEB, Home, Part, Tree
from support.worlds import Run, World, run

A, B, NESTED = "https://git.test/a", "https://git.test/b", "https://git.test/nested"
TREE = Tree(
    homes={
        "root": Home(
            path="",
            part=Part(
                name="cluster",
                parts=(
                    Part(name="a", home="a"),
                    Part(name="b", home="b"),
                    Part(name="own", content="echo"),
                    Part(name="web", content="accounts", repository=WEB),
                ),
            ),
        ),
        "a": Home(
            repository=A,
            path="hld",
            part=Part(name="a", content="echo", repository=A, parts=(Part(name="n", home="n"),)),
        ),
        "b": Home(repository=B, path="hld", part=Part(name="b", content="shop", repository=B)),
        "n": Home(repository=NESTED, path="hld", part=Part(name="n", content="quota", repository=NESTED)),
    }
)
PARTS = {"a": (A, NESTED), "b": (B,)}
FAULTS = {
    "broken YAML": "name: [",
    "a missing folder": "{name: x, generator: static, path: missing}",
    "a missing repository": "{name: x, subcomponents: [{name: y, method: git, source: 'https://no.test/y'}]}",
    "a way out": "{name: x, generator: static, path: ../../..}",
    "a broken manifest": "{name: x, generator: static, path: ../broken}",
    "another's file": "{name: x, generator: static, path: ../manifests/quota, subcomponents: "
    "[{name: ../own, type: static, path: ../manifests/quota}]}",
}


@dataclass(frozen=True)
class State:
    """The number of a release of each repository, and the fault that it has."""

    releases: Mapping[str, int]
    faults: Mapping[str, str]

    def world(self) -> World:
        world = World(tree=TREE)
        for repository, number in self.releases.items():
            for path in ("charts/echo/values.yaml", "charts/shop/values.yaml"):
                world = world.with_file(repository, path, f"release: {number}\n")
            account = f"kind: ServiceAccount\nmetadata: {{name: n{number}}}\n"
            world = world.with_file(repository, "manifests/quota/quota.yml", account)
        for repository, fault in self.faults.items():
            world = world.with_file(repository, "hld/component.yaml", FAULTS[fault])
            world = world.with_file(repository, "broken/x.yaml", "a: [")
        return world

    @property
    def broken(self) -> set[str]:
        return {part for part, sources in PARTS.items() if not self.faults.keys().isdisjoint(sources)}


@st.composite
def states(draw: st.DrawFn) -> State:
    sources = [OWN, A, B, NESTED]
    releases = {source: draw(st.integers(0, 2)) for source in sources}
    faulty = draw(st.lists(st.sampled_from([A, B, NESTED]), unique=True, max_size=2))
    return State(releases, {source: draw(st.sampled_from(sorted(FAULTS))) for source in faulty})


def hold(state: State, branch: MemoryBranch, **changes: bool) -> Run:
    done = run(state.world(), branch, holds=True, **changes)
    assert done.report, done.error
    return done


def lock_of(branch: MemoryBranch) -> Lock:
    lock = read_lock(branch.read, locate_lock("."))
    assert lock
    return lock


def manifests(branch: MemoryBranch) -> dict[str, bytes]:
    return {path: data for path, data in branch.tree.items() if path != LOCK_NAME}


def part_of(path: str) -> str:
    return path.partition("/")[0].removesuffix(".yaml")


@law
@given(st.lists(states(), min_size=1, max_size=5))
def test_each_part_is_what_it_renders_to_or_as_it_was_last_published(history: list[State]) -> None:
    branch = MemoryBranch()
    for state in history:
        before = manifests(branch)
        done = hold(state, branch)
        healthy = MemoryBranch()
        whole = run(replace(state, faults={}).world(), healthy)
        assert whole.report
        expected = {
            path: data for path, data in manifests(healthy).items() if part_of(path) not in state.broken
        }
        expected |= {path: data for path, data in before.items() if part_of(path) in state.broken}
        assert manifests(branch) == expected
        assert done.report
        assert {each.part for each in done.report.held} == state.broken == lock_of(branch).held.keys()


@law
@given(st.lists(states(), min_size=1, max_size=4))
def test_the_same_world_makes_no_second_commit(history: list[State]) -> None:
    branch = MemoryBranch()
    for state in history:
        hold(state, branch)
        pushed = list(branch.pushed)
        again = hold(state, branch)
        assert branch.pushed == pushed
        assert again.report
        assert {each.part for each in again.report.held} == state.broken


@law
@given(st.lists(states(), min_size=1, max_size=4))
def test_incremental_equals_full(history: list[State]) -> None:
    branch, other = MemoryBranch(), MemoryBranch()
    for state in history:
        hold(state, branch)
        hold(state, other, full=True)
        assert branch.tree == other.tree


@law
@given(st.lists(states(), min_size=1, max_size=4), states())
def test_healed_it_equals_a_run_that_never_held_and_is_kept_as_a_whole(
    history: list[State], last: State
) -> None:
    branch = MemoryBranch()
    for state in history:
        hold(state, branch)
    sound = replace(last, faults={})
    hold(sound, branch)
    fresh = MemoryBranch()
    run(sound.world(), fresh)
    assert manifests(branch) == manifests(fresh)
    assert not lock_of(branch).held
    assert lock_of(branch).subtrees == lock_of(fresh).subtrees
    assert not hold(sound, branch).fetched


@law
@given(st.lists(states(), min_size=1, max_size=4))
def test_without_failures_it_equals_stop(history: list[State]) -> None:
    one, other = MemoryBranch(), MemoryBranch()
    for state in history:
        sound = replace(state, faults={}).world()
        run(sound, one, holds=True)
        run(sound, other)
        assert one.tree == other.tree


def test_of_a_fault_that_may_pass_nothing_is_recorded_and_the_lock_is_whole_again_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(source: GitSource) -> None:
        raise UnreachableError(f"{source} can't be reached")

    sound, branch = State({OWN: 0, B: 0}, {}), MemoryBranch()
    hold(sound, branch)
    before = deepcopy(branch.tree)
    with monkeypatch.context() as patch:
        patch.setattr(worlds, "before_opening", lambda source: source.url == B and fail(source))
        moved = replace(sound, releases={OWN: 0, B: 1})
        done = hold(moved, branch)
        assert done.report
        assert [(each.part, each.is_passing) for each in done.report.held] == [("b", True)]
        assert branch.tree == before
        changed = replace(moved, releases={OWN: 0, A: 2, B: 1})
        hold(changed, branch)
        assert branch.tree["b/b.yaml"] == before["b/b.yaml"]
        assert branch.tree["a/a.yaml"] != before["a/a.yaml"]
        assert not lock_of(branch).held
    hold(changed, branch)
    fresh = MemoryBranch()
    run(changed.world(), fresh)
    assert manifests(branch) == manifests(fresh)
    assert lock_of(branch).subtrees == lock_of(fresh).subtrees


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RenderError("Helm: no cats", fix="Correct it."), "component b: Helm: no cats. Correct it."),
        (PartLimitError("b takes too much", part="b", fix="Divide it."), "b takes too much. Divide it."),
    ],
)
def test_what_could_not_be_rendered_is_rendered_again_when_its_inputs_change_or_for_full(
    error: PromotionError, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, branch = State({OWN: 0, A: 0, B: 0}, {}), MemoryBranch()
    hold(sound, branch)
    good, render = branch.tree["b/b.yaml"], worlds._Helm.render
    bad = replace(sound, releases={OWN: 0, A: 0, B: 1})
    wrong: set[str] = set()

    def fail(helm: worlds._Helm, release: Release) -> Rendered:
        rendered = render(helm, release)
        if release.name == "b" and (not wrong or str(release.chart) in wrong):
            wrong.add(str(release.chart))
            raise copy(error)
        return rendered

    monkeypatch.setattr(worlds._Helm, "render", fail)
    assert "b" in hold(bad, branch).rendered
    held, pushed = lock_of(branch).held["b"], list(branch.pushed)
    assert held.inputs
    assert held.reason.endswith(reason)
    again = hold(bad, branch)
    assert "b" not in again.rendered
    assert again.report
    assert [(each.part, each.reason) for each in again.report.held] == [("b", held.reason)]
    assert "b" in hold(bad, branch, full=True).rendered
    assert branch.pushed == pushed
    moved = replace(bad, releases={**bad.releases, A: 1})
    assert "b" not in hold(moved, branch).rendered
    assert lock_of(branch).held == {"b": held}
    assert branch.tree["b/b.yaml"] == good
    assert "b" in hold(replace(moved, releases={**moved.releases, B: 2}), branch).rendered
    assert not lock_of(branch).held
    hold(bad, branch)
    stopped = run(bad.world(), branch)
    assert stopped.error
    assert "b" in stopped.rendered


def test_a_part_whose_components_are_all_pinned_is_not_told() -> None:
    sound, branch = State({OWN: 0}, {}), MemoryBranch()
    hold(sound, branch)
    lock = lock_of(branch)
    pin = Pin(label="b", to="1" * 40, base="2" * 40, held_back=lock.components["b/b.yaml"])
    branch.tree[LOCK_NAME] = dumps(replace(lock, pins={"b/b.yaml": pin}))
    done = hold(replace(sound, releases={OWN: 0, A: 1}, faults={B: "broken YAML"}), branch)
    assert done.report
    assert not done.report.held
    assert lock_of(branch).pins.keys() == {"b/b.yaml"}
    assert not lock_of(branch).held


def test_after_a_push_that_holds_a_part_its_sources_and_the_definition_are_asked_again() -> None:
    """What makes it whole may have been pushed meanwhile, and its run found nothing to do."""
    branch = MemoryBranch()
    hold(State({OWN: 0}, {}), branch)
    done = hold(State({OWN: 1, A: 1}, {B: "broken YAML"}), branch)
    last = [source.url for source in done.asked[-4:] if isinstance(source, GitSource)]
    assert {B, worlds.HLD} <= {*last}, done.asked


def test_without_holding_a_failure_stops_the_run() -> None:
    done = run(State({OWN: 0}, {B: "broken YAML"}).world(), MemoryBranch())
    assert done.error
    assert done.error.part == "b"
