"""Several clusters of one HLD: the action matrix, then the action itself for each of its jobs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import payloads
from support.estate import TOKEN, Estate, Finished
from support.gitserver import GitServer
from support.prepared import run_program

CLUSTERS = """\
east: {configs: ["{environment}", east]}
west: {configs: ["{environment}", west]}
edge: {environments: [prod]}
"""
REPLICAS = "subcomponents:\n  cat-application:\n    config: {replicas: %d}\n"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with GitServer(tmp_path / "repositories") as server:
        estate = Estate(server, tmp_path / "work")
        files = {
            ".github/promotion-clusters.yml": CLUSTERS,
            "config/east.yaml": REPLICAS % 7,
            "config/west.yaml": REPLICAS % 9,
        }
        estate.repository("cluster-hld").commit(files)
        yield estate


def list_clusters(estate: Estate, branch: str = "dev") -> Finished:
    payload = payloads.small_push("acme/cluster-hld", branch, estate.repository("cluster-hld").tip())
    step = estate.step("push", payload, action="matrix")
    return estate.run(step)


def test_each_cluster_gets_its_own_manifests_by_a_job_of_its_own(estate: Estate) -> None:
    listed = list_clusters(estate)
    assert listed.code == 0, listed.log
    assert (listed.step.outputs["clusters"], listed.step.outputs["environment"]) == ("2", "dev")
    for job in json.loads(listed.step.outputs["matrix"])["include"]:
        del job["cluster"]
        inputs = {name.replace("-", "_"): text for name, text in job.items()}
        done = estate.run(estate.push_event("cluster-hld", **inputs))
        assert done.code == 0, done.log
    for name, replicas in (("east", 7), ("west", 9)):
        manifest = estate.manifests.read(f"{name}/cat-application/cat-application.yaml", "dev")
        assert f"replicas: {replicas}" in manifest
    assert not any(path.startswith("edge") for path in estate.manifests.files("dev"))


def test_another_branch_has_no_clusters(estate: Estate) -> None:
    listed = list_clusters(estate, "feature")
    assert (listed.code, listed.step.outputs["clusters"]) == (0, "0")
    assert json.loads(listed.step.outputs["matrix"]) == {"include": []}


def test_a_missing_file_is_told_with_what_to_write(estate: Estate) -> None:
    estate.repository("cluster-hld").commit({".github/promotion-clusters.yml": None})
    done = list_clusters(estate)
    assert done.code == 1
    assert "the file isn't there. Name the clusters there, as `east: {configs: [dev, east]}`" in done.log


def test_in_a_terminal_it_prints_the_matrix(estate: Estate) -> None:
    estate.repository("cluster-hld").git("branch", "prod", "dev")
    done = run_program(
        ["matrix", "--hld-repository", "acme/cluster-hld", "--environment", "prod"],
        env={"PATH": os.environ["PATH"], "GITHUB_SERVER_URL": estate.server.url, "GITHUB_TOKEN": TOKEN},
    )
    names = [job["cluster"] for job in json.loads(done.stdout)["include"]]
    assert (done.returncode, names) == (0, ["east", "west", "edge"])
