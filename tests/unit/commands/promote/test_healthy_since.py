"""Since when an environment has been published, by its deployments' statuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from promotion.commands.promote.healthy_since import DeploymentStatus, describe, judge_health, parse_moment
from promotion.errors import SourceError

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def judge(*record: tuple[str, float], after: float = 24) -> str:
    """The verdict on states with their ages in hours, the newest first."""
    statuses = [DeploymentStatus(state=state, moment=NOW - timedelta(hours=age)) for state, age in record]
    return str(judge_health(iter(statuses), "dev", timedelta(hours=after), NOW) or "")


def test_published_for_long_enough() -> None:
    assert judge(("success", 24)) == ""
    assert judge(("success", 0), after=0) == ""


def test_published_for_too_short_a_time() -> None:
    assert judge(("success", 20)) == (
        "dev is published since 2026-03-09 16:00 UTC and has to be for 24 hours; that is over at "
        "2026-03-10 16:00 UTC"
    )


def test_a_failure_since_then_ends_the_time() -> None:
    assert "has failed" in judge(("failure", 1), ("success", 48))
    assert "has failed" in judge(("error", 1), ("success", 48))


def test_a_failure_begins_the_time_anew() -> None:
    assert "since 2026-03-10 10:00" in judge(("success", 2), ("failure", 3), ("success", 48))


def test_deploying_the_same_again_does_not() -> None:
    record = [("success", 1), ("in_progress", 2), ("inactive", 2), ("success", 30), ("in_progress", 31)]
    assert judge(*record) == ""


def test_one_that_is_under_way_is_waited_for() -> None:
    assert "under way" in judge(("in_progress", 1), ("success", 48))
    assert "under way" in judge(("queued", 1))


def test_one_without_a_word_is_waited_for() -> None:
    assert "nobody has said" in judge()
    assert "nobody has said" in judge(("inactive", 48))


def test_no_more_is_read_than_needed() -> None:
    def record() -> object:
        yield DeploymentStatus(state="success", moment=NOW - timedelta(hours=25))
        raise AssertionError("read on")

    assert judge_health(record(), "dev", timedelta(hours=24), NOW) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (24, "24 hours"),
        (168, "7 days"),
        (1, "1 hour"),
        (1.5, "90 minutes"),
        (0, "0 seconds"),
        (36, "36 hours"),
    ],
)
def test_durations_are_said_in_whole_units(hours: float, words: str) -> None:
    assert describe(timedelta(hours=hours)) == words


def test_moments() -> None:
    assert parse_moment("2026-03-10T12:00:00Z") == NOW
    assert parse_moment("2026-03-10T12:00:00") == NOW
    with pytest.raises(SourceError, match="odd date"):
        parse_moment("yesterday")
