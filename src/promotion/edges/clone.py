"""The files of a clone that somebody works in."""

from __future__ import annotations

import configparser
import os
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from promotion.errors import UsageError


class Clone:
    """A folder whose files are read and replaced, never through a link that leads out of it.

    Raises:
        UsageError: there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError(f"there is no folder {folder}", fix="Name the folder of a clone.")
        self._root = folder.resolve()

    def origin(self) -> str:
        """Return the address of the remote `origin`; empty if there is none, or no repository."""
        try:
            from git import Repo  # costs 0.2 s, and starts git
            from git.exc import InvalidGitRepositoryError, NoSuchPathError
        except ImportError:  # there is no git on this machine
            return ""
        try:
            with Repo(self._root, search_parent_directories=True) as repository:
                return repository.remotes["origin"].url
        except (
            InvalidGitRepositoryError,
            NoSuchPathError,
            IndexError,
            ValueError,
            OSError,
            configparser.Error,
        ):
            return ""

    def read(self, path: str) -> str | None:
        """Return a file's text with its line ends, or None where there is none.

        Raises:
            UsageError: it lies elsewhere, or isn't UTF-8 text.
        """
        file = self._find(path)
        try:
            return file.read_bytes().decode("utf-8") if file.exists() else None
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} can't be read: {error}", fix="Move it away.") from None

    def write(self, path: str, text: str) -> None:
        """Write a file: all of it or nothing.

        Raises:
            UsageError: it lies elsewhere, or can't be written.
        """
        file = self._find(path)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
            beside = Path(name)
            try:
                with os.fdopen(number, "wb") as stream:
                    stream.write(text.encode())
                beside.chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
                beside.replace(file)
            finally:
                beside.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"{path} can't be written: {error.strerror or error}") from None

    def _find(self, path: str) -> Path:
        file = (self._root / path).resolve()
        if not file.is_relative_to(self._root):
            raise UsageError(f"{path} is a link that leads elsewhere", fix="Remove the link.")
        return file


def read_workflows() -> Mapping[str, str]:
    """Return the files of `examples/workflows` by name; `make tables` copies them into the package."""
    folder = files("promotion") / "workflows"
    return {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yml")}
