"""A folder of this machine as a source: `promotion.rendering.model.Snapshot` on real files.

Links are followed as long as they stay inside the folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp

from promotion.errors import SourceError
from promotion.rendering.model import Entry

_SKIPPED = {".git"}


class FolderSnapshot:
    """The files of a folder as they are when they are read.

    Args:
        root: the folder; it is never written to.
        scratch: where exports go, each snapshot's to a folder of its own.
        revision: the commit that the folder is a checkout of, if it is one, else empty.
    """

    def __init__(self, root: Path, scratch: Path, *, revision: str = "") -> None:
        self.root = root.resolve()
        self._scratch = scratch
        self._revision = revision
        self._export_root: Path | None = None
        self._exported: set[str] = set()
        self._exporting = threading.Lock()

    @property
    def revision(self) -> str:
        """The commit id; empty for a folder that isn't from git."""
        return self._revision

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None where there is no such file.

        Raises:
            SourceError: a link leads out of the folder, or the file can't be read.
        """
        found = self._find(path)
        try:
            return found.read_bytes() if found is not None and found.is_file() else None
        except OSError as error:
            raise _unreadable(path, error) from error

    def list(self, path: str) -> Sequence[Entry] | None:
        """Return a folder's entries in byte order of their names, or None where there is no such folder.

        Raises:
            SourceError: a link leads out of the folder, or the folder can't be read.
        """
        found = self._find(path)
        try:
            if found is None or not found.is_dir():
                return None
            return [Entry(file.name, file.is_dir()) for file in _sorted(found)]
        except OSError as error:
            raise _unreadable(path, error) from error

    def digest(self, path: str) -> str:
        """Return a digest of a file's or folder's content (names, whether executable, and bytes).

        Raises:
            SourceError: there is no such file or folder, or as for `read`.
        """
        found = self._find(path)
        if found is None:
            raise SourceError(f"there is no {path!r}")
        digest = hashlib.sha256()
        for name, file in [("", found)] if found.is_file() else self._files(path, found):
            data = file.read_bytes()
            mode = b"x" if file.stat().st_mode & stat.S_IXUSR else b"-"
            digest.update(b"%b\0%b\0%d\0%b" % (os.fsencode(name), mode, len(data), data))
        return f"sha256:{digest.hexdigest()}"

    def export(self, path: str) -> Path:
        """Return the folder as real files in scratch space; links become what they lead to.

        Raises:
            SourceError: there is no such folder, or as for `read`.
        """
        with self._exporting:
            if self._export_root is None:
                self._export_root = Path(mkdtemp(prefix="folder-", dir=self._scratch))
            target = self._export_root / path
            if path not in self._exported:
                found = self._find(path)
                if found is None or not found.is_dir():
                    raise SourceError(f"there is no folder {path!r}")
                self._copy(path, found, target)
                self._exported.add(path)
            return target

    def copy(self, target: Path) -> None:
        """Copy the folder's files to a new folder, but git's own and our scratch space.

        Nobody may need a link that leads out or round: it stays one, to where it leads.
        """
        target.mkdir(parents=True)
        for name, file in self._files("", self.root, lenient=True):
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if file.is_symlink():
                copy.symlink_to(os.path.realpath(file))
            else:
                shutil.copy(file, copy)

    def _copy(self, path: str, folder: Path, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        for name, file in self._files(path, folder):
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)

    def _files(
        self, path: str, folder: Path, above: tuple[Path, ...] = (), *, lenient: bool = False
    ) -> Iterator[tuple[str, Path]]:
        """Yield every file below a folder, in byte order: its path from there, and where it is.

        Args:
            lenient: whether to give links that can't be followed as well, and to leave out our scratch space.
        """
        if folder in above:
            raise SourceError(f"a link in {path!r} goes round in a circle")
        for name in (file.name for file in _sorted(folder)):
            inside = f"{path}/{name}" if path else name
            try:
                found = None if name in _SKIPPED else self._find(inside)
            except SourceError:
                if not lenient or not (folder / name).is_symlink():
                    raise
                yield name, folder / name
                continue
            if found is None or (lenient and found == self._scratch.resolve()):
                continue  # git's own, or a link to nothing, which nothing can read
            if found.is_dir():
                if lenient and found in (*above, folder):
                    yield name, folder / name
                    continue
                below = self._files(inside, found, (*above, folder), lenient=lenient)
                yield from ((f"{name}/{rest}", file) for rest, file in below)
            elif found.is_file():
                yield name, found

    def _find(self, path: str) -> Path | None:
        """Return the real file or folder that a path leads to, or None."""
        try:
            found = (self.root / path).resolve(strict=True)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a forbidden folder, a NUL
            raise _unreadable(path, error) from error
        if not found.is_relative_to(self.root):
            raise SourceError(
                f"{path!r} leads out of the definition's folder, to {found}",
                fix="Only links within the folder are followed.",
            )
        return found


def _sorted(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda file: os.fsencode(file.name))


def _unreadable(path: str, error: Exception) -> SourceError:
    reason = getattr(error, "strerror", None) or str(error)
    return SourceError(f"{path!r} can't be read: {reason}")
