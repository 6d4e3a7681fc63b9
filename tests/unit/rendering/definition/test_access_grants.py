"""Which tokens the access.yaml of whom may send where."""

from __future__ import annotations

import pytest

from promotion.errors import Location
from promotion.rendering.definition.access_grants import Grant, add_grants, judge_address

OURS = Location("access.yaml")
THEIRS = Location("access.yaml", repository="https://git.test/cat")


def grants(theirs: dict[str, str], ours: dict[str, str]) -> dict[str, Grant]:
    return add_grants(add_grants({}, ours, OURS, trusted=True), theirs, THEIRS, trusted=False)


def test_the_definitions_own_file_may_name_any_variable() -> None:
    found = add_grants({}, {"https://git.test/x": "TOKEN"}, OURS, trusted=True)
    assert found["https://git.test/x"] == Grant(variable="TOKEN", where=OURS, trusted=True, permitted=True)


def test_the_higher_file_wins() -> None:
    found = grants({"https://git.test/x": "LOWER"}, {"https://git.test/x": "HIGHER"})
    assert (found["https://git.test/x"].variable, found["https://git.test/x"].where) == ("HIGHER", OURS)


@pytest.mark.parametrize(
    "source",
    ["https://git.test/other", "https://GIT.test:443/other", "https://user@git.test/other"],
)
def test_another_repository_may_name_a_variable_for_the_server_that_it_is_for(source: str) -> None:
    assert grants({source: "TOKEN"}, {"https://git.test/x": "TOKEN"})[source].permitted


@pytest.mark.parametrize(
    ("source", "variable"),
    [
        ("https://evil.test/x", "TOKEN"),
        ("https://git.test.evil.test/x", "TOKEN"),
        ("https://git.test@evil.test/x", "TOKEN"),
        ("https://evil.test/https://git.test/x", "TOKEN"),
        ("https://git.test:8443/x", "TOKEN"),
        ("http://git.test/x", "TOKEN"),
        ("oci://git.test/x", "TOKEN"),
        ("https://git.test/y", "OTHER"),
        ("https://git.test/y", "token"),
        ("git.test/x", "TOKEN"),
        ("git@git.test:x", "TOKEN"),
        ("", "TOKEN"),
        ("https://git.test:x/y", "TOKEN"),
        ("https://[git.test/y", "TOKEN"),
    ],
)
def test_and_for_no_other_server_and_no_other_variable(source: str, variable: str) -> None:
    assert not grants({source: variable}, {"https://git.test/x": "TOKEN"})[source].permitted


def test_a_repository_opens_no_server_for_another() -> None:
    between = grants({"https://evil.test/x": "TOKEN"}, {})
    found = add_grants(between, {"https://evil.test/y": "TOKEN"}, THEIRS, trusted=False)
    assert not any(grant.permitted for grant in found.values())


def test_what_is_on_no_server_is_like_nothing_else() -> None:
    assert not grants({"./b": "TOKEN"}, {"./a": "TOKEN"})["./b"].permitted


def test_the_key_to_write_for_a_signed_address_has_no_query() -> None:
    remark = judge_address("https://me:s3cret@git.test/x?sig=y", OURS, trusted=True)
    assert remark is not None
    assert "the address https://git.test/x?… is written" in remark.what
    assert "a variable for https://git.test/x in an access.yaml" in remark.what
