"""Fetching files over http and https: with limits, retries, and credentials for one place only."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from http import HTTPStatus
from typing import TYPE_CHECKING

from promotion.common.backoff import WEB_DOWNLOAD, Backoff
from promotion.common.lazy_dataclass import dataclass
from promotion.edges.time_limit import run_within
from promotion.edges.web.host_policy import HostPolicy
from promotion.edges.web.http_session import HttpSession, PassingError, read_retry_after, unreachable
from promotion.edges.web.web_address import authorization, display, join, origin, split_credentials
from promotion.errors import AccessError, SourceError, UnreachableError

if TYPE_CHECKING:
    import requests

MEBIBYTE = 2**20
_CHUNK = 2**18
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 8
_AUTHORIZATION = "Authorization"


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for a server, in seconds, and how often to ask."""

    connect: float = 10
    read: float = 30
    total: float = 300
    backoff: Backoff = WEB_DOWNLOAD


@dataclass(frozen=True)
class WebAnswer:
    """What a server says; the names of headers count in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class WebClient:
    """One client for all web addresses, to be used by any number of threads.

    Args:
        environment: where proxies and certificate authorities are found (`promotion.edges.web.network`). No
            `.netrc` is read.
        host_policy: judges which hosts may be asked.
        sleep, chance, clock: how to wait, a random number in [0, 1), monotonic seconds, for tests to replace.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        patience: Patience | None = None,
        host_policy: HostPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host_policy = host_policy or HostPolicy()
        self._session = HttpSession(environment, self._host_policy)
        self._patience = patience or Patience()
        self._sleep, self._chance, self._clock = sleep, chance, clock

    def get(
        self,
        url: str,
        *,
        token: str = "",
        limit: int = 64 * MEBIBYTE,
        archive: bool = False,
        named_by: str = "",
    ) -> bytes:
        """Return the content at an address.

        Broken connections, 408, 429 and 5xx are tried again, with growing pauses or as `Retry-After` says.

        Args:
            token: for this address only: `user:password` or a bearer token. A redirect to another host,
                port or scheme doesn't get it.
            limit: bytes after which the answer is refused.
            archive: take the bytes as they are, even if the server calls their compression an encoding.
            named_by: the address of the server that named this one, which then counts as a redirect from it.

        Raises:
            AccessError: the server wants other credentials.
            SourceError: the file can't be had.
        """
        address, credentials = split_credentials(url)
        header = authorization(token or credentials)
        answer = self.ask(address, header=header, limit=limit, archive=archive, named_by=named_by)
        if answer.status != HTTPStatus.OK:
            raise _refused(answer.status, address)
        return answer.body

    def ask(
        self,
        url: str,
        *,
        header: bytes = b"",
        accept: str = "",
        limit: int = MEBIBYTE,
        archive: bool = False,
        named_by: str = "",
    ) -> WebAnswer:
        """Return what a server says at last, whatever its status; a body is read with status 200 only.

        Args:
            url: without user and password.
            header: the value of `Authorization`, for this address only, as in `get`.
            accept: the media types that will do.
            limit, archive, named_by: as in `get`.

        Raises:
            SourceError: no answer can be had, or none but 408, 429 and 5xx.
        """
        headers = _headers(header, accept, archive)
        nearest = self._host_policy.check(url, led_by=named_by)
        deadline, backoff = self._clock() + self._patience.total, self._patience.backoff
        attempt = 0
        while True:
            attempt += 1

            def ask() -> WebAnswer:
                with self._open(url, headers, deadline, nearest) as response:
                    status = response.status_code
                    if _may_pass(status):
                        raise PassingError(_refused(status, url), read_retry_after(response.headers))
                    body = b""
                    if status == HTTPStatus.OK:
                        body = self._read(response, url, limit, deadline, archive)
                    return WebAnswer(status, response.headers, body)

            try:
                # A server that sends its headers letter by letter is never silent for long.
                return run_within(max(deadline - self._clock(), 0.001), ask)
            except TimeoutError:
                raise self._too_slow(url) from None
            except PassingError as failure:
                pause = failure.pause
                if pause is None:
                    pause = backoff.pause_after(attempt, self._chance())
                if attempt >= backoff.attempts or self._clock() + pause > deadline:
                    raise failure.error from None
                self._sleep(pause)

    def _open(
        self, address: str, headers: Mapping[str, str | bytes], deadline: float, nearest: int
    ) -> requests.Response:
        """Return the first answer that is no redirect."""
        hop = address
        for _ in range(_MOST_REDIRECTS + 1):
            remaining = max(deadline - self._clock(), 0.001)
            timeouts = (min(self._patience.connect, remaining), min(self._patience.read, remaining))
            response = self._session.send(hop, headers, timeouts, nearest=nearest)
            location = response.headers.get("Location", "") if response.status_code in _REDIRECTS else ""
            if not location:
                return response
            response.close()
            target, _ = split_credentials(join(hop, location))
            nearest = min(nearest, self._host_policy.check(target, led_by=address))
            if origin(target) != origin(hop):
                headers = {name: value for name, value in headers.items() if name != _AUTHORIZATION}
            hop = target
        raise SourceError(f"{display(address)} leads from redirect to redirect", fix="Check the address.")

    def _read(
        self, response: requests.Response, address: str, limit: int, deadline: float, archive: bool
    ) -> bytes:
        announced = response.headers.get("Content-Length", "")
        body = bytearray()
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(address, limit)
        for chunk in _chunks(response, address, decode=not archive):
            body += chunk
            if len(body) > limit:
                raise _too_large(address, limit)
            if self._clock() > deadline:
                raise self._too_slow(address)
        return bytes(body)

    def _too_slow(self, address: str) -> SourceError:
        return UnreachableError(
            f"{display(address)} took longer than {self._patience.total:.0f} s", fix="Try again later."
        )


