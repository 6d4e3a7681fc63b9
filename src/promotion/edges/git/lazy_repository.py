"""A bare repository of ours that lies on the disk only if something needs it there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path


class LazyRepository:
    """Makes the repository at the first call of `folder`.

    Args:
        create: makes an empty repository.
        room: bytes of objects that may wait in memory for it.
    """

    def __init__(self, create: Callable[[], Path], *, room: int = 0) -> None:
        self._create, self._room = create, room
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._waiting: list[Callable[[Path], None]] = []

    @classmethod
    def at(cls, folder: Path) -> LazyRepository:
        """Return one that is made already."""
        made = cls(lambda: folder)
        made.folder()
        return made

    @property
    def is_made(self) -> bool:
        """Whether it lies on the disk."""
        return self._folder is not None

    def folder(self) -> Path:
        """Return the repository, with all that was added."""
        with self._lock:
            folder = self._folder or self._create()
            for write in self._waiting:
                write(folder)
            self._waiting, self._folder = [], folder
            return folder

    def add(self, write: Callable[[Path], None], size: int = 0) -> bool:
        """Let something be written into the repository, now or when it is made.

        Args:
            size: bytes of the objects in it; the repository is made when they are too many.

        Returns:
            Whether it waits in memory.
        """
        with self._lock:
            self._waiting.append(write)
            self._room -= size
            waits = self._folder is None and self._room >= 0
        if not waits:
            self.folder()
        return waits
