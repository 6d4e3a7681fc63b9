"""action.yml, the table of inputs, the command line and the README say the same."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.commands.arguments import build_parser
from promotion.core.inputs import MATERIALIZE, MATERIALIZE_OUTPUTS, RENDER

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def test_action_has_every_input_and_no_other(action: dict[str, Any]) -> None:
    assert list(action["inputs"]) == [entry.name for entry in MATERIALIZE]


def test_action_has_the_defaults_of_the_table(action: dict[str, Any]) -> None:
    defaults = {name: entry.get("default", "") for name, entry in action["inputs"].items()}
    assert defaults == {entry.name: entry.default for entry in MATERIALIZE}


def test_action_requires_what_the_table_requires(action: dict[str, Any]) -> None:
    required = {name for name, entry in action["inputs"].items() if entry["required"]}
    assert required == {entry.name for entry in MATERIALIZE if entry.required}


def test_action_describes_every_input_as_the_table_does(action: dict[str, Any]) -> None:
    for entry in MATERIALIZE:
        assert action["inputs"][entry.name]["description"].startswith(entry.help)


def test_action_has_every_output_and_no_other(action: dict[str, Any]) -> None:
    described = {name: entry["description"] for name, entry in action["outputs"].items()}
    assert described == {entry.name: entry.help for entry in MATERIALIZE_OUTPUTS}


def test_action_runs_our_image_with_the_command(action: dict[str, Any]) -> None:
    assert action["runs"] == {"using": "docker", "image": "Dockerfile", "args": ["materialize"]}
    assert action["branding"].keys() == {"icon", "color"}


@pytest.mark.parametrize(("command", "table"), [("materialize", MATERIALIZE), ("render", RENDER)])
def test_each_input_is_a_flag_of_its_command(command: str, table: tuple[Any, ...]) -> None:
    (commands,) = (a for a in build_parser()._actions if a.choices and "render" in a.choices)
    flags = {flag for a in commands.choices[command]._actions for flag in a.option_strings}
    assert {f"--{entry.name}" for entry in table if entry.kind != "secret"} <= flags
    assert not {f"--{entry.name}" for entry in table if entry.kind == "secret"} & flags, "argv is no place"


def test_the_readmes_tables_are_those_of_the_code() -> None:
    tables = runpy.run_path(str(ROOT / ".ci/tables.py"))
    readme = (ROOT / "README.md").read_text("utf-8")
    assert tables["fill"](readme) == readme, "run `make tables`"
