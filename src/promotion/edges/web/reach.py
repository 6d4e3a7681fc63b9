"""Which hosts may be asked, by how near to this machine they are."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from promotion.edges.web.address import display, nearness
from promotion.errors import SourceError

# A definition may name servers of the company's network, and of this machine; nothing that is nearer.
NEAREST = 2


def find_addresses(host: str) -> Sequence[str]:
    """The IP addresses of a host; OSError or UnicodeError if it isn't known."""
    return list(dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, None)))


class Reach:
    """Judges addresses. Nobody outside may lead us to what only this machine or its network can reach.

    Args:
        resolve: finds the IP addresses of a host.
    """

    def __init__(self, resolve: Callable[[str], Sequence[str]] = find_addresses) -> None:
        self._resolve = resolve

    def check(self, url: str, *, led_by: str = "") -> int:
        """How near the host of an address may be: the most that `nearness` may say of who is connected to.

        Args:
            led_by: the address of the server that leads us there, by a redirect or an index; empty if a
                definition names the address itself.

        Raises:
            SourceError: it is known to be nearer.
        """
        if led_by:
            self.locate(url, led_by=led_by)
            return self._limit(led_by)
        host = _host(url)
        if _is_number(host) and nearness(host) > NEAREST:
            raise too_near(url, "", nearness(host))
        return NEAREST

    def locate(self, url: str, *, led_by: str) -> Sequence[str]:
        """The IP addresses of a host that another leads to; none if the URL gives it, or only a proxy knows.

        Raises:
            SourceError: it is nearer than it may be.
        """
        addresses = self._addresses(url)
        found = _nearest(addresses)
        if found > self._limit(led_by):
            raise too_near(url, led_by, found)
        return () if _is_number(_host(url)) else addresses

    def _limit(self, led_by: str) -> int:
        return min(NEAREST, _nearest(self._addresses(led_by)))

    def _addresses(self, url: str) -> Sequence[str]:
        host = _host(url)
        try:
            return [host] if _is_number(host) else self._resolve(host)
        except (OSError, UnicodeError):
            return ()


def too_near(url: str, led_by: str, found: int) -> SourceError:
    """The error for a host that is nearer than it may be; `led_by` as for `Reach.check`."""
    if found > NEAREST and not led_by:
        return SourceError(
            f"{display(url)} is where machines get credentials of their own, and no source",
            fix="Name another address.",
        )
    way = f"{display(led_by)} leads to {display(url)}" if led_by else f"we are led to {display(url)}"
    return SourceError(
        f"{way}, which is on a private network",
        fix="Name the private address itself if that is what you want.",
    )


def _nearest(addresses: Sequence[str]) -> int:
    return max(map(nearness, addresses), default=0)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # whoever asks that host will say so
        return ""


def _is_number(host: str) -> bool:
    try:
        return nearness(host) >= 0
    except ValueError:
        return False
