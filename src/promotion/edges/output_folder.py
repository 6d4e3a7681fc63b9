"""Writing results to this machine: a tree of manifests, and the JSON report."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from promotion.errors import UsageError

_REPORTS = ".promotion"


def check_output(folder: Path, *, replace: bool, source: Path | None = None) -> None:
    """Refuse to write where something else is.

    Args:
        replace: whether what is in the folder may be deleted.
        source: the definition's folder, which must not be.

    Raises:
        UsageError: the folder holds files and they aren't to be replaced, or must not be; or it is none.
    """
    if source is not None and source.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"the output folder {folder} holds the definition, which would be deleted",
            fix="Name another folder.",
        )
    if (folder / ".git").exists():
        raise UsageError(
            f"the output folder {folder} is a git repository, which would be deleted",
            fix="Name a folder inside it, or another one.",
        )
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"the output {folder} is not a folder", fix="Name a folder; it may be missing.")
    if not replace and folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            f"the output folder {folder} isn't empty",
            fix="Name another folder, or give --replace to have its content replaced.",
        )


def write_tree(folder: Path, files: Mapping[str, bytes], *, replace: bool) -> None:
    """Write a whole tree, or nothing: it is made beside the folder, then takes its place.

    Args:
        files: content by path below the folder, each path checked.
        replace: whether the folder's present content goes.

    Raises:
        UsageError: as `check_output`, or the folder can't be written.
    """
    check_output(folder, replace=replace)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
            new = Path(beside) / "new"
            new.mkdir()
            for name, content in files.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            if folder.exists():
                folder.rename(Path(beside) / "old")
            new.rename(folder)
    except OSError as error:
        raise UsageError(f"the output folder {folder} can't be written: {error.strerror or error}") from error


def check_report(workspace: Path) -> None:
    """Refuse to write reports where somebody's checkout leads elsewhere.

    Raises:
        UsageError: their folder is a link or a file.
    """
    folder = workspace / _REPORTS
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        kind = "a link" if folder.is_symlink() else "a file"
        raise UsageError(
            f"{_REPORTS} in the workspace is {kind}, and reports are written there",
            fix="Take it out of the repository that the job checks out, or check out to a `path`.",
        )


def write_report(workspace: Path, name: str, content: str, *, ending: str = "json") -> str:
    """Write a report below the workspace, where git doesn't see it; gives its path from there.

    A link in the place of a file is replaced, and not followed.

    Raises:
        UsageError: as `check_report`.
    """
    check_report(workspace)
    folder = workspace / _REPORTS
    folder.mkdir(parents=True, exist_ok=True)
    file = f"{re.sub(r'[^A-Za-z0-9_-]', '-', name) or 'result'}.{ending}"
    for path, text in ((".gitignore", "*\n"), (file, content)):
        with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8", delete=False) as new:
            new.write(text)
        Path(new.name).chmod(0o644)  # others' steps may run as somebody else
        try:
            Path(new.name).replace(folder / path)
        except IsADirectoryError:
            Path(new.name).unlink()
            raise UsageError(
                f"{_REPORTS}/{path} in the workspace is a folder, and a report is written there",
                fix="Take it out of the repository that the job checks out, or check out to a `path`.",
            ) from None
    return f"{_REPORTS}/{file}"
