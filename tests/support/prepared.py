"""The program as a process of its own, forked from one that has imported it: most of a start is importing.

Environment, folder, streams and exit code are as from a shell; Helm is loaded once for all (`kept_helm`).
Who sends signals to a run, wraps it in another program, or asks how it starts, starts `PROGRAM` itself.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from promotion.edges.cancellation import Cancellation
from promotion.edges.helm import embedded_helm
from support.kept_helm import KeptWorker, keep_workers

PROGRAM = Path(sys.executable).with_name("promotion")
PATIENCE = 300.0  # seconds
LATE = ("actions_toolkit.file_command", "ctypes", "encodings.ascii", "resource")  # what functions import

Done = subprocess.CompletedProcess[str]


def run_program(
    words: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: str | Path = ".",
    merged: bool = False,
    waits: bool = True,
) -> Done:
    """Run the program to its end."""
    return start_program(words, env=env, cwd=cwd, merged=merged, waits=waits)()


def start_program(
    words: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: str | Path = ".",
    merged: bool = False,
    waits: bool = True,
) -> Callable[[], Done]:
    """Start the program; the call of what comes back waits for its end.

    Args:
        merged: let standard error go where standard output goes.
        waits: pause between attempts, as it does; else it makes the next one at once.
    """
    folder = Path(tempfile.mkdtemp(prefix="promotion-run-"))
    out, err = folder / "out", folder / ("out" if merged else "err")
    argv = [str(PROGRAM), *map(str, words)]
    request = {
        "argv": argv,
        "env": dict(env),
        "cwd": str(Path(cwd).absolute()),
        "streams": [str(out), str(err)],
        "helm": keep_workers(),
        "waits": waits,
    }
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(_start_server())
    connection.sendall(json.dumps(request).encode())
    connection.shutdown(socket.SHUT_WR)

    def finish() -> Done:
        with connection:
            code = int(connection.recv(100))
        texts = [out.read_text("utf-8"), "" if merged else err.read_text("utf-8")]
        for path in {out, err}:
            path.unlink()
        folder.rmdir()
        return Done(argv, code, *texts)

    return finish


@cache
def _start_server() -> str:
    """Start the process to fork from, which ends with this one; gives the address of its socket."""
    address = Path(tempfile.mkdtemp(prefix="promotion-server-")) / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, "-m", "support.prepared", str(listener.fileno())],
            pass_fds=[listener.fileno()], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip

    def stop() -> None:
        assert server.stdin
        server.stdin.close()
        server.wait()
        address.unlink()
        address.parent.rmdir()

    atexit.register(stop)
    return str(address)


def _serve(listener: socket.socket) -> None:
    """Fork a process for each request, until whoever started us has gone; send each one's exit code."""
    _import_all()
    gc.freeze()  # or the first collection in each process would copy all pages
    running: dict[int, socket.socket] = {}
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while sys.stdin.buffer not in (ready := select.select([listener, woken, sys.stdin.buffer], [], [])[0]):
        if woken in ready:
            woken.recv(4096)
            for process in list(running):
                ended, status = os.waitpid(process, os.WNOHANG)
                if ended:
                    with running.pop(process) as connection, suppress(OSError):
                        connection.sendall(b"%d" % os.waitstatus_to_exitcode(status))
        if listener in ready:
            connection, _ = listener.accept()
            process = os.fork()
            if not process:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for stream in (listener, woken, waker, *running.values()):
                    stream.close()
                with connection, connection.makefile("rb") as file:
                    request = json.load(file)
                _become(**request)
            running[process] = connection
    for process in running:
        os.waitpid(process, 0)


def _import_all() -> None:
    """Import what the program does at any time, and complete the data classes that wait for an instance."""
    package = import_module("promotion")
    for name in LATE:
        import_module(name)
    for found in pkgutil.walk_packages(package.__path__, "promotion."):
        if not found.name.endswith("__main__"):
            for value in list(vars(import_module(found.name)).values()):
                if isinstance(value, type) and (init := vars(value).get("__init__")):
                    getattr(init, "finish", lambda: None)()


def _become(
    argv: list[str], env: Mapping[str, str], cwd: str, streams: list[str], helm: str, waits: bool
) -> NoReturn:
    """Be the program."""
    if not waits:
        time.sleep = lambda _: None  # as urllib3 and PyGithub pause
        Cancellation.sleep = lambda *_: None  # type: ignore[method-assign]
    embedded_helm.Worker = lambda *_, **__: KeptWorker(helm)  # type: ignore[assignment,misc]
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    tempfile.tempdir = None  # by the variables of now
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, path in enumerate([os.devnull, *streams]):
        file = os.open(path, os.O_RDONLY if number == 0 else flags)
        os.dup2(file, number)
        os.close(file)
    sys.argv = argv
    _end_with(import_module("promotion.cli.main").main)


def _end_with(main: Callable[[], int]) -> NoReturn:
    """End as Python does (https://docs.python.org/3/c-api/init.html#c.Py_FinalizeEx), but for taking all
    modules apart: that writes to, so copies, every page of the process that we were forked from.
    """
    code = 1
    try:
        code = main()
    except SystemExit as ended:
        assert isinstance(ended.code, int)
        code = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
