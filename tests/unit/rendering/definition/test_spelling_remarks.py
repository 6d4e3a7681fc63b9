"""Which words count as slips."""

from __future__ import annotations

import pytest

from promotion.rendering.definition.spelling_remarks import find_close, find_close_name, show

KEYS = ("name", "type", "source", "path", "version", "branch", "hooks", "subcomponents")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("brnach", "branch"),
        ("Branch", "branch"),
        ("subcomponent", "subcomponents"),
        ("nmae", "name"),
        ("verison", "version"),
        ("owner", ""),
        ("repositories", ""),
        ("description", ""),
        ("branch" * 1000, ""),
        ("", ""),
    ],
)
def test_slips_are_close_to_a_key(word: str, meant: str) -> None:
    assert find_close(word, KEYS) == meant


@pytest.mark.parametrize(
    ("name", "other", "is_slip"),
    [
        ("catt", "cat", True),
        ("Cat", "cat", True),
        ("cloud_native", "cloud-native", True),
        ("web-2", "web-1", False),
        ("web2", "web", False),
        ("team-a", "team-b", False),
        ("api-v2", "api-v1", False),
        ("frontend-dev", "frontend", False),
        ("wbe", "web", True),
        ("bd", "db", False),
        ("db", "web", False),
    ],
)
def test_names_of_one_kind_are_no_slips(name: str, other: str, is_slip: bool) -> None:
    assert find_close_name(name, [other]) == (other if is_slip else "")


def test_a_key_is_shown_in_one_short_line() -> None:
    assert show("a`b\nc") == "`a'b c`"
    assert show("x" * 100) == f"`{'x' * 60}…`"
