"""The image, run as GitHub's runner runs it, against a git server that wants a token."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import image, payloads
from support.estate import TOKEN, Estate
from support.gitserver import GitServer
from support.runner import RUNNER_USER, Step
from support.tools import helm_program

pytestmark = pytest.mark.container
Payload = Callable[[str, str, str], dict[str, Any]]
# What buildah itself puts into a container, and what isn't a file of the image.
VOLATILE = {"dev", "proc", "sys", "run", "tmp", "github", "etc/hosts", "etc/resolv.conf", "etc/hostname"}


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with GitServer(tmp_path / "server") as server:
        yield Estate(server, tmp_path / "steps")


def push_to_dev(estate: Estate, make: Payload = payloads.small_push, **inputs: str) -> Step:
    """A push to dev of the cat application, whose workflow uses the action."""
    payload = make("acme/cat-application", "dev", estate.repository("cat-application").tip())
    return estate.step("push", payload, **inputs)


def run(container: image.Container, step: Step, *, user: int = 0) -> image.Finished:
    volumes = step.prepare(owner=user or RUNNER_USER)
    return container.run(
        [*container.entrypoint, *step.arguments],
        user=f"{user}:{user}",
        variables=step.variables(),
        volumes=volumes,
        folder="/github/workspace",
    )


@pytest.mark.parametrize("payload", [payloads.small_push, payloads.recorded_push])
def test_a_push_commits_the_manifests(
    container: image.Container,
    estate: Estate,
    payload: Payload,
) -> None:
    step = push_to_dev(estate, payload)
    before = container.files(ignore=VOLATILE)

    done = run(container, step)

    assert done.code == 0, done.log
    tip = estate.manifests.tip()
    assert step.outputs == {
        "changed": "true",
        "environment": "dev",
        "commit": tip,
        "branch": "dev",
        "pull-request": "",
        "held": "",
        "components": "5",
        "added": step.outputs["added"],
        "changed-resources": "0",
        "removed": "0",
        "result": step.outputs["result"],
    }
    assert int(step.outputs["added"]) >= 5
    assert {"cat-application/cat-application.yaml", "promotion.lock"} <= estate.manifests.files().keys()
    assert "namespace: cats" in estate.manifests.read("cat-application/cat-application.yaml")
    assert f"acme/cat-application@{step.payload['after'][:7]}" in estate.manifests.git(
        "log", "-1", "--format=%B", tip
    )
    assert "cat-application" in step.summary
    assert "mermaid" in step.summary
    assert TOKEN not in done.log.replace(f"::add-mask::{TOKEN}", "")
    assert TOKEN not in step.summary + str(step.outputs)
    assert container.files(ignore=VOLATILE) == before
    assert not list((container.root / "tmp").iterdir())


def test_the_report_is_a_file_of_the_workspace(container: image.Container, estate: Estate) -> None:
    step = push_to_dev(estate, dry_run="true")

    done = run(container, step)

    assert done.code == 0, done.log
    path = step.workspace / Path(step.outputs["result"].removeprefix("/github/workspace/"))
    assert json.loads(path.read_text("utf-8"))["environment"] == "dev"
    assert TOKEN not in path.read_text("utf-8")
    assert not estate.manifests.git("for-each-ref")


def test_a_second_run_changes_nothing(container: image.Container, estate: Estate) -> None:
    first, second = push_to_dev(estate), push_to_dev(estate)
    run(container, first)

    done = run(container, second)

    assert done.code == 0, done.log
    assert second.outputs["changed"] == "false"
    assert second.outputs["commit"] == ""
    assert estate.manifests.history() == [first.outputs["commit"], *estate.manifests.history()[1:]]


def test_any_user_can_run_it(container: image.Container, estate: Estate) -> None:
    step = push_to_dev(estate)

    done = run(container, step, user=12345)

    assert done.code == 0, done.log
    assert step.outputs["commit"] == estate.manifests.tip()


@pytest.mark.parametrize("user", [0, 12345])
@pytest.mark.parametrize("inputs", [{}, {"helm": "./tools/helm"}])
def test_it_writes_nothing_outside_of_its_scratch_and_the_workspace(
    container: image.Container, estate: Estate, tmp_path: Path, user: int, inputs: dict[str, str]
) -> None:
    """As with `docker run --read-only --tmpfs /tmp`: whatever else it wanted to write would be an error."""
    step = push_to_dev(estate, **inputs)
    bring_helm(step)
    volumes = step.prepare(owner=user or RUNNER_USER)
    before = files(step.folder)

    done = container.run_read_only(
        [*container.entrypoint, *step.arguments],
        user=f"{user}:{user}",
        variables=step.variables(),
        volumes=volumes,
        folder="/github/workspace",
        left=tmp_path / "left",
    )

    assert done.code == 0, done.log
    assert step.outputs["commit"] == estate.manifests.tip()
    after = files(step.folder)
    assert {path for path in after if after[path] != before.get(path)} == {
        "file_commands/set_output",
        "file_commands/step_summary",
        f"workspace/{step.outputs['result']}",
        "workspace/.promotion/.gitignore",
    }
    assert (tmp_path / "left").read_text() == ""


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_read_only_container_of_the_tests_is_one(container: image.Container, tmp_path: Path) -> None:
    script = "touch /x; touch /opt/promotion/x; touch /github/x; touch /root/x; touch /tmp/x && echo written"
    left = tmp_path / "left"
    done = container.run_read_only(["sh", "-c", script], variables={}, volumes={}, folder="/", left=left)
    assert done.log.count("Read-only file system") == 4
    assert done.log.endswith("written\n")
    assert left.read_text().endswith("/x\n")


def bring_helm(step: Step) -> None:
    """Put the program into the workspace, as an earlier step of the job may do."""
    program = step.workspace / "tools/helm"
    program.parent.mkdir(parents=True)
    shutil.copy(helm_program(), program)


def test_a_helm_program_of_the_workspace_renders(container: image.Container, estate: Estate) -> None:
    step = push_to_dev(estate, helm="./tools/helm", kube_version="1.33")
    bring_helm(step)
    version = subprocess.run(
        [helm_program(), "version", "--template", "{{.Version}}"], capture_output=True, text=True, check=True
    ).stdout

    done = run(container, step)

    assert done.code == 0, done.log
    assert f'"{version.removeprefix("v")}"' in estate.manifests.read("promotion.lock")


def test_the_image_has_no_helm_program_and_says_what_to_do(
    container: image.Container, estate: Estate
) -> None:
    done = run(container, push_to_dev(estate, helm="program"))

    assert done.code == 1, done.log
    (annotation,) = (line for line in done.log.splitlines() if line.startswith("::error"))
    assert "input helm: the program helm isn't there" in annotation
    assert "the image has none" in annotation


def test_a_token_without_rights_is_an_error_that_names_the_repository(
    container: image.Container, estate: Estate
) -> None:
    estate.server.allow(TOKEN, "acme/cluster-manifests", "read")
    step = push_to_dev(estate)

    done = run(container, step)

    assert done.code == 1, done.log
    (annotation,) = (line for line in done.log.splitlines() if line.startswith("::error"))
    assert "acme/cluster-manifests" in annotation
    assert "acme/cluster-manifests" in step.summary.replace("\\", "")  # Markdown's escapes


def test_the_working_folder_is_no_place_to_take_code_from(container: image.Container, estate: Estate) -> None:
    step = push_to_dev(estate)
    step.workspace.mkdir(parents=True)
    for name in ("yaml.py", "promotion.py", "sitecustomize.py"):
        (step.workspace / name).write_text("raise SystemExit('taken from the workspace')", "utf-8")
    volumes = step.prepare()

    done = container.run(
        [*container.entrypoint, *step.arguments],
        variables={**step.variables(), "PYTHONPATH": "/github/workspace", "PYTHONSTARTUP": "yaml.py"},
        volumes=volumes,
        folder="/github/workspace",
    )

    assert done.code == 0, done.log


# Debian's short names, as in its copyright files (DEP 5), and SPDX's.
LICENCES = {
    "Apache-2.0": "Apache-2.0",
    "BSD-2-clause": "BSD-2-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "CC0-1.0": "CC0-1.0",
    "curl": "curl",
    "Expat": "MIT",
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "ISC": "ISC",
    "LGPL-2+": "LGPL-2.0-or-later",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "LGPL-3": "LGPL-3.0-only",
    "LGPL-3+": "LGPL-3.0-or-later",
    "OpenLDAP-2.8": "OLDAP-2.8",
    "OpenSSL": "OpenSSL",
    "X11": "X11",
    "Zlib": "Zlib",
}


def test_debians_licences_are_in_the_image_and_in_its_label(container: image.Container) -> None:
    status = (container.root / "var/lib/dpkg/status").read_text("utf-8")
    packages = re.findall(r"^Package: (\S+)\nStatus: install ok installed$", status, re.MULTILINE)
    files = [container.root / f"usr/share/doc/{package}/copyright" for package in packages]
    assert {"git", "curl", "openssh-client", "libc6"} <= set(packages)
    assert [file for file in files if not file.is_file()] == []
    texts = [file.read_text("utf-8", "replace") for file in files]
    names = {name for text in texts for name in re.findall(r"^License: *(\S+) *$", text, re.MULTILINE)}
    wanted = {LICENCES[name] for name in names & LICENCES.keys()}
    assert len(wanted) > 10
    assert wanted <= set(re.split(r"[ ()]+", container.labels["org.opencontainers.image.licenses"]))


def test_the_image_holds_no_compiler_and_helm_once(container: image.Container) -> None:
    programs = {path.name for path in (container.root / "usr/bin").iterdir()}
    libraries = list(container.root.glob("opt/promotion/lib/**/libhelm_c.so*"))

    assert not {"cc", "gcc", "make", "perl", "apt", "helm"} & programs
    assert len([path for path in libraries if not path.is_symlink()]) == 1
    assert container.entrypoint[0].startswith("/opt/promotion/bin/")
    assert container.labels["org.opencontainers.image.title"] == "GitOps Promotion"
    assert container.run(["promotion", "--help"]).code == 0


def test_the_image_is_small(container: image.Container) -> None:
    """In the form that takes more room: releases are packed by zstd."""
    words = ["tar", "--create", "--gzip", "--directory", container.root, "--exclude=./dev", "."]
    packed = subprocess.run(words, capture_output=True, check=True).stdout
    assert len(packed) < 110e6


def test_a_start_compiles_nothing(container: image.Container) -> None:
    """Docker's Python images have no byte code for the standard library (docker-library/python#615)."""
    script = (
        "import os, sys, promotion.cli.command_process\n"
        "known = [getattr(module, '__cached__', None) for module in sys.modules.values()]\n"
        "known = [path for path in known if path]\n"
        "print(len(known) > 50, [path for path in known if not os.path.exists(path)])"
    )
    done = container.run([container.entrypoint[0], "-I", "-B", "-c", script], user="12345:12345")
    assert done.log == "True []\n"
