"""Branch patterns match whole names and are never regular expressions."""

from __future__ import annotations

import fnmatch
import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promotion.common.branch_patterns import fault, is_pattern, literal_prefix, matches

names = st.text(min_size=1, max_size=30)
wild = st.text(alphabet="ab/*?.+^$()|[]\\", max_size=12)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("dev", "dev", True),
        ("dev", "not-dev", False),
        ("dev", "dev\n", False),
        ("dev", "DEV", False),
        ("d.v", "dev", False),
        ("hotfix/*", "hotfix/1", True),
        ("hotfix/*", "hotfix/", True),
        ("hotfix/*", "hotfix/a/b", False),
        ("hotfix/*", "x/hotfix/1", False),
        ("hotfix/**", "hotfix/a/b", True),
        ("**/fix", "a/b/fix", True),
        ("**/fix", "fix", True),
        ("**/fix", "prefix", False),
        ("release/**/*", "release/1", True),
        ("release/**/*", "release/1/2/3", True),
        ("release/**/*", "release", False),
        ("release/**/*", "releases", False),
        ("a/**/**/z", "a/z", True),
        ("a/**/z", "a/bz", False),
        ("a/**/z", "a/b/c/z", True),
        ("qa**/*", "qa", False),
        ("qa**/*", "qa-1/x/y", True),
        ("x{1}", "x{1}", True),
        ("x{1,2}", "x1", False),
        ("release-?.?", "release-1.2", True),
        ("release-?.?", "release-1/2", False),
        ("*", "dev", True),
        ("*", "a/b", False),
        ("**", "a/b", True),
        ("a*b*c", "abbbc", True),
        ("a*b*c", "abbb", False),
    ],
)
def test_examples(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


@given(names, names)
def test_an_exact_name_matches_itself_only(pattern: str, name: str) -> None:
    assume(not is_pattern(pattern))
    assert matches(pattern, pattern)
    assert matches(pattern, name) == (pattern == name)


@given(wild, st.text(alphabet="ab/.+^$()|[]\\\n", max_size=12))
def test_patterns_mean_what_a_careful_translation_means(pattern: str, name: str) -> None:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    split = re.findall(r"(?:(?<=/)|^)\*\*/|\*\*|.", pattern)
    expression = "".join(parts.get(part) or re.escape(part) for part in split)
    assert matches(pattern, name) == bool(re.fullmatch(expression, name, re.DOTALL))


@given(wild, names, names)
def test_a_match_is_of_the_whole_name(pattern: str, before: str, after: str) -> None:
    assume(not is_pattern(pattern) and pattern)
    assert not matches(pattern, before + pattern)
    assert not matches(pattern, pattern + after)


@given(st.text(alphabet="ab*?", max_size=10), st.text(alphabet="ab", max_size=10))
def test_without_slashes_it_is_fnmatch(pattern: str, name: str) -> None:
    assert matches(pattern, name) == fnmatch.fnmatchcase(name, pattern)


@given(wild, names)
def test_what_matches_starts_with_the_literal_prefix(pattern: str, name: str) -> None:
    if matches(pattern, name):
        assert name.startswith(literal_prefix(pattern))


def test_hostile_patterns_take_no_time() -> None:
    started = time.process_time()
    assert not matches("*a" * 120, "a" * 5000 + "b")
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "text",
    [
        "",
        "^dev$",
        "dev|stage",
        "release/[0-9]",
        "a b",
        "a..b",
        "-dev",
        "dev/",
        "x.lock",
        "x.lock/y",
        "@",
        "a@{1}",
        "a[1]",
        "a~1",
        "a:b",
        "a\\d",
        "***",
    ],
)
def test_what_cannot_be_a_branch_is_refused(text: str) -> None:
    if text == "dev|stage":  # legal in git, so it is a name like any other
        assert fault(text) == ""
        assert not matches(text, "dev")
    else:
        assert fault(text)


@pytest.mark.parametrize(
    "text",
    [
        "dev",
        "hotfix/*",
        "release/**/x",
        "1.10",
        "fix-ü",
        "a`b",
        "a@b",
        "<b>",
        "$(id)",
        "a{1}",
        "a]",
        "}{",
        "x.locked",
    ],
)
def test_what_git_allows_is_allowed(text: str) -> None:
    assert fault(text) == ""
