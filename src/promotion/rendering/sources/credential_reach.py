"""How far our credentials go: whether they may be sent for a source, by who names it.

Each kind of source has its reach among its fields, so that two readers of one address with different rights
are two sources: they are asked, fetched, kept and written into the lock apart, and none gets what another's
credential has opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import unquote

_PORTS = {"http": "80", "https": "443", "oci": "443", "ssh": "22"}
_SCP = re.compile(r"(?P<user>[\w.+-]+)@(?P<host>[\w.-]+):(?P<path>[^:@]*)", re.ASCII)
_HOST = re.compile(r"[a-z0-9_*?.-]+|\[[0-9a-f:.*?]+\]")
_USER = re.compile(r"[\w.+*?-]*", re.ASCII)
# RFC 3986, section 2.3: to write these in percents changes nothing. What else is in percents stays apart.
_UNRESERVED = re.compile(r"%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])")
_STRANGE = re.compile(r"[\x00-\x20\x7f\\#%\u0080-\U0010ffff]")


class Reach(StrEnum):
    """Whether credentials of ours go to a source."""

    OWN = ""
    """The definition's own files name it: they do."""
    ALLOWED = "allowed"
    """A part names it and may: they do, but don't follow to where its server says that it has moved."""
    PUBLIC = "public"
    """A part names it, and nobody allows it: it is asked for as anybody may."""

    @classmethod
    def parse(cls, text: str) -> Reach:
        """Return the reach of this name; PUBLIC for a name that we don't know."""
        return cls(text) if text in tuple(cls) else cls.PUBLIC


def may_use_credential(address: str, own: str, allowed: Iterable[str]) -> bool:
    """Return whether our credentials may go to an address that a part names.

    Args:
        address: as the part names it, in full.
        own: the address of the part's own repository; empty if it has none.
        allowed: patterns of addresses (`promotion.common.branch_patterns`).
    """
    plain = normalise_address(address)
    if not plain:
        return False
    from promotion.common.branch_patterns import matches  # who only reads a lock needs none

    patterns = (normalise_address(pattern, is_pattern=True) for pattern in allowed)
    is_own = bool(own) and plain == normalise_address(own)
    return is_own or any(pattern and matches(pattern, plain) for pattern in patterns)


def normalise_address(address: str, *, is_pattern: bool = False) -> str:
    """Return the one spelling of a repository's address; empty for one that no credential is for.

    Scheme and host are in lower case, and a usual port, `.git`, a slash at the end, and the user before the
    host are left out; ssh keeps its user. `user@host:path` is `ssh://user@host/path`. The case of the path
    counts, as it does for git. Refused are a path with `.`, `..` or nothing between two slashes, blanks,
    backslashes, queries, fragments, letters that aren't ASCII, and percents that stand for more than
    themselves: who can tell what a server makes of them?

    Args:
        is_pattern: whether `*` and `?` are patterns; `**` isn't one in a host, for it would reach past it.
    """
    if not is_pattern and ("?" in address or "*" in address):
        return ""
    if "://" not in address:
        found = _SCP.fullmatch(address)
        if not found:
            return ""
        address = f"ssh://{found['user']}@{found['host']}/{found['path'].removeprefix('/')}"
    scheme, _, rest = address.partition("://")
    authority, _, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    scheme = scheme.lower().removeprefix("git+")
    path = _UNRESERVED.sub(lambda found: unquote(found.group()), path).rstrip("/").removesuffix(".git")
    user = user if scheme == "ssh" and at else ""
    host = _normalise_host(host.lower(), scheme)
    if not host or "**" in user + host or _STRANGE.search(path) or not _USER.fullmatch(user):
        return ""
    if path and any(name in ("", ".", "..") for name in path.split("/")):
        return ""
    return f"{scheme}://{f'{user}@' if user else ''}{host}/{path}"


def _normalise_host(host: str, scheme: str) -> str:
    """Return host and port, without a usual port; empty if they can't be right."""
    if scheme not in _PORTS:
        return ""
    name, colon, port = host.rpartition(":") if re.search(r":[0-9*?]*$", host) else (host, "", "")
    if not _HOST.fullmatch(name):
        return ""
    return name if port in ("", _PORTS[scheme]) or not colon else f"{name}:{port}"
