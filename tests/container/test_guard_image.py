"""The guard in the image, run as GitHub's runner runs it, on every event, against the fake GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from support import image
from support.github_events import example, group_event, pull_event, push_event
from support.github_server import FakeGitHub
from support.guard_world import TOKEN, World, make_world
from support.runner import RUNNER_USER, Step

pytestmark = pytest.mark.container


@pytest.fixture
def world() -> Iterator[World]:
    with FakeGitHub() as server:
        yield make_world(server)
    assert not server.violations


def judge(
    container: image.Container,
    world: World,
    folder: Path,
    event: str,
    payload: Mapping[str, Any],
    **inputs: str,
) -> tuple[image.Finished, Step]:
    step = Step(
        folder=folder / "step",
        action=image.ROOT / "guard/action.yml",
        event=event,
        payload=payload,
        token=TOKEN,
        server_url=world.github.url,
        inputs={name.replace("_", "-"): value for name, value in inputs.items()},
        api_url=world.github.url,
    )
    volumes = step.prepare(owner=RUNNER_USER)
    done = container.run(
        [*container.entrypoint, *step.arguments],
        variables=step.variables(),
        volumes=volumes,
        folder="/github/workspace",
    )
    return done, step


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
@pytest.mark.parametrize(
    "action", ["opened", "synchronize", "reopened", "edited", "ready_for_review", "enqueued"]
)
def test_a_pull_request_by_the_rules_is_allowed(
    container: image.Container, world: World, tmp_path: Path, event: str, action: str
) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "stage"), action)
    done, step = judge(container, world, tmp_path, event, payload)
    assert done.code == 0, done.log
    assert step.outputs["allowed"] == "true"
    assert (step.outputs["source"], step.outputs["target"]) == ("dev", "stage")


def test_a_pull_request_that_skips_a_step_is_told_where_to_go(
    container: image.Container, world: World, tmp_path: Path
) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "prod"))
    done, step = judge(container, world, tmp_path, "pull_request", payload)
    assert done.code == 1, done.log
    assert "Open this pull request against `stage`" in done.log
    assert step.outputs["reason-code"] == "source-not-allowed"
    assert "not allowed" in step.summary
    assert TOKEN not in done.log.replace(f"::add-mask::{TOKEN}", "") + step.summary + str(step.outputs)


def test_warn_reports_a_no_and_ends_green(container: image.Container, world: World, tmp_path: Path) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "prod"))
    done, step = judge(container, world, tmp_path, "pull_request", payload, mode="warn")
    assert done.code == 0, done.log
    assert step.outputs["reason-code"] == "source-not-allowed"


def test_a_merge_group_by_the_rules_is_allowed(
    container: image.Container, world: World, tmp_path: Path
) -> None:
    pull = world.shop.open_pull("dev", "stage")
    before = world.shop.branches["stage"]
    head = world.shop.merge_onto(before, pull)
    payload = group_event(world.shop, "stage", before, head, pull.number)
    done, step = judge(container, world, tmp_path, "merge_group", payload)
    assert done.code == 0, done.log
    assert step.outputs["allowed"] == "true"


def test_a_merge_group_that_skips_a_step_is_denied(
    container: image.Container, world: World, tmp_path: Path
) -> None:
    pull = world.shop.open_pull("dev", "prod")
    before = world.shop.branches["prod"]
    head = world.shop.merge_onto(before, pull)
    payload = group_event(world.shop, "prod", before, head, pull.number)
    done, _ = judge(container, world, tmp_path, "merge_group", payload)
    assert done.code == 1, done.log


def test_a_push_of_a_merged_pull_request_is_allowed(
    container: image.Container, world: World, tmp_path: Path
) -> None:
    before = world.shop.branches["stage"]
    merged = world.shop.merge(world.shop.open_pull("dev", "stage"))
    done, _ = judge(container, world, tmp_path, "push", push_event(world.shop, "stage", before, merged))
    assert done.code == 0, done.log


def test_a_direct_push_fails_and_names_the_commit(
    container: image.Container, world: World, tmp_path: Path
) -> None:
    before = world.shop.branches["prod"]
    commit = world.shop.commit("prod", "By hand")
    done, step = judge(container, world, tmp_path, "push", push_event(world.shop, "prod", before, commit))
    assert done.code == 1, done.log
    assert commit[:7] in step.summary


def test_a_manual_run_audits_the_branches(container: image.Container, world: World, tmp_path: Path) -> None:
    payload = {**example("workflow_dispatch")}
    payload["repository"] = {**payload["repository"], "full_name": world.shop.full_name}
    done, step = judge(container, world, tmp_path, "workflow_dispatch", payload)
    assert done.code == 1, done.log
    assert "| Branch | Finding | Fix |" in step.summary


def test_an_unknown_event_is_never_a_yes(container: image.Container, world: World, tmp_path: Path) -> None:
    payload = pull_event(world.shop, world.shop.open_pull("dev", "stage"))
    done, step = judge(container, world, tmp_path, "issue_comment", payload)
    assert done.code == 1, done.log
    assert step.outputs["allowed"] == "false"
