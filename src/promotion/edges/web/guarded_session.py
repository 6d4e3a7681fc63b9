"""Connections to addresses that were judged, and to no others.

A name may mean another address a moment after it was looked up, so what was found then proves little.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from promotion.edges.web.host_policy import find_addresses, too_near
from promotion.edges.web.web_address import nearness
from promotion.errors import SourceError


def guarded_pools(limit: int) -> dict[str, type[HTTPConnectionPool]]:
    """Return pools for urllib3, by scheme, whose connections refuse a host that is nearer than `limit`.

    A name is looked up once. All that it means is judged, and what was judged is connected to.
    """

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, super()._new_conn, limit)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, super()._new_conn, limit)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def _connect(connection: HTTPConnection, connect: Callable[[], socket.socket], limit: int) -> socket.socket:
    """Connect to the first address of a host that answers, if none of them is nearer than it may be."""
    name = connection._dns_host
    url = f"{'https' if isinstance(connection, HTTPSConnection) else 'http'}://{name}"
    failure: ConnectTimeoutError | None = None
    addresses = _look_up(name)
    for address in addresses:
        _judge(url, address, limit)
    for address in addresses:
        connection._dns_host = address  # TLS checks the name itself, after this
        try:
            found = connect()
        except ConnectTimeoutError as error:  # or that it refuses
            failure = failure or error
            continue
        finally:
            connection._dns_host = name
        try:
            _judge(url, str(found.getpeername()[0]), limit)
        except SourceError:
            found.close()
            raise
        return found
    raise failure or NewConnectionError(connection, "it has no address")


def _look_up(name: str) -> Sequence[str]:
    try:
        return find_addresses(name)
    except (OSError, UnicodeError):
        return [name]  # urllib3 says what is wrong with it


def _judge(url: str, address: str, limit: int) -> None:
    try:
        near = nearness(address)
    except ValueError:  # a name that can't be looked up
        return
    if near > limit:
        raise too_near(url, "", near)


class PlainSession(requests.Session):
    """A session that leaves redirects alone: the library reads their bodies to the end, however long."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


class GuardedAdapter(HTTPAdapter):
    """The same for requests; what goes through a proxy is the proxy's business."""

    def __init__(self, limit: int, **options: Any) -> None:
        self._limit = limit
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = guarded_pools(self._limit)
