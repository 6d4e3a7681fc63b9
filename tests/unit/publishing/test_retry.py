from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from promotion.common.backoff import PUBLISH
from promotion.errors import BranchMovedError, PromotionError, SourceError
from promotion.publishing.report import Report, ReportedPull
from promotion.publishing.retry import AttemptOutcome, Clock, try_until_done
from promotion.rendering.sources.git_source import GitSource
from support.rollbacks import Console

MOVES = {GitSource(url="https://github.com/acme/hld", branch="dev"): "1" * 40}


def outcome(commit: str = "", *, pull: str = "") -> AttemptOutcome:
    report = Report(
        environment="dev",
        changed=bool(commit),
        dry_run=False,
        hld_repository="https://github.com/acme/hld",
        hld_ref="dev",
        hld_commit="1" * 40,
        manifest_repository="https://github.com/acme/manifests",
        branch="dev",
        commit=commit,
        components=(),
        changes=(),
        pull_request=ReportedPull(number=1, url="", state=pull) if pull else None,
    )
    return AttemptOutcome(report=report, moves=MOVES if commit else {})


def lost(*, is_continued: bool = False) -> BranchMovedError:
    error = BranchMovedError("branch dev moved")
    error.is_continued = is_continued
    return error


class Run:
    """A run whose attempts end as given; its sources move `times` times after a commit of it."""

    def __init__(self, *ends: AttemptOutcome | PromotionError, times: int = 100) -> None:
        self._ends: Iterator[AttemptOutcome | PromotionError] = iter(ends)
        self._moves = iter([True] * times)
        self.may_yield: list[bool] = []
        self.pauses: list[int] = []
        self.console = Console()

    def attempt(self, may_yield: bool) -> AttemptOutcome:
        self.may_yield.append(may_yield)
        end = next(self._ends)
        if isinstance(end, PromotionError):
            raise end
        return end

    def execute(self) -> AttemptOutcome:
        pace = Clock(now=lambda: 0, pause=self.pauses.append)
        console: object = self.console
        return try_until_done(
            self.attempt,
            console,  # type: ignore[arg-type]
            pace,
            start="the sources",
            have_moved=lambda moves: next(self._moves, False),
        )


def test_a_push_that_lost_is_made_again_with_a_pause() -> None:
    run = Run(lost(), lost(is_continued=True), outcome("c" * 40), times=0)
    assert run.execute().report.commit == "c" * 40
    assert run.may_yield == [False, False, True]
    assert run.pauses == [1, 2]
    assert run.console.lines == [
        "The branch moved meanwhile: starting again from the sources (attempt 2)",
        "The branch moved meanwhile: starting again from the sources (attempt 3)",
    ]


def test_sources_that_moved_while_we_pushed_are_looked_at_again() -> None:
    run = Run(outcome("c" * 40), outcome())
    assert run.execute().report.commit == "c" * 40, "the outcome is that of the last push"
    assert run.may_yield == [False, True]
    assert run.console.lines == [
        f"Committed {'c' * 40}, and its sources moved meanwhile: starting again from the sources (attempt 2)"
    ]


def test_a_pull_request_that_is_withdrawn_again_is_the_outcome() -> None:
    withdrawn = outcome(pull="closed")
    assert Run(outcome("c" * 40), withdrawn).execute() is withdrawn


def test_sources_that_never_rest_end_with_the_last_push() -> None:
    commits = [f"{number:040x}" for number in range(PUBLISH.attempts)]
    assert Run(*map(outcome, commits)).execute().report.commit == commits[-1]


@pytest.mark.parametrize("error", [SourceError("the server is away"), lost()])
def test_whoever_has_pushed_does_not_fail_afterwards(error: PromotionError) -> None:
    ends: Sequence[PromotionError] = [error] * PUBLISH.attempts
    run = Run(outcome("c" * 40), *ends)
    assert run.execute().report.commit == "c" * 40
    assert run.console.lines[-1] == (
        f"{'c' * 40} is committed, but whether it is the last can't be told: {error}"
    )


@pytest.mark.parametrize("error", [SourceError("the server is away"), lost()])
def test_whoever_has_not_pushed_fails_with_the_last_error(error: PromotionError) -> None:
    run = Run(*[error] * PUBLISH.attempts)
    with pytest.raises(type(error)) as caught:
        run.execute()
    assert caught.value is error
    assert len(run.may_yield) == (1 if isinstance(error, SourceError) else PUBLISH.attempts)
