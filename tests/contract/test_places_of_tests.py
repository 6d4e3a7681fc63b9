"""Where a test stands: beside its module, and where the documents say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "tests/unit"
# What is of no one module: the tests' own surroundings, and judges that several modules make up.
OF_NO_MODULE = {
    "test_github_description.py",
    "test_network_block.py",
    "test_samples.py",
    "rendering/validation/test_oracle.py",
}


def test_each_unit_test_mirrors_a_module() -> None:
    tests = {str(path.relative_to(UNIT)) for path in UNIT.rglob("test_*.py")}
    modules = {
        str(path.relative_to(ROOT / "src/promotion").with_name(f"test_{path.name}"))
        for path in (ROOT / "src/promotion").rglob("*.py")
    }
    assert tests - modules == OF_NO_MODULE


def test_the_promises_name_tests_that_are_there() -> None:
    text = (ROOT / "docs/reliability.md").read_text("utf-8")
    named = set(re.findall(r"`((?:tests/[\w/]+|test_\w+)(?:\.py)?)`", text))
    assert len(named) > 40
    known = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert not {name for name in named if not (ROOT / name).exists() and name not in known}


def test_bytes_stay_out_of_the_names_of_tests(request: pytest.FixtureRequest) -> None:
    """An archive's hold the second it was made in, and each worker would collect other tests.

    https://pytest-xdist.readthedocs.io/en/stable/known-limitations.html
    """
    names = request.config.hook.pytest_make_parametrize_id(
        config=request.config, val=b"\x1f\x8b", argname="content"
    )
    assert names == "content"
