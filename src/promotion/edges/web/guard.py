"""Connections that tell who is at their other end, before a word is said.

A name may mean another address a moment after it was looked up, so what was found then proves little.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from promotion.edges.web.address import nearness
from promotion.edges.web.reach import too_near


def guarded_pools(limit: int) -> dict[str, type[HTTPConnectionPool]]:
    """Pools for urllib3, by scheme, whose connections refuse a host that is nearer than `limit`."""

    def check(connection: HTTPConnection) -> None:
        address = str(connection.sock.getpeername()[0])
        if (found := nearness(address)) > limit:
            connection.close()
            scheme = "https" if isinstance(connection, HTTPSConnection) else "http"
            raise too_near(f"{scheme}://{connection.host}", "", found)

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            check(self)

    class Encrypted(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            check(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


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
