"""Histories of runs over the simulated world, and proof that the laws can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from promotion.commands.materialize import materialization
from promotion.rendering.environment_rendering import EnvironmentRenderer, _is_in
from promotion.rendering.lock.reuse import list_moves
from promotion.rendering.sources.source_interface import Source
from simulation.history import simulate

pytestmark = pytest.mark.siege

TESTS = Path(__file__).parents[1]
CHUNK = 250
# What happens in each chunk; `make simulate` counts them, and the rarer ones, too.
KINDS = (
    *(
        "runs at once",
        "a push is refused",
        "a run is killed",
        "a run starts again",
        "a run fails",
        "a rollback",
    ),
    *(
        "an answer is lost",
        "an effect fails",
        "a request comes twice",
        "an event is lost",
        "an event comes twice",
    ),
    *("a server goes down", "an API lags", "a branch is forced back", "a branch is deleted"),
    *("a file of others", "a release of a chart", "a history without excuse"),
)


@pytest.mark.parametrize("first", range(0, 3000, CHUNK))
def test_the_laws_hold(first: int) -> None:
    counts = Counter[str]()
    for seed in range(first, first + CHUNK):
        outcome = simulate(seed)
        assert not outcome.broken, f"make simulate SEED={seed}: {outcome.broken}"
        counts += outcome.counts
    missing = [kind for kind in KINDS if not counts[kind]]
    assert not missing, "no history of these has them"


@pytest.mark.parametrize("seed", [7, 1065])
def test_a_seed_is_one_history(seed: int) -> None:
    traces = [
        subprocess.run(
            [sys.executable, "-m", "simulation"],
            env={**os.environ, "SEED": str(seed), "PYTHONPATH": str(TESTS), "PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    ]
    assert traces[0] == traces[1]
    assert "All laws hold." in traces[0]


def test_a_first_commit_that_does_not_ask_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The definition is emptied while the first commit is on its way: it stays published."""
    monkeypatch.setattr(materialization, "list_new_answers", list_moves)
    assert "lost" in find_broken(range(1050, 1070))


def test_an_api_that_lags_is_found_to_take_a_proposal_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """It confirms what the lock of the base has, where the proposal has something newer."""

    def expect(renderer: EnvironmentRenderer, questions: Mapping[Source, str]) -> Mapping[Source, str]:
        event = renderer.request.event
        is_told = event.name == "push"
        return {one: it for one, it in questions.items() if is_told and not _is_in(one, event.repository)}

    monkeypatch.setattr(EnvironmentRenderer, "_list_expected", expect)
    assert "back" in find_broken(range(550, 600))


def find_broken(seeds: range) -> str:
    """Give the first law that one of the histories breaks."""
    return next((outcome.broken for outcome in map(simulate, seeds) if outcome.broken), "")
