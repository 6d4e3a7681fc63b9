"""Which fab program runs: found, or downloaded and checked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from promotion.common.addresses import is_address
from promotion.common.phrases import say
from promotion.edges.program_download import digest, fetch_program, store_program
from promotion.errors import PromotionError

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
        path = fetch_program("fab", text, download=download, scratch=scratch)
    elif "/" in text:
        path = workspace / text
        if not path.is_file():
            raise PromotionError(say("the program {} of {fab} isn't there", text), fix=_GET_IT)
        if not os.access(path, os.X_OK):  # an artefact of a workflow loses the mark that it can be executed
            path = store_program("fab", path.read_bytes(), scratch)
    else:
        found = shutil.which(text, path=search_path)
        if not found:
            raise PromotionError(f"there is no program {text} on PATH", fix=_GET_IT)
        path = Path(found)
    return Program(path=path.absolute(), digest=digest(path.read_bytes()))
