"""The commands and files of docs/setup.md, docs/matrix.md and docs/recipes.md do what stands there."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.cli.catalog import COMMANDS
from promotion.commands.init.inputs import SetupRequest
from promotion.commands.init.readme_section import make_argo, make_flux
from promotion.commands.matrix.clusters_file import list_jobs, parse_clusters
from promotion.errors import Location
from support.estate import ROOT, TOKEN, Estate
from support.github_mirror import MirroredRepository
from support.github_server import FakeGitHub
from support.gitserver import GitServer
from support.repositories import Repository

DOCS = ROOT / "docs"
SOURCES = ("cluster-hld", "cat-application", "dog-application")


def blocks(name: str, language: str) -> list[str]:
    """The code of a document, without the indentation that lists give it."""
    text = (DOCS / name).read_text("utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"(?m)^{indent}", "", code) for indent, code in found]


class World:
    """The estate on a git server and the fake GitHub, and a shell that finds both in GitHub's place."""

    def __init__(self, server: GitServer, folder: Path, github: FakeGitHub) -> None:
        self.server, self.folder, self.github = server, folder, github
        self.estate = Estate(server, folder / "work", api_url=github.url)
        github.deny("users.get_authenticated")
        for name in (*SOURCES, "cloud-native"):
            server.allow(TOKEN, f"acme/{name}", "write")
            for branch in ("stage", "prod"):
                self.estate.repository(name).git("branch", branch, "dev")
        self.mirrors = [self.mirror(name) for name in (*SOURCES, "cluster-manifests")]

    def mirror(self, name: str) -> MirroredRepository:
        mirror = self.github.add(MirroredRepository(f"acme/{name}", self.estate.repository(name)))
        mirror.default_branch = "dev"
        mirror.settings["permissions"] = {"admin": True, "push": True, "pull": True}
        return mirror

    def clone(self) -> None:
        for name in SOURCES:
            done = self.shell(f"git clone --quiet --branch dev https://github.com/acme/{name}.git")
            assert done.returncode == 0, done.stderr
        (self.folder / "cluster-manifests").mkdir()

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self._variables(), cwd=self.folder, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def _variables(self) -> Mapping[str, str]:
        header = f"Authorization: Basic {base64.b64encode(f'x:{TOKEN}'.encode()).decode()}"
        settings = {
            f"url.{self.server.url}/.insteadOf": "https://github.com/",
            f"http.{self.server.url}/.extraHeader": header,
            "user.name": "Ada",
            "user.email": "ada@example.com",
        }
        variables = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_CONFIG_GLOBAL": os.devnull}
        for number, (key, value) in enumerate(settings.items()):
            variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {
            **variables,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GITHUB_SERVER_URL": self.server.url,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": TOKEN,
        }


@pytest.fixture
def world(tmp_path: Path, github: FakeGitHub) -> Iterator[World]:
    with GitServer(tmp_path / "repositories") as server:
        yield World(server, tmp_path, github)


@pytest.mark.siege
def test_every_command_of_the_guide_to_setting_up(world: World) -> None:
    world.clone()
    commands = blocks("setup.md", "sh")
    looks = [command for command in commands if "promotion doctor" in command]
    for command in commands:
        if command == looks[0]:
            done = world.estate.run(world.estate.push_event())
            assert done.code == 0, done.log
        said = world.shell(command)
        assert said.returncode == 0, f"{command}\n{said.stdout}{said.stderr}"
        for mirror in world.mirrors:
            mirror.refresh()
    assert len(commands) == 7
    assert (world.folder / "cluster-manifests/README.md").exists()
    written = world.estate.repository("cluster-hld").files("prod")
    table = re.findall(r"`((?:\.github/|README)[\w./-]+)`", (DOCS / "setup.md").read_text("utf-8"))
    assert set(table) - {".github/promotion-clusters.yml"} <= written.keys()


def test_the_commands_of_matrix_and_recipes(world: World) -> None:
    (clusters,) = blocks("matrix.md", "yaml")
    world.estate.repository("cluster-hld").commit({".github/promotion-clusters.yml": clusters}, branch="prod")
    (printed,) = blocks("matrix.md", "sh")
    done = world.shell(printed)
    assert done.returncode == 0, done.stderr
    assert [job["cluster"] for job in yaml.safe_load(done.stdout)["include"]] == ["east", "west", "edge"]
    monorepo, enterprise = blocks("recipes.md", "sh")
    make_monorepo(world)
    done = world.shell(monorepo)
    assert done.returncode == 0, done.stderr
    assert "+kind: ConfigMap" in done.stderr
    enterprise = enterprise.replace("https://git.acme.example/api/v3", world.github.url)
    done = world.shell(enterprise.replace("https://git.acme.example", world.server.url))
    assert "✓ the definition has 5 components" in done.stdout, done.stderr


def make_monorepo(world: World) -> Repository:
    repository = world.server.create("acme/shop", branch="dev", private=True)
    world.server.allow(TOKEN, "acme/shop", "write")
    definition = blocks("recipes.md", "yaml")[0]
    assert definition.startswith("# cluster/component.yaml")
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n"
    repository.commit(
        {
            "cluster/component.yaml": definition,
            "hld/component.yaml": "name: shop\ntype: static\npath: manifests\n",
            "hld/manifests/shop.yaml": manifest,
        }
    )
    return repository


def test_flux_and_argo_in_the_recipes_are_those_that_init_writes() -> None:
    request = SetupRequest(
        kind="manifests",
        hld="acme/cluster-hld",
        manifests="acme/cluster-manifests",
        action="acme/gitops-promotion",
        version="v1",
        environments={"prod": "prod"},
    )
    shown = [list(yaml.safe_load_all(block)) for block in blocks("recipes.md", "yaml")]
    assert list(yaml.safe_load_all(make_flux(request, "prod"))) in shown
    assert list(yaml.safe_load_all(make_argo(request, "prod"))) in shown


def test_steps_in_the_recipes_give_inputs_that_the_action_has() -> None:
    known = {entry.name for entry in COMMANDS["materialize"].inputs}
    given = [
        step["with"].keys()
        for block in blocks("recipes.md", "yaml")
        for step in find_steps(yaml.safe_load(block.split("\n---\n")[0]))
    ]
    assert len(given) == 2
    assert all(keys <= known for keys in given)


def find_steps(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if str(node.get("uses", "")).startswith("acme/gitops-promotion@"):
            yield node
        node = [*node.values()]
    for part in node if isinstance(node, list) else ():
        yield from find_steps(part)


def test_the_clusters_of_the_example_have_folders_of_their_own() -> None:
    (text,) = blocks("matrix.md", "yaml")
    where = Location("docs/matrix.md")
    jobs = list_jobs(parse_clusters(text.encode(), where), "prod", where)
    assert [job["manifest-path"] for job in jobs] == ["east", "west", "edge"]
    assert jobs[0]["configs"] == "prod east"
