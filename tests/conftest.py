"""What holds for all tests.

None reaches further than this machine: one that tries fails, even if the attempt is caught. Hypothesis looks
at few examples at a desk, and at more in CI (`HYPOTHESIS_PROFILE=ci`).
"""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from support.samples import take_third

# No deadline: how long an example takes depends on what else the machine does.
settings.register_profile("dev", deadline=None, max_examples=30)
settings.register_profile("ci", deadline=None, max_examples=100, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

_attempts: list[str] = []


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files without the one mark that is asked for: to import all takes half a minute."""
    mark = config.option.markexpr
    if not mark.isidentifier() or not collection_path.name.startswith("test_"):
        return None
    return f"mark.{mark}" not in collection_path.read_text("utf-8") or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    taken = take_third(items)
    kept = set(map(id, taken))
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = taken


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the modules and tests that are there until the end."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name bytes by their argument: an archive holds the second in which each worker makes its own."""
    return argname if isinstance(val, bytes) else None


class NetworkBlockedError(OSError):
    """A connection to another machine."""


def _is_loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False


def _block(target: object) -> NetworkBlockedError:
    _attempts.append(str(target))
    return NetworkBlockedError(f"tests may not connect to {target}")


def _check(family: int, address: Any) -> None:
    if family != getattr(socket, "AF_UNIX", None) and not _is_loopback(address[0]):
        raise _block(address)


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo = socket.getaddrinfo

    def checked_connect(self: socket.socket, address: Any) -> None:
        _check(self.family, address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        _check(self.family, address)
        return connect_ex(self, address)

    def checked_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        _check(self.family, rest[-1])
        return sendto(self, data, *rest)

    def checked_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if str(host).endswith(".invalid"):  # RFC 6761: never exists, so tests of unknown hosts use it
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not _is_loopback(host):
            raise _block(host)
        return getaddrinfo(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", checked_connect)
    patch.setattr(socket.socket, "connect_ex", checked_connect_ex)
    patch.setattr(socket.socket, "sendto", checked_sendto)
    patch.setattr(socket, "getaddrinfo", checked_getaddrinfo)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def _hear_interrupts() -> None:
    """Background jobs ignore SIGINT, and under nohup SIGHUP, and so does what they start; tests send both."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _fail_on_network() -> Iterator[None]:
    _attempts.clear()
    yield
    assert not _attempts, f"the test tried to connect to {', '.join(_attempts)}"


@pytest.fixture
def blocked_attempts() -> list[str]:
    """What was blocked; a test of the block itself empties it."""
    return _attempts
