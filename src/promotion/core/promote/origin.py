"""Which components of an environment come from a repository."""

from __future__ import annotations

import re

from promotion.core.addresses import without_credentials
from promotion.core.lock.lock import Lock, LockedUnit
from promotion.core.model import GitSource

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?P<path>.+)")


def find_own(lock: Lock, repository: str, server_url: str) -> frozenset[str]:
    """The components, by output path, whose content or version a repository's branch decides.

    They are those that lie in it, and what it names: charts, files, pinned versions of other repositories.
    Other repositories' branches are promoted by themselves.

    Args:
        repository: `owner/name`, or an address.
        server_url: where `owner/name` is.
    """
    wanted = identify(repository, server_url)
    starts = {digest for digest, unit in lock.units.items() if wanted in _list_repositories(unit, server_url)}
    units = _descend(lock, starts, wanted, server_url)
    is_hld = identify(lock.hld.repository, server_url) == wanted
    return frozenset(
        path
        for path, part in lock.components.items()
        if part.unit in units or (identify(part.source, server_url) == wanted if part.source else is_hld)
    )


def identify(address: str, server_url: str) -> str:
    """Host and path of a repository, the same for all the ways to write its address."""
    address = without_credentials(address).rstrip("/").removesuffix(".git").casefold()
    if "://" in address:
        return re.sub(r"^[^/]*@", "", address.partition("://")[2])
    if match := _SCP.fullmatch(address):
        return f"{match['host']}/{match['path']}"
    return f"{server_url.casefold().partition('://')[2].rstrip('/')}/{address}"


def _descend(lock: Lock, starts: set[str], wanted: str, server_url: str) -> set[str]:
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        digest = waiting.pop()
        unit = lock.units.get(digest)
        if digest in found or unit is None:
            continue
        if digest in starts or not _follows_another(unit, wanted, server_url):
            found.add(digest)
            waiting += unit.units
    return found


def _list_repositories(unit: LockedUnit, server_url: str) -> set[str]:
    return {identify(source.url, server_url) for source in unit.answers if isinstance(source, GitSource)}


def _follows_another(unit: LockedUnit, wanted: str, server_url: str) -> bool:
    """Whether a unit is made from a branch of another repository."""
    return any(
        not source.version and identify(source.url, server_url) != wanted
        for source in unit.answers
        if isinstance(source, GitSource)
    )
