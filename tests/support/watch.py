"""What others on the machine can see of a program while it runs: files below a folder, command lines."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from pathlib import Path
from types import TracebackType

_PAUSE = 0.002  # seconds


class Watch:
    """Looks every two milliseconds; use it in a `with` block.

    Each file below `folder` gets a second name in `kept`, so that its content can be read at the end, even
    if it is gone.

    Args:
        folder: where files are looked for.
        kept: a folder on the same file system.
        process: whose children's command lines are looked at.
    """

    def __init__(self, folder: Path, kept: Path, process: int) -> None:
        self._folder, self._kept, self._process = folder, kept, process
        self.files: dict[Path, Path] = {}  # the name in `kept` → its first name
        self.modes: dict[Path, int] = {}
        self.command_lines: set[bytes] = set()
        self._seen: set[tuple[int, int]] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._kept.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._look(self._folder)

    def _watch(self) -> None:
        while not self._stop.is_set():
            self._look(self._folder)
            self._look_at_processes(self._process)
            time.sleep(_PAUSE)

    def _look(self, folder: str | Path) -> None:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    self._look(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    self._keep(entry)

    def _keep(self, entry: os.DirEntry[str]) -> None:
        with contextlib.suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            # a number is used again for a new file once the old one is gone, but ours stay
            if (status.st_dev, status.st_ino) not in self._seen:
                name = self._kept / str(len(self._seen))
                os.link(entry.path, name)
                self._seen.add((status.st_dev, status.st_ino))
                self.files[name] = Path(entry.path)
                self.modes[Path(entry.path)] = stat.S_IMODE(status.st_mode)

    def _look_at_processes(self, process: int) -> None:
        with contextlib.suppress(OSError):
            self.command_lines.add(Path(f"/proc/{process}/cmdline").read_bytes())
            for task in Path(f"/proc/{process}/task").iterdir():
                for child in (task / "children").read_text().split():
                    self._look_at_processes(int(child))
