"""Kept connections to web servers, for many small requests at once. What an answer means is the caller's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from promotion.common.lazy_dataclass import dataclass
from promotion.edges.web.host_policy import HostPolicy
from promotion.edges.web.http_session import read_retry_after
from promotion.edges.web.network import find_authorities, find_proxy
from promotion.edges.web.web_address import display

if TYPE_CHECKING:  # slow to import, and not every run speaks HTTP
    import ssl

    import urllib3

MOST_CONNECTIONS = 32  # to one host
_MOST_HOSTS = 64


class LineError(Exception):
    """Nobody answered, or not in time, or not to the end.

    Args:
        is_passing: whether it may be better at the next try.
    """

    def __init__(self, reason: str, *, is_passing: bool = True) -> None:
        super().__init__(reason)
        self.is_passing = is_passing


@dataclass
class Traffic:
    """What went over the wire: requests, and the bytes of their bodies."""

    requests: int = 0
    sent: int = 0
    received: int = 0


class HttpAnswer:
    """A server's answer, whose body is read bit by bit.

    Args:
        deadline: the moment of `time.monotonic` at which patience ends.
    """

    def __init__(self, response: urllib3.BaseHTTPResponse, deadline: float) -> None:
        self._response = response
        self._deadline = deadline
        self.status = response.status
        self.kind = response.headers.get("Content-Type", "")
        self.retry_after = read_retry_after(response.headers)
        self.received = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes of the body; fewer only at its end.

        Raises:
            LineError: the connection broke, or the time is up.
        """
        if time.monotonic() > self._deadline:
            raise LineError("it took too long")
        with _translated():
            data = self._response.read(size)
        self.received += len(data)
        return data


class HttpPool:
    """Connections that stay open, no more than `MOST_CONNECTIONS` to a host; for any number of threads.

    It follows no redirect, keeps no cookie and reads no `.netrc`.

    Args:
        environment: where proxies and certificate authorities are found (`promotion.edges.web.network`).
        timeout: seconds that a request may take to its end.
        silence: seconds without a byte after which a server counts as hanging.
        host_policy: judges which hosts may be asked.
        debug: told of each request.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        timeout: float = 600.0,
        silence: float = 60.0,
        host_policy: HostPolicy | None = None,
        debug: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._environment, self._host_policy = environment, host_policy or HostPolicy()
        self._timeout, self._silence = timeout, min(silence, timeout)
        self._debug = debug
        self._lock = threading.Lock()
        self._managers: dict[tuple[str, int], urllib3.PoolManager] = {}
        self.traffic = Traffic()

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()

    @contextmanager
    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Iterator[HttpAnswer]:
        """Send a request. A connection whose answer isn't read to its end is closed.

        Raises:
            LineError: the server can't be reached, or breaks off.
            SourceError: it is nearer than it may be, or a proxy may not ask for it.
        """
        start = time.monotonic()
        with _translated():
            response = self._manager(url).request(
                method,
                url,
                headers={"Accept-Encoding": "identity", **headers},
                body=body or None,
                preload_content=False,
                redirect=False,
                retries=False,
            )
        answer = HttpAnswer(response, start + self._timeout)
        try:
            yield answer
            with suppress(LineError):
                answer.read(1)  # the end of a chunked body must be read, or the connection can't be kept
        finally:
            self._note(f"{method} {display(url)}", answer, len(body), time.monotonic() - start)
            response.close()  # one that was read to its end gave its connection back
            response.release_conn()

    def _note(self, request: str, answer: HttpAnswer, sent: int, seconds: float) -> None:
        with self._lock:
            self.traffic.requests += 1
            self.traffic.sent += sent
            self.traffic.received += answer.received
        self._debug(f"{request}: {answer.status}, {answer.received} bytes, {seconds:.3f} s")

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = find_proxy(url, self._environment)
        self._host_policy.check_proxy(url, proxy)
        key = (proxy, self._host_policy.limit(url))
        with self._lock:
            if key not in self._managers:
                self._managers[key] = self._create(*key)
            return self._managers[key]

    def _create(self, proxy: str, nearest: int) -> urllib3.PoolManager:
        import urllib3

        options: dict[str, Any] = {
            "num_pools": _MOST_HOSTS,
            "maxsize": MOST_CONNECTIONS,
            "block": True,
            "timeout": urllib3.Timeout(connect=min(30.0, self._timeout), read=self._silence),
            "ssl_context": self._context,
        }
        if not proxy:
            from promotion.edges.web.guarded_session import guarded_pools

            manager = urllib3.PoolManager(**options)
            manager.pool_classes_by_scheme = guarded_pools(nearest)
            return manager
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        user, _, host = parts.netloc.rpartition("@")
        headers = urllib3.make_headers(proxy_basic_auth=unquote(user)) if user else None
        bare = urlunsplit(parts._replace(netloc=host))
        return urllib3.ProxyManager(bare, proxy_headers=headers, proxy_ssl_context=self._context, **options)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        import ssl

        return ssl.create_default_context(cafile=find_authorities(self._environment) or None)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the library and the system raise into our error."""
    from urllib3.exceptions import HTTPError, SSLError

    try:
        yield
    except (SSLError, OSError, ValueError) as error:  # a file of certificates that isn't there, say
        raise LineError(type(error).__name__, is_passing=False) from None
    except HTTPError as error:
        raise LineError(type(error).__name__) from None
