"""Keeping what hasn't changed gives what making everything anew gives, after any changes, byte for byte."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.histories import (
    FIRST,
    Step,
    compare,
    config_changes_at,
    definitions,
    fetched_spots,
    histories,
    law,
)
from support.worlds import World


@law
@given(steps=histories())
def test_incremental_equals_full(steps: list[Step]) -> None:
    compare(steps)


@st.composite
def changes_of_config(draw: st.DrawFn) -> list[Step]:
    """A change of config for a component that is fetched from another repository."""
    tree = draw(definitions())
    fetched = fetched_spots(tree)
    assume(fetched)
    changed = draw(config_changes_at(tree, draw(st.sampled_from(fetched))))
    return [Step(FIRST, World(tree=tree)), Step("config", World(tree=changed))]


@law
@given(steps=changes_of_config())
def test_incremental_equals_full_when_config_for_a_repository_changes(steps: list[Step]) -> None:
    compare(steps)


@pytest.mark.siege  # of hundreds of examples
def test_the_histories_keep_and_make_anew() -> None:
    seen: Counter[str] = Counter()

    @settings(law, max_examples=200, derandomize=True, database=None)
    @given(steps=histories())
    def look(steps: list[Step]) -> None:
        for step, done in zip(steps, compare(steps), strict=True):
            if not done.report:
                seen["refused"] += 1
                continue
            kept = len(done.report.components) - len(done.rendered)
            seen.update(
                {
                    "nothing to do": not done.fetched,
                    "some kept": bool(done.rendered) and kept > 0 and step.what != FIRST,
                    "fetched in vain": bool(done.fetched) and not done.report.changed,
                    step.what: True,
                }
            )

    look()
    assert len(seen) == 17, seen
    assert min(seen.values()) > 0, seen
