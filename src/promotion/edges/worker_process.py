"""A process of our own that answers requests, one after another."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from promotion.edges.child_process import ProcessRunner
from promotion.edges.message_frames import read_frame, write_frame

_MOST_LOGGED = 64 * 1024
# With -I and -S nothing but this program's own search path decides what is imported.
_PROGRAM = "import sys; sys.path[:] = sys.argv[2:]; __import__(sys.argv[1], fromlist='*').main()"


class WorkerEndedError(Exception):
    """The process ended before it answered.

    Args:
        log: what it printed to its error stream.
        timed_out: we ended it, for it took too long.
        computed: seconds of a processor that it took for this request, if it timed out; 0 if nobody can tell.
    """

    def __init__(self, log: str, *, timed_out: bool, computed: float = 0.0) -> None:
        super().__init__(log)
        self.log, self.timed_out, self.computed = log, timed_out, computed


class Worker:
    """Runs `main()` of a module in a process of its own; the two speak `promotion.edges.message_frames`.

    Args:
        module: its full name.
        commands: starts the process.
        environment: added to the process's environment.
        scratch: an existing folder, for what it prints to its error stream.
        memory: bytes that it may take.
    """

    def __init__(
        self,
        module: str,
        *,
        commands: ProcessRunner,
        environment: Mapping[str, str],
        scratch: Path,
        memory: int,
    ) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  lives as long as we
        path = [str(Path(entry).absolute()) for entry in sys.path if entry]
        self._last_time = 0.0
        self._running = ExitStack()
        self._process = self._running.enter_context(
            commands.running(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, module, *path],
                env=environment,
                stderr=self._log,
                memory=memory,
            )
        )

    def ask(self, request: bytes, *, limit: float) -> bytes:
        """Return the answer to a request.

        Args:
            limit: seconds after which the process is ended.

        Raises:
            WorkerEndedError: the process ended; there is no use in asking it again.
        """
        process = self._process
        assert process.stdin  # noqa: S101  both are pipes
        assert process.stdout  # noqa: S101
        before, timed_out = self.processor_time, False

        def stop() -> None:
            nonlocal timed_out
            timed_out, self._last_time = True, self.processor_time
            process.kill()

        timer = threading.Timer(limit, stop)
        timer.start()
        try:
            write_frame(process.stdin, request)
            return read_frame(process.stdout)
        except (EOFError, OSError, ValueError):  # ended, or closed
            computed = self._last_time - before if timed_out else 0.0
            self.close()
            raise WorkerEndedError(self._read_log(), timed_out=timed_out, computed=computed) from None
        finally:
            timer.cancel()

    @property
    def processor_time(self) -> float:
        """The seconds of processors that the process has taken; 0 where the system doesn't say.

        They are the fields `utime` and `stime`, the 14th and 15th
        (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). The second, a name, may hold anything.
        """
        try:
            text = Path(f"/proc/{self._process.pid}/stat").read_text("ascii", "replace")
            return sum(map(int, text.rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):
            return 0.0

    def close(self) -> None:
        """End the process, whatever it is doing."""
        with contextlib.suppress(OSError):  # the rest of a request that nobody reads
            self._running.close()

    def _read_log(self) -> str:
        self._log.seek(0)
        return self._log.read(_MOST_LOGGED).decode("utf-8", "replace")
