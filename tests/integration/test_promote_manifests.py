"""What a promotion's pull request says of versions and manifests, on the example estate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.estate import SOURCES, Estate
from support.github_mirror import MirroredRepository
from support.github_server import FakeGitHub
from support.gitserver import GitServer
from support.guard_world import TOKEN
from support.promoter import Promoter

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: cats}\nstringData: {password: %s}\n"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    """`stage` has what `dev` had; then the cat application's 1.2.0 is deployed to `dev`."""
    with GitServer(tmp_path / "server") as server:
        estate = Estate(server, tmp_path / "steps", token=TOKEN)
        for name in SOURCES:
            estate.repository(name).git("branch", "stage", "dev")
        hld = estate.repository("cluster-hld")
        definition = hld.read("component.yaml").replace("branch: dev", "branch: stage")
        hld.commit({"component.yaml": definition}, branch="stage")
        estate.release("1.1.0", branch="dev")
        estate.release("1.1.0", branch="stage")
        materialize(estate, "stage")
        estate.release("1.2.0")
        estate.release("3.0.0", application="dog-application")
        materialize(estate, "dev")
        yield estate


def materialize(estate: Estate, branch: str) -> None:
    done = estate.run(estate.push_event(branch=branch))
    assert done.code == 0, done.log


def promoter(github: FakeGitHub, estate: Estate, folder: Path, name: str = "cat-application") -> Promoter:
    github.add(MirroredRepository(f"acme/{name}", estate.repository(name)))
    return Promoter(github, folder, f"acme/{name}", server_url=estate.server.url)


def body(github: FakeGitHub, name: str = "cat-application") -> str:
    (pull,) = github.repositories[f"acme/{name}"].pulls.values()
    return pull.body or ""


def test_versions_and_difference_are_shown(github: FakeGitHub, estate: Estate, tmp_path: Path) -> None:
    cat, dog = estate.repository("cat-application"), estate.repository("dog-application")
    done = promoter(github, estate, tmp_path).run(to="stage", manifest_repository="acme/cluster-manifests")
    assert (done.code, done.state) == (0, "opened"), done.log
    (pull,) = github.repositories["acme/cat-application"].pulls.values()
    assert pull.title == "Promote dev to stage: 1.1.0 → 1.2.0"
    text = body(github)
    stage, dev = cat.tip("stage")[:12], cat.tip("dev")[:12]
    assert (
        f"| `cat-application` | `{stage}` | `{dev}` | `ghcr.io/acme/cat-application: 1.1.0 → 1.2.0` |" in text
    )
    assert "Resources: 1 changed" in text
    assert re.search(r'\n-  +image: "ghcr.io/acme/cat-application:1.1.0"\n\+  +image: ".*:1.2.0"\n', text)
    assert dog.tip()[:12] not in text, "the dog is promoted by itself"
    assert "dog-application" not in text


@pytest.mark.siege
def test_the_hld_shows_its_own_and_no_applications(
    github: FakeGitHub, estate: Estate, tmp_path: Path
) -> None:
    hld = estate.repository("cluster-hld")
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: motd, namespace: cats}\n"
    definition = hld.read("component.yaml")
    definition += "\n  - name: motd\n    type: static\n    path: ./motd\n"
    files = {"component.yaml": definition, "motd/motd.yaml": f"{manifest}---\n{SECRET % 'tiger'}"}
    hld.commit(files)
    materialize(estate, "dev")
    runner = promoter(github, estate, tmp_path, "cluster-hld")
    done = runner.run(from_="dev", to="stage", manifest_repository="acme/cluster-manifests", dry_run="true")
    assert done.code == 0, done.log
    assert f"| `motd` | – | `{hld.tip()[:12]}` |" in done.step.summary
    assert "Resources: 2 added" in done.step.summary
    assert "tiger" not in done.step.summary + done.log
    assert "cat-application" not in done.step.summary.split("### Commits")[0]


def test_manifests_that_can_not_be_read_are_told_and_no_error(
    github: FakeGitHub, estate: Estate, tmp_path: Path
) -> None:
    estate.server.allow(TOKEN, "acme/cluster-manifests", "none")
    done = promoter(github, estate, tmp_path).run(to="stage", manifest_repository="acme/cluster-manifests")
    assert (done.code, done.state) == (0, "opened"), done.log
    assert "they can't be read" in body(github)
    assert "1.2.0" not in body(github)
    assert "::warning::Versions and manifests aren't shown" in done.log


@pytest.mark.siege
def test_manifests_that_do_not_differ_are_not_shown(
    github: FakeGitHub, estate: Estate, tmp_path: Path
) -> None:
    estate.release("1.2.0", branch="stage")
    materialize(estate, "stage")
    estate.repository("cat-application").commit({"README.md": "About cats.\n"})
    done = promoter(github, estate, tmp_path).run(to="stage", manifest_repository="acme/cluster-manifests")
    assert done.code == 0, done.log
    assert "They don't differ." in body(github)
    assert "```" not in body(github)


@pytest.mark.siege
def test_a_damaged_lock_is_told_and_no_error(github: FakeGitHub, estate: Estate, tmp_path: Path) -> None:
    estate.manifests.commit({"promotion.lock": "{"}, branch="stage")
    done = promoter(github, estate, tmp_path).run(to="stage", manifest_repository="acme/cluster-manifests")
    assert (done.code, done.state) == (0, "opened"), done.log
    assert "the lock file is damaged" in body(github)


@pytest.mark.siege
def test_a_lock_that_was_edited_is_told(github: FakeGitHub, estate: Estate, tmp_path: Path) -> None:
    lock = estate.manifests.read("promotion.lock", "stage")
    edited = lock.replace('"label": "cat-application"', '"label": "cat"')
    estate.manifests.commit({"promotion.lock": f"{edited}\n"}, branch="stage")
    done = promoter(github, estate, tmp_path).run(to="stage", manifest_repository="acme/cluster-manifests")
    assert (done.code, done.state) == (0, "opened"), done.log
    assert "::warning::The promotion.lock of stage has a wrong checksum" in done.log
    assert "of stage has a wrong checksum" in body(github)
    assert "of dev has a wrong checksum" not in body(github)


@pytest.mark.siege
def test_an_environment_without_manifests_gets_all_of_them(
    github: FakeGitHub, estate: Estate, tmp_path: Path
) -> None:
    estate.manifests.git("branch", "-D", "stage")
    done = promoter(github, estate, tmp_path).run(to="stage", manifest_repository="acme/cluster-manifests")
    assert done.code == 0, done.log
    assert "Resources: 2 added" in body(github)
    assert f"| `cat-application` | – | `{estate.repository('cat-application').tip()[:12]}` |" in body(github)
