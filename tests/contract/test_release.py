"""The release workflow: what has to pass before the tags are made, and how they are, with real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
JOBS: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))["jobs"]
IMAGE = f"ghcr.io/acme/gitops-promotion@sha256:{'0' * 64}"


def needs(job: str) -> set[str]:
    """All jobs that have to be green before one."""
    direct = JOBS[job].get("needs", [])
    names = {direct} if isinstance(direct, str) else set(direct)
    return names.union(*map(needs, names))


def script(job: str) -> str:
    (found,) = [step["run"] for step in JOBS[job]["steps"] if "run" in step]
    return str(found)


class Remote:
    """A clone of the action's repository, and the one that it is pushed to."""

    def __init__(self, folder: Path) -> None:
        self.bare, self.clone, self.bin = folder / "acme/action", folder / "clone", folder / "bin"
        self._git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        self._git(folder, "clone", "--quiet", str(self.bare), str(self.clone))
        for name in (".github/name-image", "action.yml", "guard/action.yml"):
            (self.clone / name).parent.mkdir(exist_ok=True)
            (self.clone / name).write_bytes((ROOT / name).read_bytes())
        (self.clone / ".github/name-image").chmod(0o755)
        self.bin.mkdir()
        (self.bin / "gh").write_text("#!/bin/sh\n")
        (self.bin / "gh").chmod(0o755)
        self._git(self.clone, "add", "--all")
        self._git(self.clone, "commit", "--quiet", "--message", "A version")
        self._git(self.clone, "push", "--quiet", "origin", "HEAD:main")
        self.main = self.at("main")
        self.seconds = 1_700_000_000  # each commit has another time, and so another id

    def _git(self, folder: Path, *words: str) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        return subprocess.run(
            ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    def at(self, name: str) -> str:
        return self._git(self.bare, "rev-parse", name)

    def read(self, name: str, path: str) -> str:
        return self._git(self.bare, "show", f"{name}:{path}")

    def release(self, tag: str) -> int:
        """Run the step that makes the tags, from main as it is; gives its exit code."""
        self._git(self.clone, "reset", "--quiet", "--hard", self.main)
        self.seconds += 60
        variables = {
            "GIT_COMMITTER_DATE": f"{self.seconds} +0000",
            "PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.bin), "TAG": tag, "IMAGE": IMAGE,
            "GITHUB_SERVER_URL": f"file://{self.bare.parents[1]}", "GITHUB_REPOSITORY": "acme/action",
        }  # fmt: skip
        words = ["bash", "-e", "-o", "pipefail", "-c", script("tags")]
        return subprocess.run(
            words, cwd=self.clone, env=variables, capture_output=True, check=False
        ).returncode


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path)


def test_everything_passes_before_the_tags_are_made() -> None:
    assert needs("tags") == {"version", "ci", "image", "wheel", "self-test", "attest"}
    assert JOBS["self-test"]["uses"] == "./.github/workflows/self-test.yml"
    assert "needs.image.outputs.digest" in JOBS["self-test"]["with"]["image"], "what is released is tested"


def test_a_layer_whose_content_is_the_same_has_the_digest_that_it_had() -> None:
    """So nobody pulls it again. It takes a time that never changes, written into the layers."""
    (build,) = (step for step in JOBS["image"]["steps"] if step.get("id") == "build")
    assert build["env"] == {"SOURCE_DATE_EPOCH": 0}
    assert {"type=registry", "compression=zstd", "rewrite-timestamp=true"} <= {
        *build["with"]["outputs"].split(",")
    }


def test_a_release_is_complete_before_it_is_public() -> None:
    created, uploaded, published = script("release").strip().splitlines()
    assert "--draft " in created
    assert "dist/*.whl" in uploaded
    assert published.endswith("--draft=false")


def test_the_tag_is_a_commit_that_names_the_image_and_on_no_branch(remote: Remote) -> None:
    assert remote.release("v1.2.3") == 0
    for path in ("action.yml", "guard/action.yml"):
        assert f"\n  image: docker://{IMAGE}\n" in remote.read("v1.2.3", path)
    assert remote.at("v1") == remote.at("v1.2.3")
    assert remote.at("v1.2.3^") == remote.main == remote.at("main")


def test_a_version_tag_is_never_moved_and_that_of_the_major_version_is(remote: Remote) -> None:
    assert remote.release("v1.2.3") == 0
    first = remote.at("v1.2.3")
    assert remote.release("v1.2.4") == 0
    second = remote.at("v1.2.4")
    assert remote.at("v1") == second
    remote._git(remote.bare, "update-ref", "refs/tags/v1", first)
    assert remote.release("v1.2.4") != 0
    assert (remote.at("v1.2.3"), remote.at("v1.2.4"), remote.at("v1")) == (first, second, first)
