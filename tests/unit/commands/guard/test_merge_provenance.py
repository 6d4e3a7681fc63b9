"""GitHub's record of how a branch was moved."""

from __future__ import annotations

import pytest

from promotion.commands.guard.merge_provenance import find_move, is_merge

BEFORE, AFTER = "1" * 40, "2" * 40


def move(kind: str = "push", **other: str) -> dict[str, str]:
    return {"ref": "refs/heads/stage", "before": BEFORE, "after": AFTER, "activity_type": kind, **other}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("pr_merge", True),
        ("merge_queue_merge", True),
        ("push", False),
        ("force_push", False),
        ("branch_creation", False),
        ("a_kind_of_tomorrow", False),
        ("", False),
    ],
)
def test_what_is_a_merge_by_github(kind: str, expected: bool) -> None:
    assert is_merge(find_move([move(kind)], "stage", BEFORE, AFTER)) is expected


@pytest.mark.parametrize(
    "other", [{"ref": "refs/heads/prod"}, {"ref": "refs/tags/stage"}, {"before": AFTER}, {"after": BEFORE}]
)
def test_another_move_says_nothing_about_this_one(other: dict[str, str]) -> None:
    assert find_move([move("pr_merge", **other)], "stage", BEFORE, AFTER) == ""


def test_the_newest_of_two_counts() -> None:
    assert find_move([move("push"), move("pr_merge")], "stage", BEFORE, AFTER) == "push"
