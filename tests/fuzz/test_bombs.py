"""No file takes more than ten seconds or a gigabyte to be read, or refused by an error of ours.

Processor time grows on a shared machine, so CI sets `BOMB_SECONDS`. A reader with a fault takes minutes.
CI takes a third of the large ones; `make bombs` takes all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.bombs import BOMBS
from support.readers import READERS

SECONDS, MEGABYTES = float(os.environ.get("BOMB_SECONDS", "10")), 1024
QUICK = ("aliases", "merge keys", "one alias in itself", "dependencies", "brackets", "dashes", "patterns")
LARGE = [name for name in BOMBS if name not in QUICK]


def explode(name: str) -> None:
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "support.bombs", name],
        env={**os.environ, "PYTHONPATH": str(tests)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    measured = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(measured) == len(READERS)
    most = {what: max(one[what] for one in measured) for what in ("seconds", "megabytes")}
    print(f"{name}: at most {most}")
    for one in measured:
        assert not one["error"] or one["error"].startswith("promotion."), one
        assert one["seconds"] < SECONDS, one
        assert one["megabytes"] < MEGABYTES, one


@pytest.mark.parametrize("name", QUICK)
def test_small_files_that_ask_for_much(name: str) -> None:
    explode(name)


@pytest.mark.bombs
@pytest.mark.samples
@pytest.mark.parametrize("name", LARGE)
def test_files_that_hold_much(name: str) -> None:
    explode(name)
