"""Do several things at once, with the same outcome as one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


def map_in_order(function: Callable[[_T], _R], items: Sequence[_T], workers: int) -> list[_R]:
    """Call a function on each item, and return the results in the items' order.

    Where calls fail, the first error in that order is raised, whichever came first in time; calls that
    haven't begun then are left out, those that have are waited for.
    """
    if len(items) < 2 or workers < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(min(workers, len(items))) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
