"""Estates that are made once in a process, and copied for each test: to publish one takes longer than most.

What a run publishes names the git server, so all copies have the same address: one after the other, never two
at once. Who needs two at once opens a `GitServer` for each.
"""

from __future__ import annotations

import atexit
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from support.estate import Estate
from support.gitserver import GitServer

Make = Callable[[GitServer, Path], object]


@contextmanager
def copy_server(root: Path, make: Make) -> Iterator[GitServer]:
    """Serve a copy of the repositories that `make`, a function of a module, makes on a server.

    An `Estate` on it finds its repositories as they were left.
    """
    shutil.copytree(_make_once(make), root)
    with GitServer(root, listener=_listener()) as server:
        yield server


def create_estate(server: GitServer, folder: Path) -> None:
    """Make an estate that was never materialised."""
    Estate(server, folder)


def publish_estate(server: GitServer, folder: Path) -> None:
    """Make an estate, and materialise it once."""
    estate = Estate(server, folder)
    done = estate.run(estate.push_event())
    assert done.code == 0, done.log


@cache
def _make_once(make: Make) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="promotion-estate-"))
    atexit.register(shutil.rmtree, folder)
    with GitServer(folder / "server", listener=_listener()) as server:
        make(server, folder / "work")
    return folder / "server"


@cache
def _listener() -> socket.socket:
    """Return the socket that all copies share, with the address that stands in what was published."""
    return socket.create_server(("127.0.0.1", 0), backlog=256)
