"""Publishing to real git repositories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from promotion.errors import BranchMovedError
from promotion.publishing.manifest_change import ManifestChange, PublishOptions, commit_change, plan_rendering
from promotion.rendering.lock.lock import Lock, LockedHld, lock_components
from promotion.rendering.model import Provenance, RenderedComponent
from support.gits import open_git
from support.repositories import Link, Program, Repository, Submodule

LOCK = Lock(environment="dev", hld=LockedHld(repository="https://github.com/acme/hld", commit="a" * 40))


def component(path: str, manifest: str = "kind: Pod\nmetadata: {name: cat}\n") -> RenderedComponent:
    return RenderedComponent(
        label=path.removesuffix(".yaml"),
        path=path,
        kind="static",
        provenance=Provenance(source="https://github.com/acme/cat", ref="dev", revision="b" * 40),
        input_digest="sha256:0",
        manifest=manifest.encode(),
    )


@pytest.fixture
def manifests(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "manifests.git", branch="dev")


def run(
    repository: Repository,
    scratch: Path,
    *components: RenderedComponent,
    meanwhile: str = "",
    **options: object,
) -> ManifestChange:
    """Publish; `meanwhile` is a file that somebody else commits before we push."""
    with open_git(scratch, allow_local=True) as git:
        branch = git.open_branch(repository.url, "dev")
        if meanwhile:
            repository.commit({meanwhile: "hello\n"})
        asked = PublishOptions(**{"allow_empty": True, **options})  # type: ignore[arg-type]
        lock = replace(LOCK, components=lock_components(components))
        return commit_change(
            plan_rendering(components, lock, branch, asked),
            branch,
            asked,
            push=lambda commit: git.push(branch, commit) or commit,
            timestamp=1_700_000_000,
        )


def test_branch_is_created_then_left_alone_then_updated(manifests: Repository, tmp_path: Path) -> None:
    first = run(manifests, tmp_path / "1", component("cat/cat.yaml"))
    assert manifests.tip() == first.commit
    assert sorted(manifests.files()) == ["cat/cat.yaml", "promotion.lock"]

    assert not run(manifests, tmp_path / "2", component("cat/cat.yaml")).changed
    assert manifests.tip() == first.commit

    run(manifests, tmp_path / "3", component("cat/cat.yaml", "kind: Job\n"), component("dog.yaml"))
    assert sorted(manifests.files()) == ["cat/cat.yaml", "dog.yaml", "promotion.lock"]
    assert manifests.git("log", "-1", "--format=%an <%ae> %at", "dev") == (
        "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com> 1700000000"
    )
    trailers = manifests.git("log", "-1", "--format=%(trailers:key=Source-Commit,valueonly)", "dev")
    assert trailers.splitlines()[0] == f"cat/cat https://github.com/acme/cat@{'b' * 40}"


def test_foreign_files_of_every_kind_stay(manifests: Repository, tmp_path: Path) -> None:
    manifests.commit(
        {
            "README.md": "hello\n",
            "cat/notes.txt": "note\n",
            "run.sh": Program("#!/bin/sh\n"),
            "link": Link("README.md"),
            "module": Submodule("c" * 40),
            "größe.txt": "large\n",
        }
    )
    before = manifests.files()
    run(manifests, tmp_path / "1", component("cat/cat.yaml"))
    run(manifests, tmp_path / "2")
    after = manifests.files()
    after.pop("promotion.lock")
    assert after == before


@pytest.mark.parametrize(
    "content",
    [Program("kind: Pod\nmetadata: {name: cat}\n"), Link("/etc/passwd"), "by hand\n", None],
    ids=["mode", "link", "text", "deleted"],
)
def test_edits_of_every_kind_are_overwritten_and_reported(
    content: object, manifests: Repository, tmp_path: Path
) -> None:
    run(manifests, tmp_path / "1", component("cat/cat.yaml"), component("dog.yaml"))
    before = manifests.files()
    manifests.commit({"cat/cat.yaml": content})  # type: ignore[dict-item]

    publication = run(manifests, tmp_path / "2", component("cat/cat.yaml"), component("dog.yaml"))

    assert publication.foreign_edits == ("cat/cat.yaml",)
    assert manifests.files() == before


def test_file_and_folder_change_places(manifests: Repository, tmp_path: Path) -> None:
    run(manifests, tmp_path / "1", component("a.yaml"), component("b.yaml/c.yaml"))
    run(manifests, tmp_path / "2", component("a.yaml/c.yaml"), component("b.yaml"))
    assert sorted(manifests.files()) == ["a.yaml/c.yaml", "b.yaml", "promotion.lock"]


def test_lost_race_keeps_the_others_commit(manifests: Repository, tmp_path: Path) -> None:
    run(manifests, tmp_path / "1", component("cat.yaml"))
    with pytest.raises(BranchMovedError):
        run(manifests, tmp_path / "2", component("cat.yaml", "kind: Job\n"), meanwhile="README.md")
    assert manifests.read("README.md") == "hello"
    assert manifests.read("cat.yaml").startswith("kind: Pod")

    run(manifests, tmp_path / "3", component("cat.yaml", "kind: Job\n"))
    assert sorted(manifests.files()) == ["README.md", "cat.yaml", "promotion.lock"]


def test_dry_run_pushes_nothing(manifests: Repository, tmp_path: Path) -> None:
    publication = run(manifests, tmp_path / "1", component("cat.yaml"), dry_run=True)
    assert publication.changed
    assert manifests.git("for-each-ref") == ""
