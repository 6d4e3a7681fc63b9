from __future__ import annotations

import pytest

from promotion.common.ages import age, iso, moment, short_age


@pytest.mark.parametrize(
    ("seconds", "text", "short"),
    [
        (-5, "0 minutes", "0m"),
        (59, "0 minutes", "0m"),
        (60, "1 minute", "1m"),
        (7_199, "1 hour", "1h"),
        (2 * 86_400, "2 days", "2d"),
        (800 * 86_400, "2 years", "2y"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, text: str, short: str) -> None:
    assert (age(seconds), short_age(seconds)) == (text, short)


def test_times_are_told_in_utc_and_impossible_ones_without_a_crash() -> None:
    assert moment(1_700_000_000) == "2023-11-14 22:13 UTC"
    assert iso(1_700_000_000) == "2023-11-14T22:13:20Z"
    assert (moment(10**20), iso(10**20)) == (str(10**20), "")
