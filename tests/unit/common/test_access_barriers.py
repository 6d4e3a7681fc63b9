"""GitHub's own sentences, and what helps."""

from __future__ import annotations

import pytest

from promotion.common.access_barriers import find_way
from support.github_sentences import SENTENCES

RIGHTS = (
    "Resource not accessible by integration",
    "Resource not accessible by personal access token",
    "Must have admin rights to Repository.",
    "Permission to acme/cats.git denied to bot.",
    "",
)


@pytest.mark.parametrize(("said", "way"), SENTENCES.items())
def test_each_barrier_has_a_way_of_its_own(said: str, way: str) -> None:
    found = find_way(said)
    assert found is not None
    assert way in found
    assert "permissions:" not in found


@pytest.mark.parametrize("said", RIGHTS)
def test_a_missing_right_is_no_barrier(said: str) -> None:
    assert find_way(said) is None
