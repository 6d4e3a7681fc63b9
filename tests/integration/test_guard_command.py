"""The command as the runner calls it: variables in, exit code, outputs, summary and log out."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from promotion.commands.guard.command import run, run_audit
from promotion.common.redaction import Redactor
from promotion.edges.actions_runner import Runner
from promotion.wiring.runtime import Runtime
from support.github_events import example, group_event, pull_event, push_event
from support.guard_world import TOKEN, World


class Run:
    """One run of the action on the fake GitHub."""

    def __init__(
        self, world: World, folder: Path, event: str, payload: dict[str, Any], **inputs: str
    ) -> None:
        (folder / "event.json").write_text(json.dumps(payload), "utf-8")
        self.output, self.summary = folder / "output", folder / "summary"
        self.environment = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": world.github.url,
            "GITHUB_REPOSITORY": world.shop.full_name,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REF": "refs/heads/main",  # says nothing about the pull request
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "INPUT_TOKEN": TOKEN,
            **{f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()},
        }
        self._stream = io.StringIO()
        redact = Redactor()
        runner = Runner(self.environment, self._stream, redact)
        self.runtime = Runtime(environment=self.environment, console=runner, redact=redact, folder=folder)

    def go(self) -> int:
        """The exit code."""
        return run({}, self.runtime)

    @property
    def log(self) -> str:
        """What it printed."""
        return self._stream.getvalue()


def test_an_allowed_pull_request(world: World, tmp_path: Path) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "stage"))
    job = Run(world, tmp_path, "pull_request_target", payload)
    assert job.go() == 0
    written = job.output.read_text("utf-8")
    assert "rule-matched" in written
    assert "allowed ✅" in job.summary.read_text("utf-8")
    assert "::notice::" in job.log


def test_a_denied_pull_request(world: World, tmp_path: Path) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "prod"))
    job = Run(world, tmp_path, "pull_request", payload)
    assert job.go() == 1
    assert "::error::`dev` may not be merged into `prod`. Open this pull request against `stage`" in job.log
    assert "not allowed ❌" in job.summary.read_text("utf-8")


def test_warn_reports_the_same_and_ends_green(world: World, tmp_path: Path) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "prod"))
    job = Run(world, tmp_path, "pull_request", payload, mode="warn")
    assert job.go() == 0
    assert "::warning::`dev` may not be merged into `prod`." in job.log
    assert "source-not-allowed" in job.output.read_text("utf-8")


def test_warn_ends_green_though_the_api_is_down(world: World, tmp_path: Path) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "prod"))
    world.github.deny("*")
    job = Run(world, tmp_path, "pull_request", payload, mode="warn")
    assert job.go() == 0
    assert "missing-permission" in job.output.read_text("utf-8")


@pytest.mark.parametrize("event", ["merge_group", "push", "workflow_dispatch"])
def test_the_other_events(world: World, tmp_path: Path, event: str) -> None:
    pull = world.shop.open_pull("dev", "stage")
    before = world.shop.branches["stage"]
    payloads = {"workflow_dispatch": example("workflow_dispatch")}
    payloads["merge_group"] = group_event(
        world.shop, "stage", before, world.shop.merge_onto(before, pull), pull.number
    )
    payloads["push"] = push_event(world.shop, "stage", before, world.shop.merge(pull))
    job = Run(world, tmp_path, event, payloads[event])
    assert job.go() == (1 if event == "workflow_dispatch" else 0)
    if event == "workflow_dispatch":
        assert "| Branch | Finding | Fix |" in job.summary.read_text("utf-8")


@pytest.mark.parametrize(
    "inputs", [{"mode": "maybe"}, {"audit": "ture"}, {"comment": "yes"}, {"unlisted": "no"}]
)
def test_a_wrong_input_is_an_error_and_no_default(
    world: World, tmp_path: Path, inputs: dict[str, str]
) -> None:
    job = Run(world, tmp_path, "pull_request", {}, **inputs)
    assert job.go() == 2
    assert "wrong-input" in job.output.read_text("utf-8")
    assert not world.github.seen


@pytest.mark.parametrize("inputs", [{"token": ""}, {"audit": "ture"}])
def test_warn_ends_green_though_an_input_is_wrong(
    world: World, tmp_path: Path, inputs: dict[str, str]
) -> None:
    job = Run(world, tmp_path, "pull_request", {}, mode="warn", **inputs)
    assert job.go() == 0
    assert "::warning::" in job.log
    assert "wrong-input" in job.output.read_text("utf-8")


def test_the_token_is_masked_and_nowhere_else(world: World, tmp_path: Path) -> None:
    world.shop.branches[TOKEN] = world.shop.branches["dev"]  # even if a branch is called so
    payload = pull_event(world.shop, world.shop.open_pull(TOKEN, "prod"))
    job = Run(world, tmp_path, "pull_request", payload, comment="off")
    assert job.go() == 1
    shown = [line for line in job.log.splitlines() if not line.startswith("::add-mask::")]
    assert TOKEN not in "\n".join(shown) + job.summary.read_text()
    assert f"::add-mask::{TOKEN}" in job.log  # so GitHub gives the output `source` to no other job


def test_hostile_names_start_no_workflow_command(world: World, tmp_path: Path) -> None:
    hostile = "x%0A::error::gotcha"
    world.shop.branches[hostile] = world.shop.branches["dev"]
    job = Run(world, tmp_path, "pull_request", pull_event(world.shop, world.shop.open_pull(hostile, "prod")))
    assert job.go() == 1
    assert not [line for line in job.log.splitlines() if line.startswith("::error::gotcha")]
    assert "%250A" in job.log  # the percent sign itself is escaped


def test_audit_from_a_terminal_shows_before_it_applies(world: World, tmp_path: Path) -> None:
    job = Run(world, tmp_path, "", {})
    assert run_audit({}, job.runtime, repository="acme/shop") == 1
    assert not world.shop.rulesets
    assert '+  "name": "promotion: prod"' in job.log
    assert run_audit({}, job.runtime, repository="acme/shop", change=True) == 0
    assert {entry["name"] for entry in world.shop.rulesets.values()} == {
        "promotion: stage",
        "promotion: prod",
    }
