"""Which hosts may be asked, by how near to this machine they are."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

from promotion.edges.web.web_address import display, nearness, origin
from promotion.errors import PrivateAddressError, SourceError

# A definition may name servers of the company's network, and of this machine; nothing that is nearer.
NEAREST = 2


def find_addresses(host: str) -> Sequence[str]:
    """Return the IP addresses of a host; OSError or UnicodeError if it isn't known."""
    return list(dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, None)))


class HostPolicy:
    """Judges addresses. Nobody outside may lead us to what only this machine or its network can reach.

    Args:
        resolve: finds the IP addresses of a host.
        most: how near a host may be that a definition names; 0 for one that isn't trusted.
        home: addresses of the servers that this run works with, which may be as near as they like.
    """

    def __init__(
        self,
        resolve: Callable[[str], Sequence[str]] = find_addresses,
        *,
        most: int = NEAREST,
        home: Collection[str] = (),
    ) -> None:
        self._resolve, self._most = resolve, most
        self._home = frozenset(origin(url) for url in home if url)

    def check(self, url: str, *, led_by: str = "") -> int:
        """Return how near the host of an address may be: the most that `nearness` may say of who is connected
        to.

        Args:
            led_by: the address of the server that leads us there, by a redirect or an index; empty if a
                definition names the address itself.

        Raises:
            SourceError: it is known to be nearer.
        """
        if led_by:
            self.locate(url, led_by=led_by)
            return self._limit(url, led_by)
        host, limit = _host(url), self.limit(url)
        if _is_number(host) and nearness(host) > limit:
            raise too_near(url, "", nearness(host))
        return limit

    def limit(self, url: str) -> int:
        """Return how near the host of an address may be that a definition names."""
        return NEAREST if self._most >= NEAREST or self._is_home(url) else self._most

    def locate(self, url: str, *, led_by: str) -> Sequence[str]:
        """Return the IP addresses of a host that another leads to; none if the URL gives it, or only a proxy
        knows.

        Raises:
            SourceError: it is nearer than it may be.
        """
        addresses = self._addresses(url)
        found = _nearest(addresses)
        if found > self._limit(url, led_by):
            raise too_near(url, led_by, found)
        return () if _is_number(_host(url)) else addresses

    def pin(self, url: str) -> Sequence[str] | None:
        """Return the only IP addresses at which another program may look for a host, none if the URL gives
        them; or None if the program may look for itself.

        Raises:
            SourceError: the host isn't known, or is nearer than it may be.
        """
        limit, host = self.limit(url), _host(url)
        if limit >= NEAREST:
            return None
        # curl takes a dot at the end off the name that it looks for, and not off those that it is told
        addresses = [] if host.endswith(".") else self._addresses(url)
        if not addresses:
            raise SourceError(f"{display(url)} can't be reached: its host isn't known", fix="Check it.")
        if (found := _nearest(addresses)) > limit:
            raise too_near(url, "", found)
        return () if _is_number(host) else addresses

    def check_proxy(self, url: str, proxy: str) -> None:
        """Refuse to have a proxy ask for what isn't trusted: nobody can tell which address it will take.

        Raises:
            SourceError
        """
        if proxy and self.limit(url) < NEAREST:
            raise PrivateAddressError(
                f"{display(url)} is behind a proxy, and nobody can tell which address that takes",
                fix="List its host in NO_PROXY if it can be reached without the proxy.",
            )

    def _is_home(self, url: str) -> bool:
        try:
            return origin(url) in self._home
        except ValueError:  # whoever asks that host will say so
            return False

    def _limit(self, url: str, led_by: str) -> int:
        return min(self.limit(url), _nearest(self._addresses(led_by)))

    def _addresses(self, url: str) -> Sequence[str]:
        host = _host(url)
        try:
            return [host] if _is_number(host) else self._resolve(host)
        except (OSError, UnicodeError):
            return ()


def too_near(url: str, led_by: str, found: int) -> SourceError:
    """Return the error for a host that is nearer than it may be; `led_by` as for `HostPolicy.check`."""
    if found > NEAREST and not led_by:
        return SourceError(
            f"{display(url)} is where machines get credentials of their own, and no source",
            fix="Name another address.",
        )
    if not led_by:
        return PrivateAddressError(
            f"{display(url)} is on a private network",
            fix="A redirect doesn't lead there from outside, and neither does the pull request of a fork.",
        )
    return PrivateAddressError(
        f"{display(led_by)} leads to {display(url)}, which is on a private network",
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
