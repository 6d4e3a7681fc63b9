import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.text import (
    count,
    harmless_json,
    line,
    list_first,
    list_some,
    plain,
    truncate,
    without_level,
)


def test_terminal_codes_and_controls_go() -> None:
    assert plain("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x07\x00") == "red link"


def test_a_carriage_return_does_not_hide_what_stood_before() -> None:
    assert plain("good\rbad") == "good\nbad"


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    assert len(line(text).splitlines()) <= 1


def test_half_a_character_goes() -> None:
    assert plain("a\ud800b").encode() == b"ab"


def test_one_is_singular() -> None:
    assert [count(number, "resource") for number in (0, 1, 2)] == ["0 resources", "1 resource", "2 resources"]


def test_one_thing_is_counted_as_one() -> None:
    assert [count(number, "manifest") for number in (0, 1, 2)] == ["0 manifests", "1 manifest", "2 manifests"]
    assert count(1, "repository", "repositories") == "1 repository"
    assert count(2, "repository", "repositories") == "2 repositories"


@pytest.mark.parametrize(
    "said",
    [
        "warning: it is odd",
        "WARNING: it is odd",
        "coalesce.go:175: warning: it is odd",
        "Warn: it is odd",
        "it is odd",
    ],
)
def test_a_warning_does_not_say_so_twice(said: str) -> None:
    assert without_level(said) == "it is odd"


def test_a_warning_of_nothing_is_shown() -> None:
    assert without_level("warning: ") == "warning: "
    assert without_level("a warning: x") == "a warning: x"


@given(st.text())
def test_json_means_the_same_and_repaints_nothing(text: str) -> None:
    made = harmless_json(json.dumps({"a": f"{text}##[error]\u202e\x9b"}, ensure_ascii=False))
    assert json.loads(made) == {"a": f"{text}##[error]\u202e\x9b"}
    assert plain(made) == made
    assert "##[" not in made


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], ""),
        (["cat"], "cat"),
        (["cat", "dog"], "cat, dog"),
        (["cat", "dog", "emu"], "cat, dog and 1 more"),
    ],
)
def test_of_many_names_the_first_are_shown_and_the_others_counted(names: list[str], shown: str) -> None:
    assert list_some(names, 2) == shown


def test_of_many_things_the_first_have_a_row_and_the_others_are_counted() -> None:
    assert list_first(["cat", "dog"], 2, str.upper) == ["CAT", "DOG"]
    assert list_first(["cat", "dog", "owl"], 1, str.upper) == ["CAT", "and 2 more"]
    assert list_first(["cat", "dog", "owl"], 2, str.upper, "… and {} more") == ["CAT", "DOG", "… and 1 more"]
    assert list_first([], 2, str) == []


def test_a_long_text_is_cut() -> None:
    assert (truncate("cats", 4), truncate("catsup", 4)) == ("cats", "cats…")
