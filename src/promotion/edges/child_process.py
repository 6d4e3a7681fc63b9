"""The only place that starts a process."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import plain
from promotion.edges.cancellation import Cancellation
from promotion.edges.web.network import VARIABLES, settle
from promotion.errors import PromotionError, cut_credentials

# What a child process may inherit, each with its reason. Nothing else is.
INHERITED = {
    "PATH": "to find git, helm and ssh",
    "LD_LIBRARY_PATH": "a Python or git from a custom prefix finds its libraries",
    "SYSTEMROOT": "Windows starts no process without it",
    **dict.fromkeys(VARIABLES, "proxies, and a company's own certificate authority"),
}


@dataclass(frozen=True)
class Completed:
    """What a finished process left: its exit code, its output as it is, its error stream made readable.

    Both may hold secrets: look for what they mean first, and `ProcessRunner.show` only what is told of them.
    """

    code: int
    stdout: bytes
    stderr: str


class CommandTimeoutError(PromotionError):
    """A process took longer than its limit and was ended with all its children."""


class ProcessRunner:
    """Starts processes with an explicit environment and a time limit, and hides secrets in what they print.

    Args:
        environment: the caller's environment, of which children get only `INHERITED`.
        redact: hides secrets.
        scratch: the folder that children see as HOME and TMPDIR.
        debug: told of each process, how it ended and how long it took.
        cancellation: ends what runs when the run is cancelled.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        redact: Callable[[str], str],
        scratch: Path,
        debug: Callable[[str], None] = lambda _: None,
        cancellation: Cancellation | None = None,
    ) -> None:
        settled = settle(environment)
        self._environment = {name: settled[name] for name in INHERITED if name in settled}
        self._environment |= {"HOME": str(scratch), "TMPDIR": str(scratch), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self._redact, self._debug = redact, debug
        self._cancellation = cancellation or Cancellation()
        self._lock = threading.Lock()
        self._is_closed = False
        self._alive: set[subprocess.Popen[bytes]] = set()

    def close(self) -> None:
        """End what still runs, for somebody who no longer waits for it. Nothing is started any more."""
        with self._lock:
            self._is_closed = True
            for process in self._alive:
                _end(process)

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment that children get."""
        return self._environment

    @contextmanager
    def running(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stderr: int | IO[bytes] = subprocess.PIPE,
        memory: int = 0,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Open a program that runs until the block ends or the run is cancelled. Nothing that it started
        lives on.

        Args:
            argv: the program and its arguments; never a secret among them.
            env: added to the inherited environment.
            stderr: what takes its error stream.
            memory: bytes that it may take, where the system can limit that; 0 for no limit.

        Raises:
            CancelledError: the run was cancelled before.
            PromotionError: the program isn't there, or can't be started.
        """
        variables = {**self._environment, **(env or {})}

        def start() -> subprocess.Popen[bytes]:
            with self._lock:
                if self._is_closed:
                    raise PromotionError("nobody waits any more for what this process would do")
                process = _start([str(word) for word in argv], cwd, variables, stderr)
                self._alive.add(process)
            if memory:
                _limit_memory(process.pid, memory)
            return process

        with self._cancellation.ending(start, _end) as process, process:
            try:
                yield process
            finally:
                _end(process)
                with self._lock:
                    self._alive.discard(process)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        timeout: float,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes = b"",
        memory: int = 0,
    ) -> Completed:
        """Run a program to its end; its exit code is the caller's to judge. Nothing that it started lives on.

        Args:
            argv: the program and its arguments; never a secret among them.
            timeout: seconds after which the process and its children are killed.
            env: added to the inherited environment.
            memory: as of `running`.

        Raises:
            CommandTimeoutError: it ran too long.
            CancelledError: the run was cancelled.
            PromotionError: the program isn't there, or can't be started.
        """
        words = [str(word) for word in argv]
        start = time.monotonic()
        with self.running(words, env=env, cwd=cwd, memory=memory) as process:
            try:
                stdout, stderr = process.communicate(stdin, timeout=timeout)
            except subprocess.TimeoutExpired:
                name = " ".join(words[:2])
                raise CommandTimeoutError(
                    f"{name} was still running after {timeout:.0f} s", fix="Look for what it waits for."
                ) from None
        self.check()
        self._debug(f"{shlex.join(words)}: exit code {process.returncode}, {time.monotonic() - start:.3f} s")
        return Completed(process.returncode, stdout, read_text(stderr))

    def show(self, text: str) -> str:
        """Return the text as it may be told, before anybody shortens it: without secrets, and addresses
        without credentials. Terminal codes, which could part a secret, go first.
        """
        return cut_credentials(self._redact(plain(text)))

    def check(self) -> None:
        """Raise CancelledError if the run was cancelled, which ends every process."""
        self._cancellation.check()


def read_text(printed: bytes) -> str:
    """Return what a process printed as text, without terminal codes. Secrets are in it still."""
    return plain(printed.decode("utf-8", "replace"))


def _start(
    words: Sequence[str], cwd: Path | None, variables: Mapping[str, str], stderr: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=stderr, cwd=cwd, env=variables, start_new_session=True
        )
    except FileNotFoundError as error:
        fix = "Correct its path." if "/" in words[0] else f"Install {words[0]} or put it on PATH."
        raise PromotionError(f"the program {words[0]} isn't there", fix=fix) from error
    except (OSError, ValueError) as error:  # the latter for a NUL among the words
        reason = getattr(error, "strerror", None) or error
        raise PromotionError(f"the program {words[0]} can't be started: {reason}") from error


def _limit_memory(process: int, size: int) -> None:
    """Limit the memory of a process that was just started, and have it leave no core file."""
    try:
        from resource import RLIMIT_CORE, RLIMIT_DATA, prlimit
    except ImportError:  # not Linux
        return
    with contextlib.suppress(OSError):  # it has ended already, or may have less
        prlimit(process, RLIMIT_CORE, (0, 0))
        prlimit(process, RLIMIT_DATA, (size, size))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, if it hasn't ended, and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS forbids it where all have ended
        os.killpg(process.pid, signal.SIGKILL)
