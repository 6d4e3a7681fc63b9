"""Every command of docs/getting-started.md, one after another, as somebody types them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.github_mirror import LiveRepository
from support.github_server import FakeGitHub
from support.gitserver import NOBODY, GitServer
from support.repositories import Repository

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/getting-started.md").read_text("utf-8")
NAMES = ("cluster-hld", "cat-application", "dog-application", "cloud-native", "cluster-manifests")
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Cat team"), ("EMAIL", "cats@acme.example"))
}


@pytest.mark.siege
def test_the_commands_of_the_guide_do_what_it_says(github: FakeGitHub, tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk/gitops-promotion").symlink_to(ROOT)
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE))
    with GitServer(tmp_path / "server") as server:
        for name in NAMES:
            repository = LiveRepository(f"acme/{name}", server.create(f"acme/{name}", branch="dev"))
            github.add(repository).default_branch = "dev"  # the first that is pushed
            for token in (NOBODY, "..."):  # the guide's
                server.allow(token, f"acme/{name}", "write")
        log = type_in(commands, tmp_path / "desk", server, github)
    manifests = Repository(tmp_path / "server/acme/cluster-manifests.git")
    images = {
        environment: re.findall(
            r"cat-application:([0-9.]+)", manifests.read("cat-application/cat-application.yaml", environment)
        )
        for environment in ("dev", "stage", "prod")
    }
    assert images == {"dev": ["1.2.0"], "stage": ["1.2.0"], "prod": ["1.1.0"]}, log
    titles = manifests.git("log", "--format=%s", "stage").splitlines()
    assert [title.partition(": ")[2].split()[:2] for title in titles[:-1]] == [
        ["cat-application", "1.1.0"],
        ["lift", "the"],
        ["roll", "back"],
        ["cat-application", "1.1.0"],
        ["5", "components"],
    ]
    cat = github.repositories["acme/cat-application"]
    cat.catch_up()
    assert [(pull.head_branch, pull.base_branch, pull.merged) for pull in cat.pulls.values()] == [
        ("dev", "stage", True)
    ]


def type_in(commands: str, folder: Path, server: GitServer, github: FakeGitHub) -> str:
    """Run commands in a shell that ends at the first that fails; gives what they print."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "TZ": "UTC",
        "GITHUB_API_URL": github.url,
        # https://github.com is this server here, for git and for the program.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{server.url}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        **IDENTITY,
    }
    done = subprocess.run(
        ["bash", "-eux"], input=commands, env=environment, cwd=folder, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout
