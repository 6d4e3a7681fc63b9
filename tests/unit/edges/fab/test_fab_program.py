"""Which fab program runs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from promotion.edges.fab.fab_program import Program, find_program
from promotion.errors import PromotionError, SourceError, UsageError

CONTENT = b"#!/bin/sh\nexit 0\n"
URL = "https://files.example/fab"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def find(
    text: str,
    folder: Path,
    *,
    search_path: Path | None = None,
    download: Callable[[str], bytes] = lambda url: pytest.fail(f"{url} was asked for"),
) -> Program:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return find_program(
        text, workspace=folder, search_path=str(search_path or ""), download=download, scratch=scratch
    )


def write(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    path.chmod(mode)
    return path


def test_a_name_is_looked_for_on_path(tmp_path: Path) -> None:
    program = write(tmp_path / "bin/fab-alpha")
    found = find("fab-alpha", tmp_path, search_path=tmp_path / "bin")
    assert found == Program(path=program, digest=f"sha256:{sha256(CONTENT)}")


@pytest.mark.parametrize("text", ["fab", "tools/fab", "/no/such/fab"])
def test_without_a_program_the_error_says_where_to_get_one_and_what_native_offers(
    text: str, tmp_path: Path
) -> None:
    with pytest.raises(PromotionError) as caught:
        find(text, tmp_path)
    assert "https://github.com/microsoft/fabrikate/releases" in caught.value.fix
    assert "native engine needs no program" in caught.value.fix


def test_a_path_starts_at_the_workspace(tmp_path: Path) -> None:
    program = write(tmp_path / "tools/fab")
    assert find("tools/fab", tmp_path).path == program
    assert find("./tools/fab", tmp_path).path.samefile(program)
    assert find(str(program), tmp_path).path == program


def test_a_program_that_lost_its_mode_runs_from_a_copy(tmp_path: Path) -> None:
    program = write(tmp_path / "tools/fab", 0o644)
    found = find("tools/fab", tmp_path)
    assert found.path.read_bytes() == CONTENT
    assert found.path.stat().st_mode & 0o100
    assert not program.stat().st_mode & 0o100


def test_an_address_is_downloaded_and_checked(tmp_path: Path) -> None:
    asked: list[str] = []
    found = find(
        f"{URL}#sha256={sha256(CONTENT).upper()}", tmp_path, download=lambda url: asked.append(url) or CONTENT
    )
    assert asked == [URL]
    assert found.path.read_bytes() == CONTENT
    assert found.path.stat().st_mode & 0o100
    assert found.digest == f"sha256:{sha256(CONTENT)}"


@pytest.mark.parametrize(
    "text",
    [URL, f"{URL}#", f"{URL}#sha256=abc", f"{URL}#md5=abc", f"http://a.example/fab#sha256={'a' * 64}"],
)
def test_an_address_needs_https_and_a_digest(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        find(text, tmp_path)


def test_another_digest_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="digest"):
        find(f"{URL}#sha256={'a' * 64}", tmp_path, download=lambda _: CONTENT)
    assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, CONTENT)
    return file.getvalue()


def test_the_program_is_taken_out_of_a_releases_archive(tmp_path: Path) -> None:
    content = archive("LICENSE", "fab")
    found = find(f"{URL}.zip#sha256={sha256(content)}", tmp_path, download=lambda _: content)
    assert found.path.read_bytes() == CONTENT
    assert found.digest == f"sha256:{sha256(CONTENT)}", "of the program that runs"


@pytest.mark.parametrize("content", [archive("LICENSE"), archive("a/fab", "b/fab"), b"PK\x03\x04 broken"])
def test_an_archive_without_one_program_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="archive"):
        find(f"{URL}#sha256={sha256(content)}", tmp_path, download=lambda _: content)
