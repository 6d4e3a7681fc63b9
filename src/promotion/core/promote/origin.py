"""Which components of an environment come from a repository."""

from __future__ import annotations

from collections.abc import Callable

from promotion.core.addresses import name_on
from promotion.core.lock.lock import Lock, LockedUnit
from promotion.core.model import GitSource


def find_own(lock: Lock, repository: str, server_url: str) -> frozenset[str]:
    """The components, by output path, whose content or version a repository's branch decides.

    They are those that lie in it, and what it names: charts, files, pinned versions of other repositories.
    Other repositories' branches are promoted by themselves.

    Args:
        repository: `owner/name`.
        server_url: where that is.
    """

    def is_own(address: str) -> bool:
        return name_on(server_url, address).casefold() == repository.casefold()

    units = _descend(lock, is_own)
    is_hld = is_own(lock.hld.repository)
    return frozenset(
        path
        for path, part in lock.components.items()
        if part.unit in units or (is_own(part.source) if part.source else is_hld)
    )


def _descend(lock: Lock, is_own: Callable[[str], bool]) -> set[str]:
    """The units made from the repository, and those in them that follow no other one's branch."""
    found: set[str] = set()
    starts = {digest for digest, unit in lock.units.items() if any(map(is_own, _list_repositories(unit)))}
    waiting = list(starts)
    while waiting:
        digest = waiting.pop()
        unit = lock.units.get(digest)
        if digest in found or unit is None:
            continue
        if digest in starts or not any(_list_repositories(unit, pinned=False)):
            found.add(digest)
            waiting += unit.units
    return found


def _list_repositories(unit: LockedUnit, *, pinned: bool = True) -> list[str]:
    """The addresses of the repositories that decide a unit, with those at a fixed version or without."""
    sources = (source for source in unit.answers if isinstance(source, GitSource))
    return [source.url for source in sources if pinned or not source.version]
