"""What a path on this machine means to `promotion render`: a folder, or a repository that git reads."""

from __future__ import annotations

from pathlib import Path

from promotion.common.addresses import is_address, is_name
from promotion.common.nearest_names import find_nearest
from promotion.errors import UsageError

_BARE = ("HEAD", "objects", "refs")  # gitrepository-layout(5)


def locate_definition(hld: str) -> str:
    """Return a folder as it is, and a repository that git is to read as a `file://` address.

    That is a bare one, or `PATH@REF` where PATH is a repository, bare or not, and no folder is called so.
    """
    if is_address(hld) or "://" in hld:
        return hld
    path, sign, ref = hld.rpartition("@")
    folder = Path(hld)
    if folder.is_dir():
        return f"file://{folder.absolute()}" if _is_bare(folder) else hld
    if sign and ref and (_is_bare(Path(path)) or (Path(path) / ".git").exists()):
        return f"file://{Path(path).absolute()}@{ref}"
    return hld


def require_folder(hld: str) -> Path:
    """Return the absolute path of a folder.

    Raises:
        UsageError: it isn't there; with the nearest that is.
    """
    folder = Path(hld).absolute()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise UsageError(f"{hld} is a file", fix=f"Name its folder: {Path(hld).parent}.")
    fix = "Name a folder, or a repository as `URL@branch`."
    if is_name(hld):
        fix = f"Name a folder, or a repository by its address: `https://github.com/{hld}@BRANCH`."
    if folder.parent.is_dir():
        near = find_nearest(folder.name, [entry.name for entry in folder.parent.iterdir() if entry.is_dir()])
        fix = f"Did you mean {Path(hld).parent / near}? {fix}" if near else fix
    raise UsageError(f"there is no folder {hld}", fix=fix)


def _is_bare(folder: Path) -> bool:
    return all((folder / name).exists() for name in _BARE)
