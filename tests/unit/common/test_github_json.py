"""What is read of GitHub's pull requests."""

from __future__ import annotations

from typing import Any

import pytest

from promotion.common.github_json import (
    PullSummary,
    UnexpectedAnswerError,
    parse_pull_summary,
    require_field,
)


def test_a_pull_request_in_short() -> None:
    data = {
        "number": 7,
        "html_url": "https://github.com/acme/hld/pull/7",
        "title": "Promote",
        "body": None,
        "head": {"sha": "abc", "ref": "dev"},
        "base": {"ref": "stage"},
        "merged_at": "2020-01-01T00:00:00Z",
        "auto_merge": {"merge_method": "merge"},
        "node_id": "PR_1",
    }
    assert parse_pull_summary(data) == PullSummary(
        number=7,
        head_commit="abc",
        base_branch="stage",
        url="https://github.com/acme/hld/pull/7",
        title="Promote",
        is_merged=True,
        has_auto_merge=True,
        node_id="PR_1",
    )


@pytest.mark.parametrize("more", [{}, {"head": None, "base": "stage", "auto_merge": None}])
def test_only_its_number_has_to_be_there(more: dict[str, Any]) -> None:
    assert parse_pull_summary({"number": 7, **more}) == PullSummary(number=7)
    with pytest.raises(UnexpectedAnswerError, match="no number"):
        parse_pull_summary({"title": "Promote", **more})


def test_who_needs_a_field_says_so() -> None:
    assert require_field("abc", "head.sha") == "abc"
    with pytest.raises(UnexpectedAnswerError, match=r"GitHub's answer has no head\.sha"):
        require_field("", "head.sha")
