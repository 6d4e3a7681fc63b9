"""The steps of the self-test workflow, run as the runner does, without the image: GitHub is the fake one."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.cli.catalog import COMMANDS
from support.github_events import example, pull_event, push_event
from support.guard_world import TOKEN, World
from support.prepared import run_program
from support.runner import Step

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/self-test.yml").read_text("utf-8"))
STEPS = WORKFLOW["jobs"]["actions"]["steps"]
OURS = [step for step in STEPS if step.get("uses", "").startswith("./")]


def make_repositories(folder: Path) -> None:
    """As the workflow's step does; nobody else's, so nothing is to be handed to root."""
    (script,) = [step["run"] for step in STEPS if step.get("run", "").startswith("git clone")]
    lines = [line for line in script.splitlines() if not line.startswith("sudo ")]
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
    )
    subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)], cwd=folder, check=True,
        env={"PATH": os.environ["PATH"], "GITHUB_SHA": head.stdout.strip()},
    )  # fmt: skip


def fill(text: object, values: Mapping[str, str]) -> str:
    """The text of an input with its expressions."""
    plain = str(text).lower() if isinstance(text, bool) else str(text)
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], plain)


def run(world: World, step: dict[str, Any], folder: Path, event: tuple[str, Any], values: Any) -> Step:
    action = ROOT / step["uses"] / "action.yml"
    made = Step(
        folder=folder / step["id"] if "id" in step else folder / "guard",
        action=action,
        event=event[0],
        payload=event[1],
        token=TOKEN,
        server_url="http://127.0.0.1",
        inputs={name: fill(text, values) for name, text in step["with"].items()},
        api_url=world.github.url,
    )
    made.prepare(owner=os.getuid())
    given = {
        name: text.replace("/github/", f"{made.folder}/") if not name.startswith("INPUT_") else text
        for name, text in made.variables().items()
    }
    done = run_program(made.arguments, env={"PATH": os.environ["PATH"], **given}, cwd=made.workspace)
    refused = step["uses"] in ("./preview", "./notify")
    assert (done.returncode != 0) == refused, done.stdout + done.stderr
    assert done.returncode in (0, 1, 2), done.stdout + done.stderr
    return made


def test_all_actions_are_tried() -> None:
    actions = {command.action.folder for command in COMMANDS.values() if command.action}
    assert {step["uses"].removeprefix("./") for step in OURS} == actions


@pytest.mark.parametrize("name", ["push", "pull_request", "workflow_dispatch"])
def test_the_steps_do_what_the_workflow_expects(world: World, tmp_path: Path, name: str) -> None:
    shop = world.shop
    world.github.deny("repos.create_dispatch_event")
    make_repositories(tmp_path / "checkout")
    tip = shop.branches["main"]
    manual = {**example("workflow_dispatch"), "ref": "refs/heads/main"}
    manual["repository"] = {**manual["repository"], "full_name": shop.full_name}
    payloads = {
        "push": push_event(shop, "main", tip, tip),
        "pull_request": pull_event(shop, shop.open_pull("dev", "main"), "opened"),
        "workflow_dispatch": manual,
    }
    event = (name, payloads[name])
    values = {
        "env.LOCAL": str(tmp_path / "checkout/.self-test"),
        "github.event.repository.default_branch": "main",
        "github.base_ref || 'main'": "main",
        "github.repository": shop.full_name,
        "github.token": TOKEN,
    }
    outputs: dict[str, Mapping[str, str]] = {}
    for step in OURS:
        if name == "pull_request" and step["uses"] == "./preview":
            continue  # it looks at the real one
        made = run(world, step, tmp_path / "steps", event, values)
        outputs[step["uses"]] = made.outputs
        if step["uses"] == "./":
            values["steps.materialize.outputs.commit"] = made.outputs["commit"]
    assert outputs["./"]["components"] == "3"
    assert outputs["./matrix"]["clusters"] == "2"
    assert outputs["./status"]["waiting"] == "0"
    assert outputs["./rollback"]["restored"] == outputs["./"]["commit"]
    assert outputs["./promote"]["state"] == "nothing"
