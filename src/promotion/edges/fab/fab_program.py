"""Which fab program runs: found, or downloaded and checked."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from promotion.common.addresses import is_address
from promotion.common.phrases import say
from promotion.edges.web.web_address import display
from promotion.errors import PromotionError, SourceError, UsageError

LARGEST = 256 * 2**20  # bytes; a release has some 20 MB
_FRAGMENT = re.compile(r"sha256=(?P<digest>[0-9a-fA-F]{64})")
_GET_IT = say(
    "Get it from https://github.com/microsoft/fabrikate/releases, or name it by "
    "{fab}. Only {engine: fab} and `promotion compare` need it: the native engine needs no program, gives "
    "the same manifests, and right ones where fab is wrong."
)


@dataclass(frozen=True, kw_only=True)
class Program:
    """An executable file, and the digest of its content (`sha256:` and 64 digits)."""

    path: Path
    digest: str


def find_program(
    text: str, *, workspace: Path, search_path: str, download: Callable[[str], bytes], scratch: Path
) -> Program:
    """Return the program that the input `fab` names.

    Args:
        text: a name on PATH, a path (in the workspace, or absolute), or `https://...#sha256=<digest>`.
        search_path: PATH.
        download: the content at an address.
        scratch: a folder of ours for what is downloaded.

    Raises:
        PromotionError: there is no such program; with where to get it.
        UsageError: an address isn't https, or has no digest.
        SourceError: what the address gives has another digest, or holds no program.
    """
    if is_address(text):
        path = _store(_unpack(_fetch(text, download), text), scratch)
    elif "/" in text:
        path = workspace / text
        if not path.is_file():
            raise PromotionError(say("the program {} of {fab} isn't there", text), fix=_GET_IT)
        if not os.access(path, os.X_OK):  # an artefact of a workflow loses the mark that it can be executed
            path = _store(path.read_bytes(), scratch)
    else:
        found = shutil.which(text, path=search_path)
        if not found:
            raise PromotionError(f"there is no program {text} on PATH", fix=_GET_IT)
        path = Path(found)
    return Program(path=path.absolute(), digest=_digest(path.read_bytes()))


def _fetch(address: str, download: Callable[[str], bytes]) -> bytes:
    url, _, fragment = address.partition("#")
    match = _FRAGMENT.fullmatch(fragment)
    if not url.startswith("https://"):
        raise UsageError(say("{fab} is {}, which isn't https", display(address)), fix="Use an https address.")
    if not match:
        raise UsageError(
            say("{fab} is {} without the program's digest", display(address)),
            fix="Add `#sha256=` and the 64 digits that `sha256sum` prints for the file you trust.",
        )
    content = download(url)
    digest, wanted = _digest(content), f"sha256:{match['digest'].lower()}"
    if digest != wanted:
        raise SourceError(
            say("{} isn't what {fab} means: its digest is {}, not {}", display(url), digest, wanted),
            fix="Find out who changed it. If the new one is right, change the digest.",
        )
    return content


def _unpack(content: bytes, address: str) -> bytes:
    """Return the program in a release's zip archive, or the content itself."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [item for item in archive.infolist() if item.filename.rpartition("/")[2] == "fab"]
            if len(members) == 1 and members[0].file_size <= LARGEST:
                return archive.read(members[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise SourceError(f"the archive {display(address)} can't be read: {error}") from error
    raise SourceError(
        f"the archive {display(address)} holds no program fab", fix="Give the address of a release for Linux."
    )


def _store(content: bytes, scratch: Path) -> Path:
    folder = scratch / "fab-program"
    folder.mkdir(exist_ok=True)
    path = folder / "fab"
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
