"""The example estate with a GitHub App: the real program, a GitHub that checks signatures, a real git server
that takes each token only where it is for."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.app_estate import JOB, AppEstate
from support.estate import SOURCES, Finished
from support.github_apps import APP_ID, as_pem, make_key
from support.github_events import pull_event
from support.github_mirror import LiveRepository, MirroredRepository
from support.github_server import FakeGitHub
from support.github_state import FakeRepository
from support.gitserver import Fault, GitServer
from support.standin_fab import write_standin
from support.tools import helm_program

pytestmark = pytest.mark.siege

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"


@pytest.fixture
def world(tmp_path: Path, github: FakeGitHub) -> Iterator[AppEstate]:
    with GitServer(tmp_path / "server") as server:
        yield AppEstate(tmp_path, server, github)


def check_clean(world: AppEstate, finished: Finished) -> None:
    """No credential is in the log, but where the runner is told to hide it."""
    lines = [line for line in finished.log.splitlines() if not line.startswith("::add-mask::")]
    secrets = [token.text for token in world.app.issued] + as_pem(make_key()).splitlines()[1:-1]
    text = "\n".join(lines) + finished.step.summary + json.dumps(finished.step.outputs)
    assert not [secret for secret in secrets if secret in text]


def test_the_app_does_it_all(world: AppEstate) -> None:
    finished = world.run()
    assert finished.code == 0, finished.log
    assert finished.step.outputs["changed"] == "true"
    check_clean(world, finished)
    (writer,) = world.scopes("acme/cluster-manifests")
    assert (writer.names, writer.permissions) == (("cluster-manifests",), {"contents": "write"})
    for name in SOURCES:
        (reader,) = world.scopes(f"acme/{name}")
        assert (reader.names, reader.permissions) == ((), {"contents": "read"})
    assert len(world.app.issued) == 2
    assert not any(JOB in tokens for tokens in world.sent().values())


def test_each_token_is_masked_before_its_first_use(world: AppEstate) -> None:
    finished = world.run()
    masks = {line.removeprefix("::add-mask::") for line in finished.log.splitlines()}
    assert {token.text for token in world.app.issued} <= masks
    assert set(world.app.pem.splitlines()) <= masks


@pytest.mark.parametrize("shape", ["one line", "base64"])
def test_a_key_in_another_shape_is_masked_line_by_line(world: AppEstate, shape: str) -> None:
    pem = world.app.pem
    key = pem.replace("\n", "\\n") if shape == "one line" else base64.b64encode(pem.encode()).decode()
    finished = world.run(key=key)
    assert finished.code == 0, finished.log
    assert f"::add-mask::{key}" in finished.log.splitlines()
    assert {f"::add-mask::{line}" for line in pem.splitlines()} <= set(finished.log.splitlines())


def test_a_dry_run_gets_no_token_that_writes(world: AppEstate) -> None:
    finished = world.run(dry_run="true")
    assert finished.code == 0, finished.log
    assert {right for token in world.app.issued for right in token.permissions.values()} == {"read"}


def test_a_public_source_of_an_owner_without_the_app_is_read_with_the_job_s_token(world: AppEstate) -> None:
    charts = world.server.create("umbrella/definitions", branch="dev")
    charts.commit({"component.yaml": "name: definitions\ntype: static\npath: m\n", "m/a.yaml": CONFIG_MAP})
    world.server.allow(JOB, "umbrella/definitions", "read")
    source = f"{world.server.url}/umbrella/definitions.git"
    component = f"name: x\nsubcomponents:\n- {{name: d, method: git, source: '{source}', branch: dev}}\n"
    world.estate.repository("cluster-hld").commit({"component.yaml": component})
    finished = world.run()
    assert finished.code == 0, finished.log
    assert world.sent()["umbrella/definitions"] == {JOB}


def test_a_source_token_comes_before_the_app(world: AppEstate) -> None:
    for name in SOURCES:
        world.server.allow("ghp_reads_all_sources", f"acme/{name}", "read")
    finished = world.run(source_token="ghp_reads_all_sources")
    assert finished.code == 0, finished.log
    assert world.sent()["acme/cluster-hld"] == {"ghp_reads_all_sources"}
    assert len(world.app.issued) == 1


def test_real_fab_with_hooks_gets_into_the_sources(world: AppEstate, tmp_path: Path) -> None:
    """Its own git fetches them, with what the environment gives it."""
    hook = 'hooks:\n  after-install: ["true"]\n'
    source = f"{world.server.url}/acme/cat-application.git"
    component = f"name: pets\nsubcomponents:\n- {{name: cat, method: git, source: '{source}', branch: dev}}\n"
    world.estate.repository("cluster-hld").commit({"component.yaml": component + hook})
    world.estate.repository("cat-application").commit(
        {"component.yaml": "name: cat\ntype: static\npath: m\n", "m/a.yaml": CONFIG_MAP}
    )
    fab = write_standin(tmp_path / "fab")
    finished = world.run(engine="fab", fab=str(fab), helm=str(helm_program()), hooks="allow")
    assert finished.code == 0, finished.log
    assert JOB not in world.sent()["acme/cat-application"]
    fetched = [r for r in world.server.requests if "cat-application" in r.path and r.agent.startswith("git/")]
    assert fetched
    check_clean(world, finished)


def test_not_installed_on_the_manifest_repository(world: AppEstate) -> None:
    world.installation.names = SOURCES
    finished = world.run()
    assert finished.code == 1
    assert "the GitHub App isn't installed on acme/cluster-manifests" in finished.errors[0]
    check_clean(world, finished)


def test_not_installed_on_a_source(world: AppEstate) -> None:
    world.installation.names = ("cluster-manifests", "cluster-hld", "dog-application", "cloud-native")
    finished = world.run()
    assert finished.code == 1
    assert "acme/cat-application is not there" in finished.errors[0]
    assert "install the GitHub App on acme/cat-application, with `contents: read`" in finished.errors[0]


def test_a_token_that_not_all_of_github_knows_yet(world: AppEstate) -> None:
    """Asked in this process, then by git, and again after some seconds."""
    headers = {"WWW-Authenticate": 'Basic realm="GitHub"'}
    world.server.fail(Fault(times=4, path="acme/cat-application.git", status=401, headers=headers))
    finished = world.run()
    assert finished.code == 0, finished.log


def test_a_wrong_key(world: AppEstate) -> None:
    finished = world.run(key=as_pem(make_key(1)))
    assert finished.code == 1
    assert "GitHub doesn't take input app-id and input app-private-key" in finished.errors[0]
    assert world.server.requests == []


def test_a_key_without_an_app(world: AppEstate) -> None:
    finished = world.run(app_id="")
    assert finished.code == 2
    assert "input app-id is missing" in finished.errors[0]


def test_without_an_app_nothing_of_it_is_loaded(world: AppEstate) -> None:
    """It takes 0.2 s."""
    world.server.allow(JOB, "acme/cluster-manifests", "write")
    for name in SOURCES:
        world.server.allow(JOB, f"acme/{name}", "read")
    step = world.estate.push_event("cluster-hld", deployments="off")
    process = world.estate.open(step, PYTHONPROFILEIMPORTTIME="1")
    log, _ = process.communicate(timeout=120)
    assert process.returncode == 0, log
    loaded = set(re.findall(r"^import time:.*\| +(\S+)$", log, re.MULTILINE))
    assert "promotion.common.app_key" in loaded
    assert not loaded & {"github", "jwt", "cryptography", "promotion.edges.github.app_tokens"}


@pytest.mark.parametrize("verified", ["true", "false"])
def test_a_delivery_by_pull_request(world: AppEstate, github: FakeGitHub, verified: str) -> None:
    github.add(LiveRepository("acme/cluster-manifests", world.estate.manifests))
    assert world.run(deployments="off").code == 0
    world.estate.release("1.2.0")
    github.repositories["acme/cluster-manifests"].settings = {
        "allow_auto_merge": True,
        "allow_squash_merge": True,
    }
    finished = world.run(delivery="pull-request", deployments="off", verified=verified, auto_merge=verified)
    assert finished.code == 0, finished.log
    (pull,) = github.repositories["acme/cluster-manifests"].pulls.values()
    assert bool(pull.auto_merge) == (verified == "true")
    world.check_requests()
    check_clean(world, finished)
    wanted = {tuple(sorted(token.permissions.items())) for token in world.app.issued}
    assert (("pull_requests", "write"),) in wanted
    assert ((("contents", "write"), ("pull_requests", "write")) in wanted) == (verified == "true"), "to merge"
    assert not [token for token in world.app.issued if "workflows" in token.permissions]


def test_a_preview(world: AppEstate, github: FakeGitHub) -> None:
    real = world.estate.repository("cat-application")
    real.git("branch", "feature", "dev")
    world.estate.release("1.2.0", branch="feature")
    repository = github.add(MirroredRepository("acme/cat-application", real))
    payload = pull_event(repository, repository.open_pull("feature", "dev"))
    inputs = {"app_id": APP_ID, "app_private_key": world.app.pem}
    finished = world.estate.run(world.estate.step("pull_request", payload, action="preview", **inputs))
    assert finished.code == 0, finished.log
    assert len(repository.comments) == 1
    world.check_requests()
    check_clean(world, finished)
    assert not [token for token in world.app.issued if token.permissions.get("contents") == "write"]


def test_the_guard_gets_tokens_for_its_own_repository_only(world: AppEstate, github: FakeGitHub) -> None:
    shop = github.add(FakeRepository("acme/shop"))
    start = shop.commit("main", "Start")
    shop.branches |= {"dev": start, "stage": start, "prod": start}
    shop.commit("dev", "A feature")
    github.deny("users.get_authenticated")
    payload = pull_event(shop, shop.open_pull("dev", "stage"))
    inputs = {"app_id": APP_ID, "app_private_key": world.app.pem, "comment": "always"}
    step = world.estate.step("pull_request_target", payload, action="guard", **inputs)
    finished = world.estate.run(step)
    assert finished.code == 0, finished.log
    assert {token.names for token in world.app.issued} == {("shop",)}
    assert all(len(token.permissions) == 1 for token in world.app.issued)
    world.check_requests()
    assert len(shop.comments) == 1
    check_clean(world, finished)


def test_a_deployment_is_recorded_with_a_token_for_that_alone(world: AppEstate, github: FakeGitHub) -> None:
    world.installation.permissions = {**world.installation.permissions, "deployments": "write"}
    for name in SOURCES:
        github.add(MirroredRepository(f"acme/{name}", world.estate.repository(name)))
    finished = world.run()
    assert finished.code == 0, finished.log
    for name in SOURCES:
        (made,) = github.repositories[f"acme/{name}"].deployments
        assert made.states == ["in_progress", "success"]
    world.check_requests()
    check_clean(world, finished)
    rights = [token.permissions for token in world.app.issued if "deployments" in token.permissions]
    assert rights == [{"deployments": "write"}] * len(SOURCES)
