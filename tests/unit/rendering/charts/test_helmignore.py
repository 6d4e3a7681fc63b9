from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.rendering.charts.helmignore import parse_helmignore


@pytest.mark.parametrize(
    ("pattern", "ignored", "kept"),
    [
        ("*.md", "README.md docs/a.md", "README.txt"),
        ("/*.md", "README.md", "docs/a.md"),
        ("docs/*.md", "docs/a.md", "a.md docs/deep/a.md"),
        ("a?c", "abc", "ac a/c"),
        ("[a-c].txt", "a.txt", "d.txt"),
        ("[^a].txt", "b.txt", "a.txt"),
        (r"a\*", "a*", "ab"),
        ("a+b", "a+b", "aab"),
        ("[.]x", ".x", "ax"),
        ("# note\n\n  spaced  ", "spaced", "note"),
        ("", "templates/.hidden", ".hidden templates/shown"),
    ],
)
def test_patterns(pattern: str, ignored: str, kept: str) -> None:
    is_ignored = parse_helmignore(pattern)
    assert [path for path in (*ignored.split(), *kept.split()) if is_ignored(path, False)] == ignored.split()


def test_slash_at_the_end_means_folders() -> None:
    is_ignored = parse_helmignore("build/")
    assert is_ignored("build", True)
    assert is_ignored("deep/build", True)
    assert not is_ignored("build", False)


def test_negated_pattern_keeps_nothing_else() -> None:
    is_ignored = parse_helmignore("!Chart.yaml")
    assert not is_ignored("Chart.yaml", False)
    assert is_ignored("values.yaml", False)


@pytest.mark.parametrize("pattern", ["**/x", "[a", "[z-a]"])
def test_no_patterns(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\.helmignore"):
        parse_helmignore(pattern)


def test_many_stars_take_no_time() -> None:
    start = time.process_time()
    assert not parse_helmignore("*a" * 25 + "*b")("a" * 250, False)
    assert time.process_time() - start < 1


@given(
    st.text("*?ab/", min_size=1, max_size=8).filter(lambda pattern: "**" not in pattern),
    st.text("ab/", max_size=9),
)
def test_a_star_stands_for_all_but_slashes(pattern: str, path: str) -> None:
    simple = "".join({"*": "[^/]*", "?": "[^/]"}.get(sign, sign) for sign in f"x/{pattern}x")
    assert parse_helmignore(f"x/{pattern}x")(f"x/{path}x", False) == bool(re.fullmatch(simple, f"x/{path}x"))


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a \.helmignore may have 65536 characters"):
        parse_helmignore("a\n" * 40_000)
