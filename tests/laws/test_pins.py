"""Pins: what is rolled back stays, and everything else goes on as if there were none."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotion.errors import PublishError, UsageError
from promotion.rendering.lock.lock import LOCK_NAME
from support.histories import AGAIN, EDIT, Step, compare, histories, law
from support.memory_branch import MemoryBranch
from support.rollbacks import read_lock, request, roll_back_branch
from support.worlds import run

ROLLBACK, LIFT = "rollback", "lift"


def rollback(index: int, chosen: int) -> EDIT:
    """Go back to one of the commits, with all components or one of them."""

    def edit(branch: MemoryBranch) -> None:
        if not branch.pushed:
            return
        to = branch.pushed[index % len(branch.pushed)]
        paths = sorted({*read_lock(branch).components, *read_lock(branch).pins})
        names = () if chosen < 0 or not paths else (paths[chosen % len(paths)],)
        before = dict(branch.tree)
        try:
            roll_back_branch(branch, request(to=to, components=names))
        except PublishError:  # somebody has damaged the lock, or a file that it lost is in the way
            assert branch.tree == before

    return edit


def lift(index: int) -> EDIT:
    """Lift one of the pins."""

    def edit(branch: MemoryBranch) -> None:
        pins = sorted(read_lock(branch).pins)
        try:
            if pins:
                roll_back_branch(branch, request(lift=(pins[index % len(pins)],)))
        except UsageError as error:
            raise AssertionError(f"{pins} are pinned: {error}") from error

    return edit


@st.composite
def pinned_histories(draw: st.DrawFn) -> list[Step]:
    """A history in which somebody rolls back or lifts pins now and then, before a run."""
    steps: list[Step] = []
    for step in draw(histories()):
        steps.append(step)
        match draw(st.sampled_from(["", ROLLBACK, ROLLBACK, LIFT])):
            case "rollback":
                edit = rollback(draw(st.integers(0, 9)), draw(st.integers(-3, 5)))
                steps.append(Step(ROLLBACK, step.world, edit))
                if draw(st.booleans()):  # the sources go back by themselves, and forth again
                    steps += [Step("moved", draw(st.sampled_from(steps)).world), Step("moved", step.world)]
            case "lift":
                steps.append(Step(LIFT, step.world, lift(draw(st.integers(0, 9)))))
    return steps


@law
@given(steps=pinned_histories())
def test_incremental_equals_full_with_pins(steps: list[Step]) -> None:
    compare(steps)


@law
@given(steps=pinned_histories())
def test_what_is_pinned_stays_and_the_rest_is_as_without_pins(steps: list[Step]) -> None:
    look(steps)


def look(steps: list[Step]) -> Counter[str]:
    """Run the steps on a branch, and without rollbacks on another; gives what was seen."""
    branch, plain = MemoryBranch(), MemoryBranch()
    seen: Counter[str] = Counter()
    for step in steps:
        if step.what in (ROLLBACK, LIFT):  # edits by hand would be of other files on each branch
            step.edit(branch)
        before, lock = dict(branch.tree), read_lock(branch)
        done = run(step.world, branch)
        alone = run(step.world, plain)
        if done.error or alone.error:
            continue
        after = read_lock(branch)
        assert after.pins.keys() <= lock.pins.keys(), "no run pins"
        for path in after.pins:
            assert branch.tree.get(path) == before.get(path)
            assert branch.tree.get(path) != plain.tree.get(path) or step.what not in (ROLLBACK, AGAIN)
        own = branch.tree.keys() - after.pins.keys() - {LOCK_NAME}
        assert own == plain.tree.keys() - after.pins.keys() - {LOCK_NAME}
        assert all(branch.tree[path] == plain.tree[path] for path in own)
        again = run(step.world, branch)
        assert again.report
        assert not again.report.changed
        seen.update({"pinned": bool(after.pins), "ended": lock.pins.keys() != after.pins.keys()})
        seen.update({"held while others moved": bool(after.pins) and before != branch.tree})
        seen.update({"absent": any(path not in branch.tree for path in after.pins)})
        seen.update({"nothing fetched": bool(after.pins) and not again.fetched})
    return seen


@pytest.mark.siege  # of hundreds of examples
def test_the_histories_have_pins_that_hold_and_end() -> None:
    seen: Counter[str] = Counter()

    @settings(law, max_examples=60, derandomize=True, database=None)
    @given(steps=pinned_histories())
    def count(steps: list[Step]) -> None:
        seen.update(look(steps))

    count()
    assert len(seen) == 5
    assert min(seen.values()) > 0, seen
