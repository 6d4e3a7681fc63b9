"""The action.yml files, the tables of inputs, the command line and the documents say the same."""

from __future__ import annotations

import ast
import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.cli.arguments import build_parser
from promotion.cli.catalog import COMMANDS, Action, Command
from promotion.commands.init.workflow_templates import TAKE_ENVIRONMENTS
from promotion.common.phrases import PLACE, SECRETS, make_variable
from support.source_nodes import find_nodes

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = [(name, command, command.action) for name, command in COMMANDS.items() if command.action]
every_action = pytest.mark.parametrize(
    ("name", "command", "action"), ACTIONS, ids=[name for name, _, _ in ACTIONS]
)
every_command = pytest.mark.parametrize("name", COMMANDS)


def read_action(action: Action) -> dict[str, Any]:
    return yaml.safe_load((ROOT / action.folder / "action.yml").read_text("utf-8"))


def templates() -> list[ast.expr]:
    calls = [call for _, call in find_nodes(ast.Call)]
    return [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "say"]


def test_every_action_has_a_command() -> None:
    folders = {path.parent for path in ROOT.glob("*/action.yml")} | {ROOT}
    assert {ROOT / action.folder for _, _, action in ACTIONS} == folders


def test_init_knows_the_actions_that_take_environments() -> None:
    assert {
        action.folder
        for _, command, action in ACTIONS
        if any(entry.name == "environments" for entry in command.inputs)
    } == TAKE_ENVIRONMENTS


@every_action
def test_an_action_has_the_inputs_of_its_table(name: str, command: Command, action: Action) -> None:
    inputs = read_action(action)["inputs"]
    assert list(inputs) == [entry.name for entry in command.inputs]
    for entry in command.inputs:
        described = inputs[entry.name]
        assert described["description"].startswith(entry.help)
        assert (described.get("default", ""), described["required"]) == (entry.default, entry.required)


@every_action
def test_an_action_has_the_outputs_of_its_table(name: str, command: Command, action: Action) -> None:
    outputs = read_action(action)["outputs"]
    described = {output: entry["description"] for output, entry in outputs.items()}
    assert described == {entry.name: entry.help for entry in command.outputs}


@every_action
def test_an_action_runs_our_image_with_its_command(name: str, command: Command, action: Action) -> None:
    written = read_action(action)
    image = "../Dockerfile" if action.folder else "Dockerfile"
    assert written["description"] == action.description
    assert written["runs"] == {"using": "docker", "image": image, "args": [name]}
    assert (ROOT / action.folder / image).resolve() == ROOT / "Dockerfile"
    assert written["branding"].keys() == {"icon", "color"}


@every_command
def test_each_input_is_a_flag_of_its_command_but_for_secrets(name: str) -> None:
    (commands,) = (a for a in build_parser()._actions if a.choices and "render" in a.choices)
    flags = {flag for a in commands.choices[name]._actions for flag in a.option_strings}
    table = COMMANDS[name].inputs
    assert {f"--{entry.name}" for entry in table if entry.kind != "secret"} <= flags
    assert not {f"--{entry.name}" for entry in table if entry.kind == "secret"} & flags, "argv is no place"


def test_errors_know_which_inputs_are_secrets() -> None:
    table = {entry for command in COMMANDS.values() for entry in command.inputs}
    assert {entry.name for entry in table if entry.kind == "secret"} == SECRETS
    for entry in table:
        assert make_variable(entry.name) in entry.variables


def test_what_others_choose_is_no_template() -> None:
    """`say` looks for names of inputs in its first argument alone, so that is a literal of ours."""
    assert not [ast.unparse(template) for template in templates() if not isinstance(template, ast.Constant)]


def test_errors_name_inputs_that_there_are() -> None:
    known = {entry.name: entry for command in COMMANDS.values() for entry in command.inputs}
    text = " ".join(str(template.value) for template in templates() if isinstance(template, ast.Constant))
    named = {(match["name"], match["value"]) for match in PLACE.finditer(text) if match["name"]}
    assert len(named) > 30
    for name, value in named:
        assert not known[name].choices or value in (None, *known[name].choices)


@every_command
def test_each_command_has_a_module_that_runs_it(name: str) -> None:
    assert callable(import_module(f"promotion.commands.{name}.command").main)


def test_the_actions_and_the_tables_in_the_documents_are_those_of_the_code() -> None:
    tables = runpy.run_path(str(ROOT / ".ci/tables.py"))
    for path, fill in tables["documents"]().items():
        text = path.read_text("utf-8")
        assert fill(text) == text, f"{path.relative_to(ROOT)}: run `make tables`"


def test_the_table_of_inputs_has_a_row_for_each() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "\n| `hooks` | `deny` | `allow` runs Fabrikate hooks" in readme
    assert "\n| `manifest-repository` | **required** | The repository that gets the manifests" in readme


def test_the_packaged_workflows_are_the_examples() -> None:
    examples, packaged = (
        {path.name: path.read_bytes() for path in (ROOT / folder).glob("*.yml")}
        for folder in ("examples/workflows", "src/promotion/workflows")
    )
    assert packaged == examples, "run `make tables`"
