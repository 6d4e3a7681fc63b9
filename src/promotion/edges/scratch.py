"""The folder that a run works in: removed at its end, or by the next run if it was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from promotion.edges.cancellation import Cancellation
from promotion.errors import ExhaustedError

_PREFIX = "gitops-promotion-"
_NAME = f"{_PREFIX}{'[a-z0-9_]' * 8}"
_MARK = ".in-use"  # a file that its run keeps locked; the system unlocks it when the run dies


@contextmanager
def open_scratch(cancellation: Cancellation) -> Iterator[Path]:
    """Open a new folder in the folder for temporary files. Those of this user's dead runs are removed first.

    Raises:
        ExhaustedError: there is no room for it.
    """
    try:
        parent = Path(tempfile.gettempdir()).resolve()
    except FileNotFoundError as error:  # it tries each by writing to it
        raise ExhaustedError(
            f"there is no folder for temporary files that can be written: {error.strerror}",
            fix="Free some disk space, or let TMPDIR name a folder with some.",
        ) from error
    _remove_dead(parent)
    folder, lock = _make(parent)
    try:
        with cancellation.cleaning(partial(_remove, folder)):
            yield folder
    finally:
        os.close(lock)


def _make(parent: Path) -> tuple[Path, int]:
    """Return a folder with its mark, which is locked as long as the file is open."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        # another run may take it for dead before we have locked it
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder / _MARK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            if _lock(lock):
                return folder, lock
            os.close(lock)


def _remove_dead(parent: Path) -> None:
    for folder in parent.glob(_NAME):
        with contextlib.suppress(OSError):  # another user's, or just removed
            try:
                lock = os.open(folder / _MARK, os.O_RDWR | os.O_NOFOLLOW)
            except FileNotFoundError:
                folder.rmdir()  # killed before there was anything in it, or after
                continue
            try:
                if os.fstat(lock).st_uid == os.geteuid() and _lock(lock):
                    _remove(folder)
            finally:
                os.close(lock)


def _lock(file: int) -> bool:
    """Lock an open file, unless somebody else has, or has deleted it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(file).st_nlink > 0


def _remove(folder: Path) -> None:
    """Remove a folder, its mark last, so that the next run can take up where this one is killed."""
    for _ in range(3):  # threads that can't be ended may still write into it
        with contextlib.suppress(OSError):
            _empty(folder)
            if [path.name for path in folder.iterdir()] == [_MARK]:
                (folder / _MARK).unlink()
                folder.rmdir()
                return


def _empty(folder: Path) -> None:
    """Remove all but the mark. Unlike `shutil.rmtree`, it does with a single open file."""
    mark = str(folder / _MARK)
    for parent, folders, files in os.walk(folder, topdown=False):
        for path in (f"{parent}/{name}" for name in files):  # a `Path` takes longer to make than a file to go
            with contextlib.suppress(OSError):
                if path != mark:
                    os.unlink(path)  # noqa: PTH108
        for path in (f"{parent}/{name}" for name in folders):
            with contextlib.suppress(OSError):
                if os.path.islink(path):  # noqa: PTH114
                    os.unlink(path)  # noqa: PTH108
                else:
                    os.rmdir(path)  # noqa: PTH106
