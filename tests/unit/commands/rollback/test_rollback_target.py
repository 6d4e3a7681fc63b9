"""Which commit is meant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.commands.rollback.rollback_target import check_target, find_target
from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.errors import PromotionError, PublishError, UsageError

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())
IDS = ["abcdef0" + "1" * 33, "abcdef0" + "2" * 33, "3" * 40]
COMMITS = {
    IDS[0]: PastCommit(id=IDS[0], time=NOON - 7200),
    IDS[1]: PastCommit(id=IDS[1], time=NOON - 3600, parents=(IDS[0],)),
    IDS[2]: PastCommit(id=IDS[2], time=NOON, parents=(IDS[1],)),
}
HISTORY = CommitHistory(tip=IDS[2], commits=COMMITS)


@pytest.mark.parametrize(
    ("to", "number"),
    [
        (IDS[0], 0),
        ("3333333", 2),
        (" ABCDEF02 ", 1),
        ("2026-03-01T11:00:00Z", 1),
        ("2026-03-01t11:00:00z", 1),
        ("2026-03-01T10:59:59", 0),
        ("2026-03-01 12:30+01:00", 1),
        ("1h", 1),
        ("3599s", 1),
        ("90m", 0),
        ("0d", 2),
    ],
)
def test_by_id_or_time(to: str, number: int) -> None:
    assert find_target(HISTORY, to, NOON).id == IDS[number]


@pytest.mark.parametrize(
    "to", ["yesterday", "abc", "-1h", "2 fortnights", "2026-13-01", "HEAD~1", "abcdef0", "2026-03-02"]
)
def test_what_means_nothing_or_several_is_a_wrong_input(to: str) -> None:
    with pytest.raises(UsageError, match="input to is"):
        find_target(HISTORY, to, NOON)


def test_what_is_not_in_the_history() -> None:
    with pytest.raises(PublishError, match="no commit 4444444"):
        find_target(HISTORY, "4444444", NOON)
    with pytest.raises(
        PublishError, match=r"at or before 2026-02-28T00:00:00Z.*begins at 2026-03-01T10:00:00Z"
    ):
        find_target(HISTORY, "2026-02-28", NOON)
    with pytest.raises(PublishError, match="doesn't exist"):
        find_target(CommitHistory(), "1h", NOON)


def test_what_is_no_commit_and_no_time_that_was_is_refused_without_a_history() -> None:
    for to in ("abcdef0", "2h", "2026-03-01T12:00Z"):
        check_target(to, NOON)
    with pytest.raises(UsageError, match="input to is 'yesterday'"):
        check_target("yesterday", NOON)
    with pytest.raises(UsageError, match="still to come: it is 2026-03-01T12:00:00Z"):
        check_target("2026-03-01T12:01Z", NOON)


def test_a_time_never_means_what_a_merge_brought_in() -> None:
    merged = PastCommit(id="4" * 40, time=NOON, parents=(IDS[0], IDS[1]))
    history = CommitHistory(tip=merged.id, commits={**COMMITS, merged.id: merged})
    assert find_target(history, "30m", NOON).id == IDS[0]
    assert find_target(history, IDS[1], NOON).id == IDS[1]


@given(st.text(max_size=30), st.integers(0, 2**33))
def test_any_text_gives_a_commit_or_our_own_error(to: str, now: int) -> None:
    try:
        assert find_target(HISTORY, to, now).id in IDS
    except PromotionError as error:
        assert error.what
