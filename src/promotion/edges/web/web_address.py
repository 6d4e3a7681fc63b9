"""What web addresses say: who is asked, with which credentials, and how far away that is."""

from __future__ import annotations

import base64
import ipaddress
import re
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from promotion.errors import SourceError

PORTS = {"http": 80, "https": 443}
# All that isn't private or special is in it (IANA: IPv6 global unicast), whatever Python says of the rest.
_WORLD = ipaddress.ip_network("2000::/3")
# How IPv4 addresses are written as IPv6 ones: NAT64's well-known prefix and that for local use (RFC 6052 and
# 8215), the old compatible form (RFC 4291), and the translated one (RFC 2765).
_WRAPPERS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")))
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")  # RFC 6890
# Of Amazon by IPv6, Google by IPv6, Azure (where GitHub's own runners are), Alibaba.
_METADATA = ("fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "100.100.100.200")


def display(url: str) -> str:
    """Return an address fit for messages: no user, no password, and no query, which may hold a signature."""
    scheme, separator, rest = url.partition("://")
    rest = re.sub(r"^[^/?#]*@", "", rest).partition("#")[0]
    path, question, _ = rest.partition("?")
    return f"{scheme}{separator}{path}" + ("?…" if question else "")


def split_credentials(url: str) -> tuple[str, str]:
    """Return an address without its user and password, and these as `user:password` (empty if there are
    none).

    Raises:
        SourceError: it is no http or https address.
    """
    try:
        parts = urlsplit(url.strip())
        is_valid = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        # a password may stand anywhere before an `@`, with slashes in it as well
        shown = display(re.sub(r"^([A-Za-z0-9+.-]*://|).*[@\uff20]", r"\1", url, flags=re.DOTALL))
        raise SourceError(f"{shown} isn't a web address", fix="Write it as https://host/path.")
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host, fragment="")), unquote(user)


def join(base: str, reference: str) -> str:
    """Return the address that a server at another one names, relative or not.

    Raises:
        SourceError: it can't be one.
    """
    try:
        joined = urljoin(base, reference)
        urlsplit(joined).port  # noqa: B018  is read late, and may be none
    except ValueError:
        raise SourceError(
            f"{display(base)} leads to {display(reference)!r}, which is no address",
            fix="Ask who runs its server.",
        ) from None
    return joined


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port: who gets a request."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0)


def is_same_site(one: str, other: str) -> bool:
    """Return whether one owner may be taken to run both servers: of one origin, or named below one domain, as
    registry.example.com and auth.example.com are.
    """
    if origin(one) == origin(other):
        return True
    names = [(urlsplit(url).hostname or "").lower().split(".") for url in (one, other)]
    are_names = all(len(name) > 1 and not name[-1].isdigit() and ":" not in name[0] for name in names)
    return are_names and names[0][-2:] == names[1][-2:]


def authorization(token: str) -> bytes:
    """Return the header for a token: Basic for `user:password`, else Bearer. Empty without a token.

    Raises:
        SourceError: the token has line breaks or control characters in it.
    """
    text = token.strip()
    if not text:
        return b""
    if not text.isprintable():
        raise SourceError("a token has control characters in it", fix="Copy it to the secret again.")
    encoded = text.encode()
    return b"Basic " + base64.b64encode(encoded) if ":" in text else b"Bearer " + encoded


def split_exceptions(names: str) -> list[str]:
    """Return the entries of `NO_PROXY`: commas part them, or blanks, as for curl (lib/noproxy.c)."""
    return names.replace(",", " ").split()


def is_excepted(url: str, names: str) -> bool:
    """Return whether `NO_PROXY` lists an address: by host, domain (`a.b`, `.a.b` or `*.a.b`) or IP address
    (in brackets or not), each with a port or without, by network, or by `*`.

    What curl or Go reads counts (curl, lib/noproxy.c; golang.org/x/net/http/httpproxy, `config.init`).
    """
    _, host, port = origin(url)
    return any(_is_listed(entry.lower(), host.rstrip("."), port) for entry in split_exceptions(names))


def _is_listed(entry: str, host: str, port: int) -> bool:
    if entry == "*" or _is_in(host, entry):
        return True
    name = entry.removesuffix(f":{port}") if entry.count(":") == 1 or "]:" in entry else entry
    if name.startswith("["):
        return _is_in(host, name[1:].removesuffix("]"))
    if _is_in(host, name):
        return True
    domain = name.removeprefix("*.").strip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _is_in(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network)
    except ValueError:
        return False


def nearness(address: str) -> int:
    """Return how near to this machine an IP address is: 0 public, 1 private, 2 this machine, 3 link-local.

    The last holds the metadata services of cloud machines, which hand out credentials; those that have other
    addresses count as well. An IPv4 address that is wrapped in an IPv6 one counts as itself.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or _translated(ip) or ip
    if ip.is_link_local or str(ip) in _METADATA:
        return 3
    if ip.is_loopback or ip.is_unspecified:
        return 2
    if isinstance(ip, ipaddress.IPv4Address):
        return 0 if ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS else 1
    return 0 if ip.is_global and ip in _WORLD else 1


def _translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that is written as an IPv6 one; None where it is none."""
    if ip.is_loopback or ip.is_unspecified or not any(ip in wrapper for wrapper in _WRAPPERS):
        return None
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
