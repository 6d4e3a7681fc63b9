"""Ways through the commits that the compare API lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from promotion.common.commit_comparison import ComparedCommit

_MERGED = re.compile(r"Merge pull request #([1-9]\d*) from ")
_SQUASHED = re.compile(r".*\(#([1-9]\d*)\)")


def read_pull_number(commit: ComparedCommit) -> int | None:
    """Return the pull request that the message names: only a hint, since anyone can write such a message."""
    found = _MERGED.match(commit.title) or _SQUASHED.fullmatch(commit.title)
    return int(found[1]) if found else None


def reachable(start: str, commits: Mapping[str, ComparedCommit]) -> set[str]:
    """Return the given commits that can be reached from `start`, including itself."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        sha = waiting.pop()
        if sha in commits and sha not in found:
            found.add(sha)
            waiting += commits[sha].parents
    return found


def mainline(head: str, commits: Mapping[str, ComparedCommit]) -> Sequence[ComparedCommit]:
    """Return the first-parent chain from the head back to where the given commits end."""
    chain: list[ComparedCommit] = []
    sha = head
    while sha in commits and len(chain) < len(commits):
        chain.append(commits[sha])
        sha = commits[sha].parents[0] if commits[sha].parents else ""
    return chain
