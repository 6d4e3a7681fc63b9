"""Measuring one command as a whole: time, processor, memory, wire."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_INTERVAL = 0.05  # seconds between two looks at the memory


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a command took: seconds, MB (10^6 bytes) and requests. `memory` is 0 where nobody watched."""

    wall: float
    cpu: float
    wire: float
    requests: int
    memory: float = 0.0


class Server:
    """The running server's counters."""

    def __init__(self, url: str) -> None:
        self.url = url

    def take(self) -> dict[str, int]:
        """The counts since the last call."""
        return dict(json.loads(self._get("take")))

    def delay(self, seconds: float) -> None:
        """Let each round trip take so long."""
        self._get(f"delay/{seconds}")

    def _get(self, words: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}/-/{words}") as answer:  # noqa: S310  our own server
            return bytes(answer.read())


def measure(
    argv: Sequence[str | Path],
    environment: Mapping[str, str],
    server: Server | None = None,
    *,
    watch: bool = False,
) -> Measured:
    """Run a command to its end; AssertionError, with its output, if it fails.

    Args:
        server: counts what crosses the wire, if the command uses one.
        watch: look at its memory, which takes time itself.
    """
    if server:
        server.take()
    with tempfile.TemporaryFile() as log:
        start = time.monotonic()
        process = subprocess.Popen(
            list(map(str, argv)), env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        peak = _Peak(process.pid) if watch else None
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        memory = peak.end() if peak else 0
        if os.waitstatus_to_exitcode(status):
            log.seek(0)
            raise AssertionError(f"{argv} failed:\n{log.read().decode(errors='replace')}")
    counts = server.take() if server else {"received": 0, "sent": 0, "requests": 0}
    return Measured(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        wire=(counts["received"] + counts["sent"]) / 1e6,
        requests=counts["requests"],
        memory=memory / 1e6,
    )


def count_processes(argv: Sequence[str | Path], environment: Mapping[str, str]) -> int | None:
    """How many programs a command starts, itself included; None without strace."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile() as trace:
        words = [
            "strace",
            "-f",
            "-qq",
            "--seccomp-bpf",
            "-e",
            "trace=execve",
            "-o",
            trace.name,
            *map(str, argv),
        ]
        subprocess.run(words, env=dict(environment), check=True, capture_output=True)
        return sum(
            b"execve" in row and row.endswith(b"= 0") for row in Path(trace.name).read_bytes().splitlines()
        )


class _Peak:
    """The most memory that a process and its descendants had at once: what is shared counts once (PSS)."""

    def __init__(self, root: int) -> None:
        self._root, self._most, self._done = root, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> int:
        self._done.set()
        self._thread.join()
        return self._most

    def _watch(self) -> None:
        while not self._done.wait(_INTERVAL):
            self._most = max(self._most, sum(map(_memory, _family(self._root))))


def _family(root: int) -> set[int]:
    """A process and all its descendants, in whichever session."""
    parents: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _memory(pid: int) -> int:
    with contextlib.suppress(OSError):
        for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if row.startswith("Pss:"):
                return int(row.split()[1]) * 1024
    return 0


def middle(runs: Sequence[Measured]) -> Measured:
    """The run with the median time; of an even number, the faster of the two."""
    return sorted(runs, key=lambda run: run.wall)[(len(runs) - 1) // 2]
