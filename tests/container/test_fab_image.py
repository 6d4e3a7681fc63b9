"""`engine: fab` in the image, with a stand-in for the program: the whole job, as the runner starts it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import image, payloads
from support.estate import TOKEN, Estate
from support.gitserver import GitServer
from support.runner import RUNNER_USER, Step
from support.standin_fab import read_calls, write_standin
from support.tools import helm_program

pytestmark = pytest.mark.container


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with GitServer(tmp_path / "server") as server:
        yield Estate(server, tmp_path / "steps")


def push_with(estate: Estate, **inputs: str) -> Step:
    commit = estate.repository("cat-application").tip()
    return estate.step("push", payloads.small_push("acme/cat-application", "dev", commit), **inputs)


def run(container: image.Container, step: Step) -> image.Finished:
    volumes = step.prepare(owner=RUNNER_USER)
    return container.run(
        [*container.entrypoint, *step.arguments],
        variables=step.variables(),
        volumes=volumes,
        folder="/github/workspace",
    )


def test_fab_does_the_whole_job_and_commits_what_the_native_engine_does(
    container: image.Container, estate: Estate
) -> None:
    native = push_with(estate, manifest_branch="native")
    fab = push_with(estate, manifest_branch="fab", engine="fab", fab="./tools/fab", helm="./tools/helm")
    tools = fab.workspace / "tools"
    write_standin(tools, seen_at="/github/workspace/tools", python="/opt/promotion/bin/python3")
    shutil.copy(helm_program(), tools)

    done = run(container, native)
    assert done.code == 0, done.log
    done = run(container, fab)
    assert done.code == 0, done.log

    assert {"install", "generate"} <= {word for call in read_calls(tools) for word in call["argv"]}
    trees = [
        {path: blob for path, blob in estate.manifests.files(branch).items() if path != "promotion.lock"}
        for branch in ("native", "fab")
    ]
    assert trees[0] == trees[1]
    assert len(trees[0]) == 5
    assert TOKEN not in done.log.replace(f"::add-mask::{TOKEN}", "")
    assert TOKEN not in str(read_calls(tools))


def test_without_a_program_the_error_says_how_to_get_one(container: image.Container, estate: Estate) -> None:
    done = run(container, push_with(estate, engine="fab"))
    assert done.code == 1, done.log
    assert "https://github.com/microsoft/fabrikate/releases" in done.log
    assert not estate.manifests.git("for-each-ref")
