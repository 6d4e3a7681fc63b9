"""Which third of a large set of samples a run takes (`SAMPLE_THIRD`: 0, 1 or 2; without it, all).

CI takes one that the commit's id chooses, so three commits in a row see about all. `make` targets take all.
"""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import pytest

MARK = "samples"
Sample = TypeVar("Sample")
_FEW = 6  # cases of one test that each stand for something of their own


def take_third(items: Sequence[pytest.Item], third: str | None = None) -> list[pytest.Item]:
    """Return what a run takes of the tests: of each that is marked `samples` and has many cases, a third."""
    third = os.environ.get("SAMPLE_THIRD") if third is None else third
    if not third:
        return list(items)
    families = defaultdict[str, list[str]](list)
    for item in items:
        if item.get_closest_marker(MARK):
            families[item.nodeid.partition("[")[0]].append(item.nodeid)
    # Cases are in the order of several lists: every third of them would be of the same kind.
    shuffled = [sorted(family, key=_digest) for family in families.values() if len(family) >= _FEW]
    taken = {name for family in shuffled for name in family[int(third) :: 3]}
    left = {name for family in shuffled for name in family} - taken
    return [item for item in items if item.nodeid not in left]


def take_every_third(samples: Sequence[Sample], third: str | None = None) -> Sequence[Sample]:
    """Return what a run takes of samples that one test goes through."""
    third = os.environ.get("SAMPLE_THIRD") if third is None else third
    return samples[int(third) :: 3] if third else samples


def _digest(name: str) -> int:
    return zlib.crc32(name.encode())
