"""Helm workers that outlive the runs that ask them: to load Helm takes longer than to render a chart.

They are the program's own. Who attacks Helm, or asks what a run leaves behind, starts `prepared.PROGRAM`.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

from promotion.edges.child_process import ProcessRunner
from promotion.edges.message_frames import read_frame, write_frame
from promotion.edges.worker_process import Worker, WorkerEndedError
from promotion.rendering.charts.helm_refusals import MOST_MEMORY


class KeptWorker:
    """What a run has in place of a worker of its own. What it takes of processors nobody counts."""

    processor_time = 0.0

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, request: bytes, *, limit: float) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(limit)
            connection.connect(self._address)
            try:
                with connection.makefile("rwb") as stream:
                    write_frame(stream, request)
                    return read_frame(stream)
            except (EOFError, OSError) as error:
                raise WorkerEndedError("", timed_out=isinstance(error, TimeoutError)) from None

    def close(self) -> None:
        """Let it go on for others."""


@cache
def keep_workers() -> str:
    """Serve runs as long as this process lives; gives the address that they ask."""
    folder = Path(tempfile.mkdtemp(prefix="promotion-helm-"))
    atexit.register(shutil.rmtree, folder)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "socket"))
    listener.listen(64)
    for _ in range(os.cpu_count() or 1):
        threading.Thread(target=_serve, args=(listener, folder), daemon=True).start()
    return str(folder / "socket")


def _serve(listener: socket.socket, folder: Path) -> None:
    worker: Any = None
    while True:
        connection, _ = listener.accept()
        try:
            with connection, connection.makefile("rwb") as stream:
                request = read_frame(stream)
                worker = worker or _start(folder)
                write_frame(stream, worker.ask(request, limit=120))
        except WorkerEndedError:
            worker = None
        except (EOFError, OSError):  # the run has ended
            pass


def _start(folder: Path) -> Worker:
    return Worker(
        "promotion.edges.helm.helm_worker",
        commands=ProcessRunner({}, str, folder),
        environment={"TMPDIR": str(folder)},
        scratch=folder,
        memory=MOST_MEMORY,
    )
