"""How long the pauses between attempts are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util.retry import RequestHistory, Retry

from promotion.common.backoff import GITHUB_API, RETRIES, Backoff

DOUBLING = Backoff(attempts=5, first_pause=1, longest_pause=6)
every_retry = pytest.mark.parametrize("backoff", RETRIES.values(), ids=RETRIES)


def test_pauses_double_up_to_the_longest() -> None:
    assert DOUBLING.pauses() == [1, 2, 4, 6]


def test_one_attempt_has_no_pause() -> None:
    assert Backoff(attempts=1, first_pause=1).pauses() == []


def test_chance_chooses_between_two_shares_of_a_pause() -> None:
    backoff = replace(DOUBLING, jitter=(0.5, 1.5))
    assert [backoff.pause_after(2, chance) for chance in (0, 0.5, 1)] == [1, 2, 3]


def test_a_pause_is_not_below_the_shortest() -> None:
    assert replace(DOUBLING, jitter=(0, 1), shortest_pause=0.25).pauses() == [0.25] * 4


def test_the_first_retry_may_come_at_once() -> None:
    assert replace(DOUBLING, first_at_once=True).pauses() == [0, 2, 4, 6]


@every_retry
@given(chance=st.floats(0, 1, exclude_max=True))
def test_pauses_never_get_shorter_and_stay_within_their_bounds(backoff: Backoff, chance: float) -> None:
    pauses = backoff.pauses(chance)
    assert len(pauses) == backoff.attempts - 1
    assert pauses == sorted(pauses)
    assert all(low <= pause <= high for low, pause, high in zip(
        backoff.pauses(0), pauses, backoff.pauses(1), strict=True
    ))  # fmt: skip


def test_the_pauses_of_requests_to_github_are_those_that_urllib3_makes() -> None:
    retry = Retry(
        total=GITHUB_API.attempts - 1,
        backoff_factor=GITHUB_API.first_pause,
        backoff_max=GITHUB_API.longest_pause,
    )
    failures = [RequestHistory("GET", "/", None, 503, None)] * (GITHUB_API.attempts - 1)
    made = [
        retry.new(history=tuple(failures[: number + 1])).get_backoff_time() for number in range(len(failures))
    ]
    assert made == GITHUB_API.pauses()


class TestPoll:
    def test_it_asks_until_there_is_an_answer(self) -> None:
        answers, waited = iter([None, None, "here"]), list[float]()
        assert DOUBLING.poll(lambda: next(answers), waited.append) == "here"
        assert waited == [1, 2]

    def test_it_gives_up_after_the_last_attempt_without_another_pause(self) -> None:
        waited: list[float] = []
        assert DOUBLING.poll(lambda: None, waited.append) is None
        assert waited == [1, 2, 4, 6]
