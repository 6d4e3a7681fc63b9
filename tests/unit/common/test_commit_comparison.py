"""Commits as the compare API lists them."""

from __future__ import annotations

from typing import Any

import pytest

from promotion.common.commit_comparison import parse_comparison

COMMIT: dict[str, Any] = {
    "sha": "1" * 40,
    "parents": [],
    "author": None,
    "committer": {"login": "web-flow"},
    "commit": {"message": "A", "author": {"name": "Ada"}, "verification": {"verified": True}},
}


def parse(**changes: Any) -> Any:
    data = {"status": "ahead", "ahead_by": 1, "total_commits": 1, "commits": [{**COMMIT, **changes}]}
    return parse_comparison(data).commits[0]


def test_a_commit_that_github_signed() -> None:
    assert parse().is_signed_by_github


@pytest.mark.parametrize(
    "changes",
    [
        {"committer": {"login": "eve"}},
        {"committer": None},  # somebody whose name in the commit is GitHub's
        {"commit": {**COMMIT["commit"], "verification": {"verified": False, "reason": "bad_email"}}},
        {"commit": {**COMMIT["commit"], "verification": {"verified": "true"}}},
        {"commit": {**COMMIT["commit"], "verification": None}},
    ],
)
def test_a_commit_that_it_did_not(changes: dict[str, Any]) -> None:
    assert not parse(**changes).is_signed_by_github


def test_a_tree_that_is_not_told_is_no_tree() -> None:
    assert parse().tree == ""
    assert parse(commit={**COMMIT["commit"], "tree": {"sha": "4b825dc"}}).tree == "4b825dc"


def test_what_is_counted_and_not_listed_is_missing() -> None:
    data = {"status": "ahead", "ahead_by": 3, "total_commits": 3, "commits": [COMMIT]}
    assert parse_comparison(data).missing == 2
