from __future__ import annotations

import pytest

from promotion.core.helmignore import parse_helmignore


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
