"""Reports below the workspace, which holds what somebody else has checked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from promotion.edges.output_folder import check_report, write_report
from promotion.errors import UsageError


def test_a_report_that_git_does_not_see(tmp_path: Path) -> None:
    assert write_report(tmp_path, "a b", "{}") == ".promotion/a-b.json"
    assert (tmp_path / ".promotion/a-b.json").read_text() == "{}"
    assert (tmp_path / ".promotion/.gitignore").read_text() == "*\n"
    write_report(tmp_path, "a b", "[]")
    assert sorted(path.name for path in (tmp_path / ".promotion").iterdir()) == [".gitignore", "a-b.json"]
    assert (tmp_path / ".promotion/a-b.json").read_text() == "[]"


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path, target: str) -> None:
    elsewhere, workspace = tmp_path / "elsewhere", tmp_path / "workspace"
    elsewhere.mkdir()
    workspace.mkdir()
    (workspace / ".promotion").symlink_to(tmp_path / target)
    for refuse in (lambda: check_report(workspace), lambda: write_report(workspace, "result", "{}")):
        with pytest.raises(UsageError, match="is a link"):
            refuse()
    assert not list(elsewhere.iterdir())
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".promotion").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        check_report(tmp_path)


def test_links_in_place_of_files_are_replaced(tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.write_text("others'")
    workspace = tmp_path / "workspace"
    (workspace / ".promotion").mkdir(parents=True)
    for name in (".gitignore", "result.json"):
        (workspace / ".promotion" / name).symlink_to(others)
    write_report(workspace, "result", "{}")
    assert others.read_text() == "others'"
    assert (workspace / ".promotion/result.json").read_text() == "{}"


@pytest.mark.parametrize("name", [".gitignore", "result.json"])
def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / ".promotion" / name / "inside").mkdir(parents=True)
    with pytest.raises(UsageError, match=f".promotion/{name} in the workspace is a folder"):
        write_report(tmp_path, "result", "{}")
    left = {path.name for path in (tmp_path / ".promotion").iterdir()}
    assert left <= {".gitignore", "result.json"}, "nothing is half-written"
