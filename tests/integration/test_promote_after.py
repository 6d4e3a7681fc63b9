"""`after`: a promotion waits until the environment before it has been published for a while."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.github_deployments import FakeDeployment
from support.guard_world import World
from support.promoter import Promoter

LONG, SHORT = 25.0, 2.0  # hours
_numbers = itertools.count(90_000)


@pytest.fixture
def promoter(world: World, tmp_path: Path) -> Promoter:
    return Promoter(world.github, tmp_path, world.shop.full_name)


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def record(world: World, *states: tuple[str, float], commit: str = "", environment: str = "dev") -> None:
    """A deployment, with its states and their ages in hours, the oldest first."""
    sha = commit or world.shop.branches["dev"]
    deployment = FakeDeployment(next(_numbers), sha, {"ref": sha, "environment": environment})
    for state, hours in states:
        moments = dict.fromkeys(("created_at", "updated_at"), ago(hours))
        deployment.statuses.append(
            {"id": next(_numbers), "state": state, "environment": environment, **moments}
        )
    world.shop.deployments.append(deployment)


def commit(world: World, hours: float) -> str:
    """A commit on dev of some age."""
    sha = world.shop.commit("dev", "Correct the README")
    world.shop.commits[sha] = replace(world.shop.commits[sha], date=ago(hours))
    return sha


def test_an_environment_that_is_published_for_long_is_promoted(world: World, promoter: Promoter) -> None:
    record(world, ("in_progress", LONG), ("success", LONG))
    done = promoter.run(to="stage", after="24h")
    assert (done.code, done.state) == (0, "opened"), done.log


def test_one_that_is_published_for_a_short_time_waits_green(world: World, promoter: Promoter) -> None:
    record(world, ("success", SHORT))
    done = promoter.run(to="stage", after="24h")
    assert (done.code, done.state, done.step.outputs["commits"]) == (0, "waiting", "1"), done.log
    assert not world.shop.pulls
    over = (datetime.now(UTC) + timedelta(hours=22)).strftime("%Y-%m-%d")
    assert "::notice::dev to stage: waiting: dev is published since" in done.log
    assert f"has to be for 24 hours; that is over at {over}" in done.log


def test_one_that_failed_since_waits(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG), ("failure", SHORT))
    done = promoter.run(to="stage", after="24h")
    assert (done.state, "the deployment to dev has failed" in done.log) == ("waiting", True)


def test_without_any_deployment_it_waits(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG), environment="stage")
    done = promoter.run(to="stage", after="24h")
    assert (done.state, "no deployment to dev is on record" in done.log) == ("waiting", True)


def test_the_newest_deployment_decides(world: World, promoter: Promoter) -> None:
    old = world.shop.branches["dev"]
    commit(world, LONG)
    record(world, ("success", LONG), commit=old)
    record(world, ("failure", SHORT))
    assert promoter.run(to="stage", after="24h").state == "waiting"


def test_deploying_the_same_again_does_not_begin_anew(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG), ("inactive", SHORT))
    record(world, ("in_progress", SHORT), ("success", SHORT))
    assert promoter.run(to="stage", after="24h").state == "opened"


def test_one_that_lost_the_race_does_not_count(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG))
    record(world, ("in_progress", SHORT), ("inactive", SHORT), commit=world.shop.branches["main"])
    assert promoter.run(to="stage", after="24h").state == "opened"


def test_the_newest_one_without_any_status_counts(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG))
    record(world)
    done = promoter.run(to="stage", after="24h")
    said = "nobody has said yet how the newest deployment to dev went"
    assert (done.state, said in done.log) == ("waiting", True)


@pytest.mark.parametrize(("withdrawn", "state"), [(40, "opened"), (100, "waiting")])
def test_many_withdrawn_ones_hide_no_good_one_and_cost_no_end_of_requests(
    world: World, promoter: Promoter, withdrawn: int, state: str
) -> None:
    record(world, ("success", LONG))
    for _ in range(withdrawn):
        record(world, ("in_progress", SHORT), ("inactive", SHORT))
    done = promoter.run(to="stage", after="24h")
    assert (done.code, done.state) == (0, state), done.log
    assert ("the newest 100 deployments to dev don't hold any more" in done.log) == (state == "waiting")
    assert world.github.count("repos.list_deployment_statuses") <= 100


def test_commits_that_are_never_deployed_have_to_be_as_old(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG))
    commit(world, LONG)
    assert promoter.run(to="stage", after="24h").state == "opened"
    commit(world, SHORT)
    done = promoter.run(to="stage", after="24h")
    assert done.state == "waiting"
    assert "dev has commits that aren't deployed and not yet 24 hours old" in done.log


def test_a_deployment_of_another_line_of_history_is_none_of_dev(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG), commit=world.shop.commit("prod", "A hotfix"))
    done = promoter.run(to="stage", after="24h")
    assert (done.state, "which isn't in dev" in done.log) == ("waiting", True)


def test_an_open_pull_request_says_that_it_is_too_early(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG))
    promoter.run(to="stage", after="24h")
    commit(world, 0)
    record(world, ("success", SHORT))
    done = promoter.run(to="stage", after="24h")
    assert (done.code, done.state, done.step.outputs["pull-request"]) == (0, "waiting", "1")
    assert "⏳ **Not yet:** dev is published since" in (world.shop.pulls[1].body or "")
    assert world.shop.pulls[1].state == "open"


def test_the_environment_is_that_of_the_branch(world: World, promoter: Promoter) -> None:
    record(world, ("success", LONG), environment="east-dev")
    inputs = {"to": "stage", "after": "24h", "environments": "dev=east-dev, stage=east-stage"}
    assert promoter.run(**inputs).state == "opened"


def test_without_after_nobody_is_asked(world: World, promoter: Promoter) -> None:
    assert promoter.run(to="stage").state == "opened"
    assert not world.github.count("repos.list_deployments")


def test_a_missing_permission_is_named(world: World, promoter: Promoter) -> None:
    world.github.deny("repos.list_deployments")
    done = promoter.run(to="stage", after="24h")
    assert done.code == 1
    assert "`deployments: read`" in done.error
