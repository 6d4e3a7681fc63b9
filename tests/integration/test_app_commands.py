"""Every command with a GitHub App alone: it gets in, with tokens that may do no more than it does."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from support import payloads
from support.app_estate import JOB, AppEstate
from support.estate import SOURCES, Finished
from support.estate_copies import copy_server, publish_estate
from support.github_apps import APP_ID
from support.github_mirror import LiveRepository, MirroredRepository
from support.github_server import FakeGitHub
from support.prepared import run_program


@pytest.fixture
def world(tmp_path: Path, github: FakeGitHub) -> Iterator[AppEstate]:
    """The estate, published once."""
    with copy_server(tmp_path / "server", publish_estate) as server:
        yield AppEstate(tmp_path, server, github)


def start(world: AppEstate, action: str, name: str = "cluster-hld", **inputs: str) -> Finished:
    """A manual run of an action, in a repository."""
    push = payloads.small_push(f"acme/{name}", "dev", world.estate.repository(name).tip())
    payload: Mapping[str, Any] = {key: push[key] for key in ("repository", "sender", "ref")} | {"inputs": {}}
    given = {"app_id": APP_ID, "app_private_key": world.app.pem, **inputs}
    return world.estate.run(world.estate.step("workflow_dispatch", payload, action=action, **given))


def test_rollback(world: AppEstate) -> None:
    before = world.estate.manifests.tip()
    world.estate.release("1.2.0")
    assert world.run(deployments="off").code == 0
    world.forget()
    for dry_run, right in (("true", "read"), ("false", "write")):
        finished = start(world, "rollback", environment="dev", to=before[:12], dry_run=dry_run)
        assert finished.code == 0, finished.log
        assert finished.step.outputs["changed"] == "true"
        (token,) = world.scopes("acme/cluster-manifests")
        assert (token.names, token.permissions) == (("cluster-manifests",), {"contents": right})
        world.forget()


def test_promote(world: AppEstate, github: FakeGitHub) -> None:
    for name in SOURCES:
        world.estate.repository(name).git("branch", "stage", "dev")
    world.estate.release("1.2.0")
    repository = github.add(
        MirroredRepository("acme/cat-application", world.estate.repository("cat-application"))
    )
    finished = start(
        world, "promote", "cat-application", to="stage", manifest_repository="acme/cluster-manifests"
    )
    assert finished.code == 0, finished.log
    assert len(repository.pulls) == 1
    (reader,) = world.scopes("acme/cluster-manifests")
    assert (reader.names, reader.permissions) == (("cluster-manifests",), {"contents": "read"})
    world.check_requests()


def test_notify(world: AppEstate, github: FakeGitHub) -> None:
    hld = github.add(LiveRepository("acme/cluster-hld", world.estate.repository("cluster-hld")))
    push = payloads.small_push(
        "acme/cat-application", "dev", world.estate.repository("cat-application").tip()
    )
    given = {"app_id": APP_ID, "app_private_key": world.app.pem, "status": "off"}
    finished = world.estate.run(world.estate.step("push", push, action="notify", **given))
    assert finished.code == 0, finished.log
    assert len(hld.dispatches) == 1
    (token,) = world.app.issued
    assert (token.names, token.permissions) == (("cluster-hld",), {"contents": "write"})


@pytest.mark.parametrize(
    "words",
    [
        ["explain", "cat-application", "--environment", "dev"],
        ["status"],
        ["render"],
        ["doctor", "--hld", "acme/cluster-hld"],
    ],
    ids=lambda words: words[0],
)
def test_on_a_terminal(world: AppEstate, tmp_path: Path, words: list[str]) -> None:
    if words[0] == "render":
        words = ["render", f"{world.server.url}/acme/cluster-hld.git@dev", str(tmp_path / "out"), "dev"]
    elif words[0] == "doctor":
        words += ["--manifests", "acme/cluster-manifests", "--environments", "dev"]
    else:
        words += ["--manifest-repository", "acme/cluster-manifests"]
    variables = {
        "GITHUB_API_URL": world.github.url,
        "GITHUB_SERVER_URL": world.server.url,
        "INPUT_APP-PRIVATE-KEY": world.app.pem,
        "PATH": os.environ["PATH"],
    }
    done = run_program([*words, "--app-id", APP_ID], env=variables, cwd=tmp_path)
    assert done.returncode == (1 if words[0] == "doctor" else 0), done.stdout + done.stderr
    assert world.app.issued
    assert not [token for token in world.app.issued if token.text in done.stdout + done.stderr]
    rights = {right for token in world.app.issued for right in token.permissions.values()}
    assert rights == ({"read", "write"} if words[0] == "doctor" else {"read"})
    assert JOB not in {token for tokens in world.sent().values() for token in tokens}
