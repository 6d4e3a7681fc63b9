"""The scratch folder: removed at the end, and by the next run when its own was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from promotion.edges.cancellation import Cancellation
from promotion.edges.scratch import open_scratch
from promotion.errors import ExhaustedError

HOLD = """
import sys, time
from promotion.edges.cancellation import Cancellation
from promotion.edges.scratch import open_scratch
with open_scratch(Cancellation()) as folder:
    (folder / "git").mkdir()
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def hold() -> tuple[subprocess.Popen[str], Path]:
    """A run that has its scratch folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def kill(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


@pytest.mark.parametrize("error", [None, RuntimeError], ids=["success", "failure"])
def test_it_is_removed_at_the_end(temporary: Path, error: type[Exception] | None) -> None:
    elsewhere = temporary / "elsewhere"
    (elsewhere / "something").mkdir(parents=True)
    try:
        with open_scratch(Cancellation()) as folder:
            assert folder.parent == temporary
            (folder / "deep/er").mkdir(parents=True)
            (folder / "deep/er/file").touch()
            (folder / "link").symlink_to(elsewhere)
            if error:
                raise error
    except RuntimeError:
        pass
    assert list(temporary.iterdir()) == [elsewhere]
    assert list(elsewhere.iterdir()), "a link isn't followed"


def test_it_is_removed_although_a_thread_that_hangs_uses_it(temporary: Path) -> None:
    cancellation = Cancellation()
    with open_scratch(cancellation):
        cancellation.clean_up()
        assert not list(temporary.iterdir())


def test_a_living_run_keeps_its_folder_a_dead_one_does_not(temporary: Path) -> None:
    alive, used = hold()
    dead, left = hold()
    kill(dead)
    assert left.is_dir()
    try:
        with open_scratch(Cancellation()) as own:
            assert {path for path in temporary.iterdir() if path.is_dir()} == {own, used}
            assert (used / "git").is_dir()
    finally:
        kill(alive)


def test_a_run_that_was_killed_before_or_after_it_had_anything_there(temporary: Path) -> None:
    (temporary / "gitops-promotion-a1b2c3d4").mkdir()
    with open_scratch(Cancellation()) as own:
        assert list(temporary.iterdir()) == [own]


def test_the_mark_is_the_last_to_go(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed while it removes its folder leaves one that the next run knows."""
    with open_scratch(Cancellation()) as folder:
        (folder / "git").mkdir()
        (folder / "file").touch()
        monkeypatch.setattr(os, "rmdir", lambda _: None)
    assert {path.name for path in folder.iterdir()} == {"git", ".in-use"}
    monkeypatch.undo()


def test_folders_of_other_programs_stay(temporary: Path) -> None:
    others = [temporary / "gitops-promotion-manifests", temporary / "gitops-promotion-a1b2c3d4"]
    for other in others:
        (other / "something").mkdir(parents=True)
    with open_scratch(Cancellation()):
        assert all(other.is_dir() for other in others)


def test_no_place_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    with (
        pytest.raises(ExhaustedError, match="No usable temporary directory") as caught,
        open_scratch(Cancellation()),
    ):
        pass
    assert "TMPDIR" in caught.value.fix
