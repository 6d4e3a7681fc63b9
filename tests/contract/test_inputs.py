"""The action.yml files, the tables of inputs, the command line and the documents say the same."""

from __future__ import annotations

import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.commands.arguments import build_parser
from promotion.commands.catalog import COMMANDS, Command

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = {name: command for name, command in COMMANDS.items() if command.action is not None}
every_action = pytest.mark.parametrize(("name", "command"), ACTIONS.items(), ids=ACTIONS)
every_command = pytest.mark.parametrize("name", COMMANDS)


def read_action(command: Command) -> dict[str, Any]:
    return yaml.safe_load((ROOT / (command.action or "") / "action.yml").read_text("utf-8"))


def test_every_action_has_a_command() -> None:
    folders = {path.parent for path in ROOT.glob("*/action.yml")} | {ROOT}
    assert {ROOT / (command.action or "") for command in ACTIONS.values()} == folders


@every_action
def test_an_action_has_the_inputs_of_its_table(name: str, command: Command) -> None:
    inputs = read_action(command)["inputs"]
    assert list(inputs) == [entry.name for entry in command.inputs]
    for entry in command.inputs:
        described = inputs[entry.name]
        assert described["description"].startswith(entry.help)
        assert (described.get("default", ""), described["required"]) == (entry.default, entry.required)


@every_action
def test_an_action_has_the_outputs_of_its_table(name: str, command: Command) -> None:
    outputs = read_action(command)["outputs"]
    described = {output: entry["description"] for output, entry in outputs.items()}
    assert described == {entry.name: entry.help for entry in command.outputs}


@every_action
def test_an_action_runs_our_image_with_its_command(name: str, command: Command) -> None:
    action = read_action(command)
    image = "../Dockerfile" if command.action else "Dockerfile"
    assert action["runs"] == {"using": "docker", "image": image, "args": [name]}
    assert (ROOT / (command.action or "") / image).resolve() == ROOT / "Dockerfile"
    assert action["branding"].keys() == {"icon", "color"}


@every_command
def test_each_input_is_a_flag_of_its_command_but_for_secrets(name: str) -> None:
    (commands,) = (a for a in build_parser()._actions if a.choices and "render" in a.choices)
    flags = {flag for a in commands.choices[name]._actions for flag in a.option_strings}
    table = COMMANDS[name].inputs
    assert {f"--{entry.name}" for entry in table if entry.kind != "secret"} <= flags
    assert not {f"--{entry.name}" for entry in table if entry.kind == "secret"} & flags, "argv is no place"


@every_command
def test_each_command_has_a_module_that_runs_it(name: str) -> None:
    assert callable(import_module(f"promotion.commands.{name}").main)


def test_the_tables_in_the_documents_are_those_of_the_code() -> None:
    tables = runpy.run_path(str(ROOT / ".ci/tables.py"))
    for path, fill in tables["documents"]().items():
        text = path.read_text("utf-8")
        assert fill(text) == text, f"{path.name}: run `make tables`"


def test_the_packaged_workflows_are_the_examples() -> None:
    examples, packaged = (
        {path.name: path.read_bytes() for path in (ROOT / folder).glob("*.yml")}
        for folder in ("examples/workflows", "src/promotion/workflows")
    )
    assert packaged == examples, "run `make tables`"
