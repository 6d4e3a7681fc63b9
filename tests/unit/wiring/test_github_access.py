"""Which repositories a command asks GitHub for."""

from __future__ import annotations

import pytest

from promotion.errors import UsageError
from promotion.wiring.github_access import check_repository


@pytest.mark.parametrize("name", ["acme/..", "../user", "acme/.", "acme", "acme/cat/x", "acme/cat?x"])
def test_only_names_of_repositories_stand_in_a_path(name: str) -> None:
    with pytest.raises(UsageError, match="is no repository"):
        check_repository(name)


def test_a_missing_repository_is_asked_for() -> None:
    with pytest.raises(UsageError, match="the repository is missing") as refused:
        check_repository("")
    assert "--repository" in refused.value.fix


def test_names_are_taken_as_they_are() -> None:
    assert check_repository("acme/.github") == "acme/.github"
