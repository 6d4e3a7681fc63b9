"""Chart repositories of Helm 2's days that are somewhere else now.

Their old places are gone since November 2020 (https://helm.sh/blog/new-location-stable-incubator-charts/).
"""

from __future__ import annotations

import re

_OLD = re.compile(
    r"https?://(?:kubernetes-charts(?P<host>-incubator)?\.storage\.googleapis\.com"
    r"|storage\.googleapis\.com/kubernetes-charts(?P<path>-incubator)?)/*",
    re.IGNORECASE,
)


def find_new_address(repository: str) -> str:
    """Return where the repository `stable` or `incubator` is now; empty for any other address."""
    found = _OLD.fullmatch(repository)
    if not found:
        return ""
    return "https://charts.helm.sh/" + ("incubator" if found["host"] or found["path"] else "stable")
