"""The installed program `promotion init`, in folders as people have them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.prepared import run_program
from support.workflow_schema import find_faults

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAMES = (
    *("--hld-repository", "acme/cluster-hld", "--manifest-repository", "acme/cluster-manifests"),
    *("--action", f"acme/gitops-promotion@{COMMIT}"),
)
ZIZMOR = Path(sys.executable).with_name("zizmor")


def init(kind: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run_program(["init", kind, folder, *NAMES, *words], env={})


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


@pytest.mark.parametrize(
    ("kind", "words"),
    [("application", []), ("application", ["--notify"]), ("hld", []), ("hld", ["--clusters"])],
)
@pytest.mark.parametrize("environments", ["dev,stage,prod", "main=dev,live"])
def test_the_workflows_are_as_github_and_zizmor_want_them(
    tmp_path: Path, kind: str, words: list[str], environments: str
) -> None:
    done = init(kind, tmp_path, "--environments", environments, *words)
    assert done.returncode == 0, done.stderr
    for path in tmp_path.glob(".github/workflows/*.yml"):
        # As GitHub reads YAML: `on` is a text.
        workflow = yaml.load(path.read_text("utf-8").replace("\non:", "\n'on':"), yaml.SafeLoader)
        assert find_faults(workflow) == [], path.name
    checked = subprocess.run(
        [ZIZMOR, "--offline", tmp_path], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_twice_is_once(tmp_path: Path) -> None:
    first = init("hld", tmp_path)
    written = files(tmp_path)
    assert first.returncode == 0
    assert written.keys() >= {".github/promotion.yml", ".github/workflows/guard.yml", "README.md"}
    again = init("hld", tmp_path)
    assert (again.returncode, files(tmp_path)) == (0, written)
    assert "is as it should be: .github/workflows/guard.yml" in again.stderr


def test_what_differs_is_shown_and_kept_until_forced(tmp_path: Path) -> None:
    guard = tmp_path / ".github/workflows/guard.yml"
    guard.parent.mkdir(parents=True)
    guard.write_text("name: Mine\n")
    kept = init("application", tmp_path)
    assert kept.returncode == 1
    assert guard.read_text() == "name: Mine\n"
    assert "-name: Mine\n+# Written by `promotion init`" in kept.stderr
    assert "not replaced: .github/workflows/guard.yml; give --force" in kept.stderr
    assert (tmp_path / ".github/workflows/promotion.yml").exists(), "the others are written"
    forced = init("application", tmp_path, "--force")
    assert forced.returncode == 0
    assert "name: Promotion guard" in guard.read_text()


def test_a_dry_run_shows_and_writes_nothing(tmp_path: Path) -> None:
    done = init("hld", tmp_path, "--dry-run")
    assert (done.returncode, files(tmp_path)) == (0, {})
    assert "would write .github/workflows/promotion.yml" in done.stderr
    assert "+name: Promotion guard" in done.stderr
    init("hld", tmp_path)
    again = init("hld", tmp_path, "--dry-run").stderr
    assert "\nis as it should be: .github/workflows/guard.yml" in f"\n{again}"
    assert "would is" not in again


def test_a_manifest_repository_gets_a_readme_section_below_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Ours\n\nCall Ada before you touch prod.\n")
    done = init("manifests", tmp_path)
    assert done.returncode == 0, done.stderr
    written = files(tmp_path)
    assert list(written) == ["README.md"]
    assert written["README.md"].startswith("# Ours\n\nCall Ada before you touch prod.\n\n<!-- promotion -->")
    assert "kind: GitRepository" in written["README.md"]
    assert "kind: Application" in written["README.md"]


def test_the_next_steps_name_secrets_and_commands(tmp_path: Path) -> None:
    said = init("hld", tmp_path).stderr
    assert "Store the secret PROMOTION_TOKEN: a token that may write acme/cluster-manifests" in said
    assert "promotion guard audit --repository acme/cluster-hld --apply" in said
    assert "promotion doctor --hld acme/cluster-hld --manifests acme/cluster-manifests" in said


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--action", "acme/gitops-promotion"], "--action is 'acme/gitops-promotion'"),
        (["--hld-repository", "https://github.com/acme/x"], "--hld-repository is"),
        (["--environments", "a=x,b=x"], "two branches for one environment"),
        (["--environments", "dev,${{x}}"], "can't stand in a workflow"),
        (["--clusters"], "--clusters is for the HLD repository"),
        (["--force=ture"], "--force is 'ture'"),
        (["--force", "ture"], "takes no word 'ture' here"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_written(
    tmp_path: Path, words: list[str], what: str
) -> None:
    done = init("application", tmp_path, *words)
    assert done.returncode == 2
    assert what in done.stderr
    assert not files(tmp_path)


@pytest.mark.parametrize("kind", ["hld", "manifests"])
@pytest.mark.parametrize("origin", ["https://github.com/acme/own.git", "git@github.com:acme/own.git"])
def test_the_clone_knows_its_own_repository(tmp_path: Path, kind: str, origin: str) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", origin], check=True)
    other = "--manifest-repository" if kind == "hld" else "--hld-repository"
    words = (kind, tmp_path, other, "acme/other", "--action", f"acme/gitops-promotion@{COMMIT}")
    done = run_program(["init", *words], env={})
    assert done.returncode == 0, done.stderr
    assert "acme/own" in done.stderr
    assert "acme/own" in "".join(files(tmp_path / ".github").values()) + (tmp_path / "README.md").read_text()


def test_the_next_steps_name_the_clone_of_an_application(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(
        ["git", "-C", tmp_path, "remote", "add", "origin", "git@github.com:acme/cats.git"], check=True
    )
    done = init("application", tmp_path)
    assert "guard audit --repository acme/cats --apply" in done.stderr
    assert "--application acme/cats" in done.stderr


@pytest.mark.parametrize("origin", ["https://git.example/acme/own.git", "../own", ""])
def test_a_clone_of_elsewhere_is_asked_for_its_name(tmp_path: Path, origin: str) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    if origin:
        subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", origin], check=True)
    words = ("hld", tmp_path, "--manifest-repository", "acme/other", "--action", "acme/gitops-promotion@v1")
    done = run_program(["init", *words], env={})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: --hld-repository is missing. Write `owner/name`.\n"


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    elsewhere, clone = tmp_path / "elsewhere", tmp_path / "clone"
    elsewhere.mkdir()
    clone.mkdir()
    (clone / ".github").symlink_to(elsewhere)
    done = init("hld", clone)
    assert (done.returncode, files(elsewhere)) == (2, {})
    assert "is a link that leads elsewhere" in done.stderr
