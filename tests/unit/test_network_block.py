"""The block that keeps tests on this machine blocks."""

from __future__ import annotations

import socket

import pytest
import requests


def test_connections_to_other_machines_fail(blocked_attempts: list[str]) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get("https://api.github.com", timeout=1)
    with socket.socket() as other, pytest.raises(OSError, match="may not connect"):
        other.connect(("192.0.2.1", 80))
    assert len(blocked_attempts) == 2
    blocked_attempts.clear()


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
