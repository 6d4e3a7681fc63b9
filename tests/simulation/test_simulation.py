"""Histories of runs over the simulated world, and proof that the laws can fail."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from simulation.faults import FAULTS, Fault, find
from simulation.history import simulate

pytestmark = pytest.mark.simulation

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
        "a push comes twice",
        "an event is lost",
        "an event comes twice",
    ),
    *("a server goes down", "an API lags", "a branch is forced back", "a branch is deleted"),
    *("a file of others", "a release of a chart", "a history without excuse"),
    *("a part is held", "a part is held for now", "parts fail for all runs"),
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


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.law}: {fault.what}")
def test_each_law_can_fail(fault: Fault, record_property: Callable[[str, object], None]) -> None:
    number, outcome = find(fault)
    assert outcome, f"{number} histories don't show it"
    record_property("histories", number)
    print(f"{number} histories")


def test_the_readme_lists_each_fault() -> None:
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([^|]+) \| ([^|]+) \| \d+ \|$", text, re.MULTILINE)
    assert listed == [(fault.law, fault.what) for fault in FAULTS]
