"""A local folder as a source: reading, listing, links, digests, exports."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from promotion.edges.folder_snapshot import FolderSnapshot
from promotion.errors import SourceError
from promotion.rendering.model import Entry, Snapshot


def snapshot(
    tmp_path: Path, files: Mapping[str, str], links: Mapping[str, str] | None = None
) -> FolderSnapshot:
    root = tmp_path / "root"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, target in (links or {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return FolderSnapshot(root, scratch)


def test_reads_files_and_nothing_else(tmp_path: Path) -> None:
    found: Snapshot = snapshot(tmp_path, {"a/b.yaml": "text"})
    assert found.read("a/b.yaml") == b"text"
    assert [found.read(path) for path in ("a", "", "missing", "a/b.yaml/c")] == [None] * 4
    assert found.revision == ""


def test_lists_folders_in_byte_order(tmp_path: Path) -> None:
    found = snapshot(tmp_path, {"é": "", "b": "", "a/x": "", "B": "", ".hidden": ""})
    assert found.list("") == [
        Entry(".hidden", False),
        Entry("B", False),
        Entry("a", True),
        Entry("b", False),
        Entry("é", False),
    ]
    assert [found.list(path) for path in ("b", "missing")] == [None, None]


class TestLinks:
    def test_inside_the_folder_are_followed(self, tmp_path: Path) -> None:
        found = snapshot(tmp_path, {"real/a": "text"}, {"link": "real", "file": "real/a"})
        assert found.read("link/a") == found.read("file") == b"text"
        assert found.list("") == [Entry("file", False), Entry("link", True), Entry("real", True)]

    @pytest.mark.parametrize("target", ["../outside", "/etc/hostname", "real/../../outside"])
    def test_out_of_it_are_refused(self, tmp_path: Path, target: str) -> None:
        (tmp_path / "outside").write_text("secret")
        found = snapshot(tmp_path, {"real/a": ""}, {"link": target})
        for use in (found.read, found.list, found.digest):
            with pytest.raises(SourceError, match=r"link.*leads out"):
                use("link")
        with pytest.raises(SourceError, match=r"link.*leads out"):
            found.export("")

    def test_in_a_circle_are_refused(self, tmp_path: Path) -> None:
        found = snapshot(tmp_path, {"a/b": ""}, {"loop": "loop", "a/up": "../a"})
        with pytest.raises(SourceError, match="loop"):
            found.read("loop")
        with pytest.raises(SourceError, match="circle"):
            found.export("a")

    def test_to_nothing_are_nothing(self, tmp_path: Path) -> None:
        found = snapshot(tmp_path, {"a": ""}, {"dangling": "missing"})
        assert found.read("dangling") is None
        assert not (found.export("") / "dangling").exists()


class TestDigest:
    def digest(self, tmp_path: Path, files: Mapping[str, str]) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return snapshot(folder, files).digest("x")

    def test_is_of_names_and_bytes(self, tmp_path: Path) -> None:
        base = self.digest(tmp_path, {"x/a": "1", "x/b/c": "2"})
        assert self.digest(tmp_path, {"x/b/c": "2", "x/a": "1", "y": "3"}) == base
        others = [
            {"x/a": "1", "x/b": "2"},
            {"x/a": "2", "x/b/c": "1"},
            {"x/a": "12", "x/b/c": ""},
            {"x/a": "1"},
        ]
        assert len({base, *(self.digest(tmp_path, files) for files in others)}) == 5

    def test_is_of_the_executable_bit_too(self, tmp_path: Path) -> None:
        found = snapshot(tmp_path, {"x/a": "1"})
        before = found.digest("x")
        (tmp_path / "root/x/a").chmod(0o755)
        assert found.digest("x") != before

    def test_of_nothing_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="missing"):
            snapshot(tmp_path, {"a": ""}).digest("missing")


class TestExport:
    def test_is_a_copy_in_scratch_space_with_links_resolved(self, tmp_path: Path) -> None:
        found = snapshot(tmp_path, {"chart/a": "text", "other/b": "more"}, {"chart/link": "../other"})
        exported = found.export("chart")
        assert exported.is_relative_to(tmp_path / "scratch")
        assert (exported / "link/b").read_text() == "more"
        assert not any(path.is_symlink() for path in exported.rglob("*"))
        (exported / "a").write_text("changed")
        assert found.read("chart/a") == b"text"

    def test_exports_of_one_source_lie_beside_each_other(self, tmp_path: Path) -> None:
        found = snapshot(tmp_path, {"charts/a/x": "", "charts/b/y": ""})
        assert (found.export("charts/a") / "../b").resolve() == found.export("charts/b")
        assert found.export("charts/a") == found.export("charts/a")

    def test_leaves_out_git_and_refuses_what_is_no_folder(self, tmp_path: Path) -> None:
        found = snapshot(tmp_path, {"a/.git/config": "", "a/b": ""})
        assert os.listdir(found.export("a")) == ["b"]  # noqa: PTH208
        for path in ("a/b", "missing"):
            with pytest.raises(SourceError, match=path):
                found.export(path)
