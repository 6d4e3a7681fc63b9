"""Attempts to publish: when to make another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TypeVar

from promotion.common.backoff import PUBLISH
from promotion.common.console import Console
from promotion.common.lazy_dataclass import dataclass
from promotion.errors import BranchMovedError, PromotionError
from promotion.publishing.report import Report
from promotion.rendering.sources.source_interface import Source


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time for a run: `now` in seconds since 1970; `pause` waits before the given attempt."""

    now: Callable[[], int]
    pause: Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class AttemptOutcome:
    """The outcome of an attempt. `moves` are the sources of its commit with their revisions at that time."""

    report: Report
    moves: Mapping[Source, str] = field(default_factory=dict)


_Outcome = TypeVar("_Outcome", bound=AttemptOutcome)


def try_until_done(
    attempt: Callable[[bool], _Outcome],
    console: Console,
    pace: Clock,
    *,
    start: str,
    have_moved: Callable[[Mapping[Source, str]], bool] = lambda _: False,
) -> _Outcome:
    """Return the outcome of the last attempt that pushed, or that had nothing to do.

    Another one follows when the branch moves meanwhile, and when sources have moved after a push.

    Args:
        attempt: makes one, and is told whether it may yield to another run that pushes before it.
        start: what each begins from, as `the sources`.
        have_moved: says whether sources give other answers than these by now.

    Raises:
        PromotionError: why nothing could be pushed.
    """
    pushed: _Outcome | None = None
    may_yield = False
    for number in range(1, PUBLISH.attempts + 1):
        is_last = number == PUBLISH.attempts
        try:
            outcome = attempt(may_yield)
            if not outcome.report.commit:
                return outcome if pushed is None or outcome.report.is_withdrawn else pushed
            pushed, may_yield = outcome, True
            if is_last or not outcome.moves or not have_moved(outcome.moves):
                return outcome
            why = f"Committed {outcome.report.commit}, and its sources moved meanwhile"
        except BranchMovedError as error:
            if is_last:
                return _settle(pushed, error, console)
            may_yield = error.is_continued
            why = "The branch moved meanwhile"
        except PromotionError as error:
            return _settle(pushed, error, console)
        console.info(f"{why}: starting again from {start} (attempt {number + 1})")
        pace.pause(number)
    raise AssertionError("the last attempt either returns or raises")


def _settle(pushed: _Outcome | None, error: PromotionError, console: Console) -> _Outcome:
    """Return the outcome after a failed attempt: that of an earlier commit; else raise the error."""
    if pushed is None:
        raise error
    commit = pushed.report.commit
    console.warning(f"{commit} is committed, but whether it is the last can't be told: {error}")
    return pushed
