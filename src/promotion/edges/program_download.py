"""A program from the web: what an address with a digest gives."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from promotion.common.phrases import name_input, say
from promotion.edges.web.web_address import display
from promotion.errors import SourceError, UsageError

LARGEST = 256 * 2**20  # bytes; a release of fab or Helm has some 20 MB
_FRAGMENT = re.compile(r"sha256=(?P<digest>[0-9a-fA-F]{64})")


def fetch_program(name: str, address: str, *, download: Callable[[str], bytes], scratch: Path) -> Path:
    """Return the program at an address, or in the release's archive there.

    Args:
        name: the program's name, which is also that of the input with the address.
        address: `https://...#sha256=<digest>`.
        download: the content at an address.
        scratch: a folder of ours.

    Raises:
        UsageError: the address isn't https, or has no digest.
        SourceError: what it gives has another digest, or holds no program.
    """
    return store_program(name, _unpack(name, _fetch(name, address, download), address), scratch)


def store_program(name: str, content: bytes, scratch: Path) -> Path:
    """Return the path of a program that was written into a folder of ours."""
    folder = scratch / f"{name}-program"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def digest(content: bytes) -> str:
    """Return `sha256:` and 64 digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _fetch(name: str, address: str, download: Callable[[str], bytes]) -> bytes:
    url, _, fragment = address.partition("#")
    match = _FRAGMENT.fullmatch(fragment)
    said, shown = name_input(name), display(address)
    if not url.startswith("https://"):
        raise UsageError(say("{} is {}, which isn't https", said, shown), fix="Use an https address.")
    if not match:
        raise UsageError(
            say("{} is {} without the program's digest", said, shown),
            fix="Add `#sha256=` and the 64 digits that `sha256sum` prints for the file you trust.",
        )
    content = download(url)
    found, wanted = digest(content), f"sha256:{match['digest'].lower()}"
    if found != wanted:
        raise SourceError(
            say("{} isn't what {} means: its digest is {}, not {}", display(url), said, found, wanted),
            fix="Find out who changed it. If the new one is right, change the digest.",
        )
    return content


def _unpack(name: str, content: bytes, address: str) -> bytes:
    """Return the program in a release's archive, fab's zip or Helm's tar.gz, or the content itself."""
    read = next((read for start, read in _ARCHIVES.items() if content.startswith(start)), None)
    if not read:
        return content
    try:
        found = read(content, name)
    except _BROKEN as error:
        raise SourceError(f"the archive {display(address)} can't be read: {error}") from error
    if len(found) != 1:
        raise SourceError(
            f"the archive {display(address)} holds no program {name}",
            fix="Give the address of a release for Linux.",
        )
    return found[0]


def _unzip(content: bytes, name: str) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        items = [item for item in archive.infolist() if item.filename.rpartition("/")[2] == name]
        return [archive.read(item) for item in items if item.file_size <= LARGEST]


def _untar(content: bytes, name: str) -> list[bytes]:
    found = []
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for item in archive:
            if item.isfile() and item.name.rpartition("/")[2] == name and item.size <= LARGEST:
                file = archive.extractfile(item)
                found += [file.read()] if file else []
    return found


_ARCHIVES = {b"PK\x03\x04": _unzip, b"\x1f\x8b\x08": _untar}
_BROKEN = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError),
    *(tarfile.TarError, zlib.error, EOFError, OSError),
)
