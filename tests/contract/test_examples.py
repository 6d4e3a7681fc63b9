"""The example workflows use the actions as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.cli.catalog import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = {command.action.folder: command for command in COMMANDS.values() if command.action}
EXAMPLES = sorted((ROOT / "examples/workflows").glob("*.yml"))
every_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """The steps that use one of our actions."""
    workflow = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506  `on` is text
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("acme/gitops-promotion"):
                yield step


@every_example
def test_a_step_gives_only_inputs_that_the_action_has(path: Path) -> None:
    for step in steps(path):
        folder = step["uses"].partition("@")[0].removeprefix("acme/gitops-promotion").strip("/")
        known = {entry.name for entry in ACTIONS[folder].inputs}
        assert step.get("with", {}).keys() <= known


def test_every_action_has_an_example() -> None:
    used = {step["uses"].partition("@")[0] for path in EXAMPLES for step in steps(path)}
    assert used == {f"acme/gitops-promotion/{folder}".rstrip("/") for folder in ACTIONS}


@every_example
def test_a_workflow_begins_without_permissions_and_ends_in_time(path: Path) -> None:
    workflow = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506
    assert workflow["permissions"] == {}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


@every_example
def test_a_run_whose_jobs_may_be_skipped_takes_nobodys_place(path: Path) -> None:
    """A workflow's concurrency group is entered before `if` is looked at, a job's after that."""
    workflow = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506
    if any("if" in job for job in workflow["jobs"].values()):
        assert "concurrency" not in workflow


def test_a_promotions_token_is_no_jobs_own() -> None:
    (step,) = steps(ROOT / "examples/workflows/promote.yml")
    assert step["with"]["token"] == "${{ secrets.PROMOTION_TOKEN }}", "no workflow would run on it"
