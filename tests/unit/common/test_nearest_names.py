"""What was probably meant."""

from __future__ import annotations

import pytest

from promotion.common.nearest_names import find_nearest, list_names


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("stag", ["dev", "stage", "prod"], "stage"),
        ("prd", ["dev", "stage", "prod"], "prod"),
        ("PROD", ["dev", "stage", "prod"], "prod"),
        ("--env", ["--environments", "--environment"], "--environment"),
        ("qa", ["dev", "stage", "prod"], ""),
        ("d", ["dev", "stage"], ""),
        ("dev", [], ""),
    ],
)
def test_the_nearest_name_is_found(word: str, known: list[str], near: str) -> None:
    assert find_nearest(word, known) == near


def test_names_are_one_harmless_line_that_ends() -> None:
    assert list_names(["dev", "prod"]) == "dev, prod"
    assert list_names(["a\x1b[31m\nb"]) == "a b"
    assert list_names([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert len(list_names(["x" * 1000])) < 100
