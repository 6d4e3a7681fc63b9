"""Programs from the web, held to the digest that their address names."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from promotion.common.phrases import spell_for_terminal
from promotion.edges.program_download import fetch_program
from promotion.errors import SourceError, UsageError

CONTENT = b"\x7fELF\x00\x01"
URL = "https://files.example/helm"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fetch(content: bytes, folder: Path, name: str = "helm") -> Path:
    address = f"{URL}#sha256={sha256(content)}"
    return fetch_program(name, address, download=lambda _: content, scratch=folder)


def pack(*names: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    """An archive as Helm's releases are; each name holds the program."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/bin/sh"
            member.size = len(CONTENT) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(CONTENT))
    return file.getvalue()


def zipped(*names: str) -> bytes:
    """An archive as fab's releases are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, CONTENT)
    return file.getvalue()


@pytest.mark.parametrize(
    "content", [CONTENT, pack("linux-amd64/LICENSE", "linux-amd64/helm"), pack("helm"), zipped("helm")]
)
def test_the_program_itself_or_an_archive_with_it(content: bytes, tmp_path: Path) -> None:
    found = fetch(content, tmp_path)
    assert found.name == "helm"
    assert found.read_bytes() == CONTENT
    assert found.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "content",
    [
        pack("linux-amd64/LICENSE"),
        pack("linux-amd64/helm.txt", "xhelm"),
        pack("a/helm", "b/helm"),
        pack("helm", kind=tarfile.SYMTYPE),
        pack("helm", kind=tarfile.DIRTYPE),
        zipped("LICENSE"),
    ],
)
def test_an_archive_without_just_one_program_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no program helm"):
        fetch(content, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [pack("helm")[:60], b"\x1f\x8b\x08 broken", gzip.compress(b"no tar" * 200), b"PK\x03\x04 broken"],
)
def test_a_broken_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="can't be read"):
        fetch(content, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("http://files.example/helm#sha256=" + "a" * 64, "isn't https"),
        (URL, "without the program's digest"),
        (f"{URL}#sha256=abc", "without the program's digest"),
        (f"{URL}#md5=" + "a" * 64, "without the program's digest"),
    ],
)
def test_the_address_is_https_and_names_a_digest(address: str, fault: str, tmp_path: Path) -> None:
    def download(url: str) -> bytes:
        pytest.fail(f"{url} was asked for")

    with pytest.raises(UsageError, match=fault) as caught:
        fetch_program("helm", address, download=download, scratch=tmp_path)
    assert caught.value.what.startswith("input helm is ")
    assert spell_for_terminal(caught.value.what).startswith("--helm is ")


def test_another_content_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="isn't what input helm means"):
        fetch_program("helm", f"{URL}#sha256={'a' * 64}", download=lambda _: CONTENT, scratch=tmp_path)
    assert not list(tmp_path.iterdir())
