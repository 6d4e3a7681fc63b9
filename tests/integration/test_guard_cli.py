"""The installed program `promotion guard`, started as the runner and a terminal do, on the fake GitHub."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promotion.commands.guard.inputs import GUARD_OUTPUTS
from promotion.commands.guard.report import MARKER
from support.github_events import pull_event
from support.github_server import FakeGitHub
from support.guard_world import TOKEN, World, make_world
from support.prepared import run_program
from support.runner import Step

ROOT = Path(__file__).resolve().parents[2]


def start(words: list[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run_program(words, env={"TZ": "UTC", **variables})


class Job:
    """One run of guard/action.yml, without the container around it."""

    def __init__(
        self, world: World, folder: Path, payload: dict[str, Any], event: str = "pull_request", **inputs: str
    ) -> None:
        self.step = Step(
            folder=folder,
            action=ROOT / "guard" / "action.yml",
            event=event,
            payload=payload,
            token=TOKEN,
            server_url=world.github.url,
            inputs=inputs,
        )
        self.step.prepare(owner=os.getuid())
        variables = {
            name: text.replace("/github/", f"{folder}/") for name, text in self.step.variables().items()
        }
        self.done = start(self.step.arguments, {**variables, "GITHUB_API_URL": world.github.url})
        self.log = self.done.stdout + self.done.stderr


def audit(world: World, *words: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    variables = {"GITHUB_API_URL": world.github.url, "GITHUB_TOKEN": token}
    return start(["guard", "audit", "--repository", "acme/shop", *words], variables)


class TestAudit:
    def test_looks_then_applies_then_has_nothing_to_do(self, world: World) -> None:
        look = audit(world)
        assert look.returncode == 1
        assert "problem  prod doesn't require the check `promotion: prod`" in look.stderr
        assert '+  "name": "promotion: prod"' in look.stderr
        assert not world.shop.rulesets
        applied = audit(world, "--apply")
        assert applied.returncode == 0, applied.stderr
        assert applied.stderr.index('+  "name": "promotion: prod"') < applied.stderr.index("allow: ")
        assert len(world.shop.rulesets) == 2
        again = audit(world, "--apply")
        assert (again.returncode, "+++" in again.stderr) == (0, False)
        assert world.github.count("repos.create_repo_ruleset") == 2

    def test_without_a_token_or_with_one_that_may_not(self, world: World) -> None:
        nobody = audit(world, token="")
        assert nobody.returncode == 2
        assert "GITHUB_TOKEN" in nobody.stderr
        world.github.deny("repos.create_repo_ruleset")
        refused = audit(world, "--apply")
        assert refused.returncode == 1
        assert "a token with `administration: write`" in refused.stderr

    @pytest.mark.parametrize("words", [["--apply"], ["--repository", "acme/shop"]])
    def test_its_flags_are_for_nothing_else(self, world: World, words: list[str]) -> None:
        done = start(["guard", *words], {"GITHUB_API_URL": world.github.url, "GITHUB_TOKEN": TOKEN})
        assert done.returncode == 2
        assert "promotion guard audit" in done.stderr
        assert not world.github.seen

    def test_an_address_without_a_scheme_is_no_defect(self) -> None:
        variables = {"GITHUB_API_URL": "github.example.com/api/v3", "GITHUB_TOKEN": TOKEN}
        done = start(["guard", "audit", "--repository", "acme/shop"], variables)
        assert done.returncode == 2
        assert "https://HOST/api/v3" in done.stderr


def test_every_output_is_set_whatever_the_answer(world: World, tmp_path: Path) -> None:
    names = {entry.name for entry in GUARD_OUTPUTS}
    payload = pull_event(world.shop, world.shop.open_pull("dev", "stage"))
    yes = Job(world, tmp_path / "yes", payload)
    assert yes.done.returncode == 0, yes.log
    assert yes.step.outputs.keys() == names
    assert yes.step.outputs | {"json": ""} == {
        "allowed": "true",
        "decision": "allow",
        "reason-code": "rule-matched",
        "matched-rule": "stage: dev",
        "source": "dev",
        "target": "stage",
        "json": "",
    }
    assert json.loads(yes.step.outputs["json"])["pull_request"] == 1
    for number, inputs in enumerate(({"rules": "stage: main"}, {"rules": "stage: ["}, {"audit": "ture"})):
        no = Job(world, tmp_path / str(number), payload, **inputs)
        assert no.done.returncode != 0, no.log
        assert no.step.outputs.keys() == names
        assert no.step.outputs["allowed"] == "false"


def test_one_comment_that_a_second_run_updates(world: World, tmp_path: Path) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "prod"))
    first = Job(world, tmp_path / "1", payload, comment="failures")
    assert first.done.stderr == ""  # no library's own warnings about what we expect
    second = Job(world, tmp_path / "2", payload, comment="failures", rules="prod: dev")
    assert (first.done.returncode, second.done.returncode) == (1, 0)
    (comment,) = world.shop.comments
    assert comment.body.startswith(MARKER)
    assert "allowed ✅" in comment.body


def test_a_forks_read_only_token_still_gets_summary_and_annotation(world: World, tmp_path: Path) -> None:
    fork = world.github.add(world.shop.fork("mallory"))
    payload = pull_event(world.shop, world.shop.open_pull("dev", "stage", author="mallory", fork=fork))
    world.github.deny("issues.create_comment")
    job = Job(world, tmp_path, payload, comment="always")
    assert job.done.returncode == 1
    assert "comes from the fork mallory/shop" in job.step.summary
    assert re.search(r"^::error::.*comes from the fork mallory/shop", job.log, re.MULTILINE)
    assert re.search(r"^::notice::The comment couldn't be written", job.log, re.MULTILINE)


def test_on_enterprise_server(tmp_path: Path) -> None:
    with FakeGitHub("/api/v3") as server:
        world = make_world(server)
        job = Job(world, tmp_path, pull_event(world.shop, world.shop.open_pull("dev", "stage")))
        assert job.done.returncode == 0, job.log
    assert not server.violations


def test_it_takes_less_than_a_second_of_our_own_time(world: World, tmp_path: Path) -> None:
    """Processor time of whole processes; GitHub's answers come from this one."""
    payload = pull_event(world.shop, world.shop.open_pull("dev", "stage"))
    best = 9.0
    for number in range(3):
        before = _children_time()
        assert Job(world, tmp_path / str(number), payload).done.returncode == 0
        best = min(best, _children_time() - before)
    assert best < 1


def _children_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
