"""A run on 200 applications against the processes that Fabrikate starts for them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.tools import helm_program

APPLICATIONS = 200
ROUNDS = 3
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: app
          image: "registry.example/app:{{ .Values.tag }}"
"""
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "speed"), ("EMAIL", "speed@git.example"))
}
ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **IDENTITY}


def run(*argv: str | Path, cwd: Path | None = None) -> None:
    subprocess.run(list(map(str, argv)), cwd=cwd, env=ENVIRONMENT, check=True, capture_output=True)


def make_repository(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run("git", "init", "--quiet", "--initial-branch=dev", folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "-m", "Start", cwd=folder)


def make_estate(root: Path) -> list[str]:
    names = [f"app-{number:03}" for number in range(APPLICATIONS)]
    for name in names:
        files = {
            "hld/component.yaml": f"name: {name}\ntype: helm\npath: chart\n",
            "hld/config/common.yaml": "config:\n  replicas: 2\n",
            "hld/chart/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n",
            "hld/chart/values.yaml": 'replicas: 1\ntag: "1.0.0"\n',
            "hld/chart/templates/deployment.yaml": TEMPLATE,
        }
        make_repository(root / name, files)
    entries = "".join(
        f"  - {{name: {name}, method: git, source: 'file://{root}/{name}', branch: dev, path: hld}}\n"
        for name in names
    )
    make_repository(root / "hld", {"component.yaml": f"name: cluster\nsubcomponents:\n{entries}"})
    run("git", "init", "--quiet", "--bare", root / "manifests.git")
    return names


def seconds(job: Callable[[], object]) -> float:
    start = time.monotonic()
    job()
    return time.monotonic() - start


def run_their_processes(root: Path, names: list[str], folder: Path) -> None:
    """`git clone` for each application, then `helm template` for each, all in parallel."""

    def clone(name: str) -> None:
        source = f"file://{root}/{name}"
        run("git", "clone", "--quiet", "--depth", "1", "--branch", "dev", source, folder / name)

    def template(name: str) -> None:
        run(helm_program(), "template", name, folder / name / "hld/chart", "--namespace", "default")

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(clone, names))
        list(pool.map(template, names))


def run_ours(root: Path, branch: str) -> None:
    words = [Path(sys.executable).with_name("promotion"), "materialize", "--environment", "dev"]
    words += ["--hld-repository", root / "hld", "--manifest-repository", root / "manifests.git"]
    run(*words, "--manifest-branch", branch)


@pytest.mark.slow
def test_200_applications_take_no_longer_than_fabs_own_processes(tmp_path: Path) -> None:
    root = tmp_path / "estate"
    names = make_estate(root)
    theirs, ours = [], []
    for turn in range(ROUNDS):
        folder = tmp_path / f"clones-{turn}"
        folder.mkdir()
        theirs.append(seconds(lambda folder=folder: run_their_processes(root, names, folder)))
        ours.append(seconds(lambda turn=turn: run_ours(root, f"round-{turn}")))
    ratio = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))[ROUNDS // 2]
    print(f"their processes {theirs}, ours {ours}, median ratio {ratio:.2f}")
    files = subprocess.run(
        ["git", "-C", root / "manifests.git", "ls-tree", "-r", "--name-only", "round-0"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert len(files) == APPLICATIONS + 1
    assert ratio <= 1.0
