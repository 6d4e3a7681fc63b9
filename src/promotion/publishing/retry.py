"""Attempts to publish: how many there are, and when to make another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from promotion.common.backoff import PUBLISH
from promotion.common.console import Console
from promotion.errors import BranchMovedError, PromotionError
from promotion.publishing.publishing_tools import PublishingTools
from promotion.publishing.report import Report
from promotion.rendering.definition.source_fetching import WORKERS, ask_all
from promotion.rendering.sources.source_interface import Source

ATTEMPTS = PUBLISH.attempts


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time for a run: `now` in seconds since 1970; `pause` waits before the given attempt."""

    now: Callable[[], int]
    pause: Callable[[int], None]


def try_until_done(
    attempt: Callable[[int, bool], tuple[Report, Mapping[Source, str]]],
    open_tools: Callable[[], AbstractContextManager[PublishingTools]],
    console: Console,
    pace: Clock,
) -> Report:
    """Return the report of the last attempt that pushed, or that had nothing to do."""
    pushed: Report | None = None
    may_yield = False
    for number in range(1, ATTEMPTS + 1):
        try:
            report, moves = attempt(pace.now(), may_yield)
            if not report.commit:
                return report if pushed is None or report.is_withdrawn else pushed
            pushed, may_yield = report, True
            if number == ATTEMPTS or not _have_moved(moves, open_tools):
                return pushed
            why = f"Committed {report.commit}, and its sources moved meanwhile"
        except BranchMovedError as error:
            if number == ATTEMPTS:
                return _settle(pushed, error, console)
            may_yield = error.is_continued
            why = "The branch moved meanwhile"
        except PromotionError as error:
            return _settle(pushed, error, console)
        console.info(f"{why}: starting again from the sources (attempt {number + 1})")
        pace.pause(number)
    raise AssertionError("the last attempt either returns or raises")


def _settle(pushed: Report | None, error: PromotionError, console: Console) -> Report:
    """Return the report after a failed attempt: that of an earlier commit; else raise the error."""
    if pushed is None:
        raise error
    console.warning(f"{pushed.commit} is committed, but whether it is the last can't be told: {error}")
    return pushed


def _have_moved(
    moves: Mapping[Source, str], open_tools: Callable[[], AbstractContextManager[PublishingTools]]
) -> bool:
    """Return whether sources have moved since they gave these answers, or can't be asked."""
    if not moves:
        return False
    with open_tools() as tools:
        return ask_all([*moves], tools.fetcher, WORKERS) != moves
