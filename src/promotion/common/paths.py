"""The paths that may be written to a repository, and how they may collide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from promotion.common.phrases import name_input, say
from promotion.common.reserved_names import find_instructions
from promotion.errors import UsageError

_LONGEST_NAME = 255  # bytes; what Linux file systems take
_LONGEST_PATH = 4095
# Code points that macOS ignores in names, so `.g\u200cit` is `.git` there (git: utf8.c, next_hfs_char).
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


_DEVICES = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$")


def flaw(path: str) -> str:
    """Return what is wrong with a repository path, as the end of a sentence; empty if it is fine.

    A path is relative, normalised, with `/`, and can be checked out on Linux, macOS and Windows
    without reaching outside or into `.git`.
    """
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if len(encoded) > _LONGEST_PATH:
        return f"is longer than {_LONGEST_PATH} bytes"
    return next((problem for name in path.split("/") if (problem := _flaw_of_name(name))), "")


def _flaw_of_name(name: str) -> str:
    if name in ("", "."):
        return "is not normalised"
    if name == "..":
        return "leaves its folder"
    if "\\" in name or any(unicodedata.category(character) == "Cc" for character in name):
        return "has a backslash or a control character"
    if len(name.encode()) > _LONGEST_NAME:
        return f"has a name that is longer than {_LONGEST_NAME} bytes"
    # Windows drops trailing dots and blanks, ends a name at `:`, and knows `.git` as `git~1` as well.
    plain = _IGNORED.sub("", name).split(":")[0].rstrip(". ").casefold()
    return "reaches into .git" if plain in (".git", "git~1") else ""


def manifest_flaw(path: str) -> str:
    """Return what is wrong with a path for a manifest, as the end of a sentence; empty if it is fine.

    Names come from every repository of the definition. So beside `folder_flaw` the file's may not be one that
    Flux or Argo CD reads as instructions (`kustomization.yaml`).
    """
    if problem := folder_flaw(path):
        return problem
    name = path.rpartition("/")[2]
    reader = find_instructions(name)
    return f"has the name {name}, in which {reader}" if reader else ""


def folder_flaw(path: str) -> str:
    """Return what is wrong with a folder of manifests, as the end of a sentence; empty if it is fine.

    Beside `flaw` no name may begin with a dot (`.github/workflows`), look like another, or be one that some
    system can't check out.
    """
    return flaw(path) or next((problem for name in path.split("/") if (problem := _trap(name))), "")


def claim_flaw(path: str) -> str:
    """Return what is wrong with the path of an existing manifest, as `manifest_flaw` does.

    Earlier versions wrote names that only end in `Chart.yaml`, and they must be able to go.
    """
    name = path.rpartition("/")[2]
    if name.endswith("Chart.yaml") and name != "Chart.yaml":
        return folder_flaw(path)
    return manifest_flaw(path)


def _trap(name: str) -> str:
    plain = fold(name)
    if plain.startswith("."):
        return "has a name that begins with a dot, as those do that steer other programs"
    if any(unicodedata.category(character) in ("Cf", "Zl", "Zp") for character in name):
        return "has an invisible character"
    if plain.endswith((".", " ")) or plain.startswith(" ") or re.search(r'[<>:"|?*]', plain):
        return "has a name that Windows doesn't take"
    if _DEVICES.fullmatch(plain.split(".")[0].rstrip()):
        return "has a name that is a device on Windows"
    return ""


def normalise_folder(text: str, *, option: str = "manifest-path") -> str:
    """Return a folder as the user wrote it (`.`, `clusters/west/`), normalised; the root is `""`.

    Raises:
        UsageError: the folder is absolute, leaves the repository or reaches into `.git`.
    """
    folder = "/".join(name for name in text.strip().split("/") if name not in ("", "."))
    problem = "is absolute" if text.strip().startswith("/") else flaw(folder) if folder else ""
    if problem:
        raise UsageError(
            say("{} is {}, which {}", name_input(option), repr(text), problem),
            fix="Give a folder of the repository, as `clusters/west`, or `.` for its root.",
        )
    return folder


def join(folder: str, path: str) -> str:
    """Return `path` below `folder`; the root folder is `""`."""
    return f"{folder}/{path}" if folder else path


def fold(path: str) -> str:
    """Return a path as file systems see it that ignore case, or that compose Unicode."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def find_collision(paths: Iterable[str], others: Iterable[str]) -> tuple[str, str] | None:
    """Return the first of `paths` that can't be a file beside the others, with the path it collides with.

    Two paths collide when they differ in case or Unicode composition only, or when one needs a
    folder where the other is a file. Collisions among `others` alone are none of our business.
    """
    wanted = sorted(set(paths))
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in (*sorted(set(others) - set(wanted)), *wanted):
        folded = fold(path)
        files.setdefault(folded, path)
        for end in _slashes(folded):
            folders.setdefault(folded[:end], path)
    for path in wanted:
        folded = fold(path)
        if (other := files[folded]) != path or (other := folders.get(folded, path)) != path:
            return path, other
        for end in _slashes(folded):
            if folded[:end] in files:
                return path, files[folded[:end]]
    return None


def _slashes(path: str) -> list[int]:
    return [match.start() for match in re.finditer("/", path)]
