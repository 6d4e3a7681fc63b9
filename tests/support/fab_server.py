"""The stand-in for fab, forked from a process that has imported it: most of each call would be importing.

Folder, environment, streams and exit code are as of a program that the caller starts. When its process ends,
so do the fork and all that it has started.
"""

from __future__ import annotations

import atexit
import gc
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

# The program's own process, with nothing imported that it doesn't need. It hands on its streams and itself.
CLIENT = """\
import os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    socket.send_fds(server, [b"."], [1, 2])
    texts = [os.getcwd(), str(len(sys.argv) - 2), *sys.argv[2:], *(f"{n}={t}" for n, t in os.environ.items())]
    server.sendall(os.fsencode("\\0".join(texts)))
    server.shutdown(socket.SHUT_WR)
    code = server.recv(100)
sys.exit(int(code or 1))
"""


@cache
def start_server() -> str:
    """Start the process to fork from, which ends with this one; gives the address of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="promotion-fab-"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, "-m", "support.fab_server", str(listener.fileno())],
            pass_fds=[listener.fileno()], stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip

    def stop() -> None:
        assert server.stdin
        server.stdin.close()
        server.wait()
        shutil.rmtree(folder)

    atexit.register(stop)
    return str(folder / "socket")


def _serve(listener: socket.socket) -> None:
    from support import standin_fab

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks leave nothing to wait for
    gc.freeze()
    while sys.stdin.buffer not in select.select([listener, sys.stdin.buffer], [], [])[0]:
        connection, _ = listener.accept()
        with connection:
            if not os.fork():
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                argv = _become(connection)
                threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
                code = standin_fab.main(argv)
                sys.stdout.flush()
                connection.sendall(b"%d" % code)
                os._exit(0)


def _become(connection: socket.socket) -> list[str]:
    """Take over the caller's streams, folder and environment; gives its arguments."""
    os.setpgid(0, 0)
    _, streams, _, _ = socket.recv_fds(connection, 1, 2)
    with connection.makefile("rb") as stream:
        folder, count, *texts = os.fsdecode(stream.read()).split("\0")
    for number, file in enumerate(streams, start=1):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(text.split("=", 1) for text in texts[int(count) :])
    tempfile.tempdir = None  # by the variables of now
    return texts[: int(count)]


def _end_with(connection: socket.socket) -> None:
    """End with the caller's process."""
    poll = select.poll()
    poll.register(connection, 0)  # POLLHUP alone: it has shut down its sending side before
    poll.poll()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
