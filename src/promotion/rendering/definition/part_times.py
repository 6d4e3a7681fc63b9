"""The time that each part of a definition has for all that it asks, fetches and renders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import inf
from typing import Protocol, TypeVar

from promotion.common.parallel import map_in_order
from promotion.common.phrases import name_input, say
from promotion.common.settings import Settings
from promotion.errors import PartLimitError, UsageError

# A job ends after six hours (https://docs.github.com/en/actions/reference/limits).
_LONGEST_JOB = 6 * 60 * 60  # seconds

_T = TypeVar("_T")
_R = TypeVar("_R")


class PartTimes(Protocol):
    """Measures what parts take. It is counted while anything of a part is under way, for several at once
    only once. The part without a name, which is nobody's, has all the time that there is.
    """

    limit: float

    def spending(self, part: str) -> AbstractContextManager[float]:
        """Open a stretch of a part's time; it gives the seconds that are left."""

    def map(
        self,
        function: Callable[[_T], _R],
        items: Sequence[_T],
        *,
        parts_of: Callable[[_T], Sequence[str]],
        late: Callable[[_T, float], _R],
        workers: int,
    ) -> list[_R]:
        """Call a function on each item, many at once, and return the results in the items' order.

        No part can keep the others waiting: each gets its turn, and what waits for a server takes no worker.
        When the time of all of an item's parts is up, it is left alone, and so is what it does later. The
        function must change nothing but by its result.

        Args:
            parts_of: whose time an item takes.
            late: gives the result of an item that was left, after so many seconds.

        Raises:
            Exception: the first in the items' order, as of `map_in_order`.
        """

    def watch(self, work: Callable[[Callable[[str], object]], _R], late: Callable[[str], Exception]) -> _R:
        """Return what some work gives, which says each time whose turn it is.

        Raises:
            Exception: what `late` gives for a part, when its time is up; the work is left alone then.
        """


class EndlessTimes:
    """Parts have all the time that they take."""

    limit = inf

    def spending(self, part: str) -> AbstractContextManager[float]:  # noqa: ARG002
        """Open nothing; as of `PartTimes`."""
        return nullcontext(inf)

    def map(
        self,
        function: Callable[[_T], _R],
        items: Sequence[_T],
        *,
        parts_of: Callable[[_T], Sequence[str]],  # noqa: ARG002
        late: Callable[[_T, float], _R],  # noqa: ARG002
        workers: int,
    ) -> list[_R]:
        """Do as `map_in_order`; arguments as of `PartTimes`."""
        return map_in_order(function, items, workers)

    def watch(
        self,
        work: Callable[[Callable[[str], object]], _R],
        late: Callable[[str], Exception],  # noqa: ARG002
    ) -> _R:
        """Return what the work gives; arguments as of `PartTimes`."""
        return work(str)


ENDLESS = EndlessTimes()


def make_overdue(what: str, part: str, limit: float, *, is_passing: bool = True) -> PartLimitError:
    """Return the error for a part whose time is up.

    Args:
        what: what it was about then, as `https://git.test/a hasn't answered yet`.
        limit: seconds that a part has.
        is_passing: as of `PartLimitError`.
    """
    return PartLimitError(
        f"{what}, and {part} has used up the {limit:g} s for all that it asks, fetches and renders",
        part=part,
        fix=say("Look at what takes so long. {part-timeout} gives each part more time."),
        is_passing=is_passing,
    )


def read_part_timeout(settings: Settings) -> float:
    """Return the seconds that each part has.

    Raises:
        UsageError: the input isn't a whole number of seconds, or no job of GitHub's takes as many.
    """
    text = settings.text("part-timeout")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _LONGEST_JOB):
        raise UsageError(
            say("{} is {}", name_input("part-timeout"), repr(text)),
            fix=f"It is a number of seconds, from 1 to {_LONGEST_JOB}.",
        )
    return float(text)
