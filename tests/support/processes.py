"""Which processes of a run are alive: found by what stands in their environment or arguments."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest

LINUX_ONLY = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="NOT TESTED HERE: processes are found in /proc"
)


def find_processes(mark: str) -> dict[int, str]:
    """The arguments of each living process that has `mark` in its environment or arguments, by its id."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                arguments = (folder / "cmdline").read_bytes()
                if mark.encode() in arguments + (folder / "environ").read_bytes():
                    found[int(folder.name)] = arguments.replace(b"\0", b" ").decode()
    return found


def kill_processes(mark: str) -> None:
    """Kill all that have `mark`, until none is left."""
    while found := find_processes(mark):
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def await_end(mark: str, seconds: float = 30) -> None:
    """Wait until none is alive that has `mark`."""
    deadline = time.monotonic() + seconds
    while found := find_processes(mark):
        assert time.monotonic() < deadline, f"still alive: {found}"
        time.sleep(0.02)
