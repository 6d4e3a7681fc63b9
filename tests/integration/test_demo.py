"""`make demo`, with nothing installed but what the program itself needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT = """
import importlib.util, runpy, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in sys.argv else find(name, *rest)
sys.modules |= dict.fromkeys(sys.argv[1:])  # what is None there can't be imported
runpy.run_module("examples.demo", run_name="__main__")
"""


def test_the_demo_needs_no_test_package() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = {name.lower() for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)} | {"gitops-promotion"}
    absent = [
        module
        for module, owners in packages_distributions().items()
        if not {owner.lower().replace("_", "-") for owner in owners} & locked
    ]
    assert {"pytest", "githubkit", "graphql", "pydantic"} <= set(absent)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *absent],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "tests", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = re.findall(r"^\d\. ", done.stdout, re.MULTILINE)
    assert told == [f"{number}. " for number in range(1, 8)]