def _headers(authorization: bytes, accept: str, archive: bool) -> dict[str, str | bytes]:
    headers: dict[str, str | bytes] = {"Accept-Encoding": "identity" if archive else "gzip"}
    if authorization:
        headers[_AUTHORIZATION] = authorization
    if accept:
        headers["Accept"] = accept
    return headers


def _chunks(response: requests.Response, address: str, *, decode: bool) -> Iterator[bytes]:
    """Yield what has arrived so far, again and again, so that a slow server is noticed in time."""
    from urllib3.exceptions import DecodeError, HTTPError

    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=decode):
            yield chunk
    except DecodeError:
        raise SourceError(f"{display(address)} sends garbled content", fix="Check the server.") from None
    except (HTTPError, OSError):
        raise unreachable(address, "the connection broke before the end") from None


def _too_large(address: str, limit: int) -> SourceError:
    size = f"{limit // MEBIBYTE} MiB" if limit >= MEBIBYTE else f"{limit} bytes"
    return SourceError(f"{display(address)} is larger than {size}", fix="Check that it is the right address.")


def _may_pass(status: int) -> bool:
    """Return whether a status is the server's trouble, or a limit that is lifted after a while.

    So does Helm's library for registries see it (oras-go: registry/remote/retry/policy.go, DefaultPredicate),
    and registries say 429 of their rate limits (OCI distribution-spec, TOOMANYREQUESTS).
    """
    return status in (408, 429) or status >= 500


def _refused(status: int, address: str) -> SourceError:
    """Return the error for an answer that isn't the file."""
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    what = f"{display(address)} can't be fetched: {name}"
    if status in (401, 403):
        fix = "Give a token for it in access.yaml, or check that the token may read it."
        return AccessError(what, fix=fix)
    if _may_pass(status):
        return UnreachableError(what, fix="The server has trouble; try again later.")
    return SourceError(what, fix="Check the address.")
