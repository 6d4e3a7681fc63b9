"""A bare repository of ours that lies on the disk only if something needs it there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path


class LazyRepository:
    """Makes the repository at the first call of `folder`.

    Args:
        create: makes an empty repository.
    """

    def __init__(self, create: Callable[[], Path]) -> None:
        self._create = create
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._waiting: list[Callable[[Path], None]] = []

    def folder(self) -> Path:
        """Return the repository, with all that was added."""
        with self._lock:
            if self._folder is None:
                folder = self._create()
                for write in self._waiting:
                    write(folder)
                self._waiting, self._folder = [], folder
            return self._folder

    def add(self, write: Callable[[Path], None]) -> None:
        """Let something be written into the repository, now or when it is made."""
        with self._lock:
            if self._folder is None:
                self._waiting.append(write)
            else:
                write(self._folder)
