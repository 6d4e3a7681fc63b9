"""Tests for ids of commits and their pages."""

from __future__ import annotations

import pytest

from promotion.common.git_ids import abbreviate, commit_url, is_absent, is_commit, short_sha

SHA1, SHA256 = "0123456789abcdef0123456789abcdef01234567", "0123456789abcdef" * 4


@pytest.mark.parametrize("text", [SHA1, SHA256])
def test_a_whole_id_is_a_commit(text: str) -> None:
    assert is_commit(text)


@pytest.mark.parametrize("text", ["", SHA1[:12], SHA1[:-1], f"{SHA1}0", SHA1.upper(), f"{SHA1}\n", "main"])
def test_anything_else_is_none(text: str) -> None:
    assert not is_commit(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("0" * 40, True), ("0" * 64, True), ("0" * 39, False), ("", False), (SHA1, False)]
)
def test_zeros_alone_stand_for_no_commit(text: str, *, expected: bool) -> None:
    assert is_absent(text) is expected


def test_an_id_is_shown_by_its_beginning() -> None:
    assert (abbreviate(SHA1), short_sha(SHA1)) == ("0123456789ab", "0123456")


@pytest.mark.parametrize("repository", ["https://github.com/cats/food", "https://github.com/cats/food.git"])
def test_a_commit_has_a_page_in_a_repository_of_the_web(repository: str) -> None:
    assert commit_url(repository, SHA1) == f"https://github.com/cats/food/commit/{SHA1}"


@pytest.mark.parametrize(
    "repository",
    [
        "",
        "/srv/git/food.git",
        "git@github.com:cats/food.git",
        "ssh://git@github.com/cats/food",
        "https://github.com",
        "https://user:secret@github.com/cats/food",
        "https://github.com/cats/food)[x](https://evil.example/a",
        "https://github.com/cats/food?token=secret",
    ],
)
def test_elsewhere_it_has_none(repository: str) -> None:
    assert commit_url(repository, SHA1) == ""
