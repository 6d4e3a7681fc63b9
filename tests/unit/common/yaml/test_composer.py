"""What isn't YAML is said in words that tell what it is."""

from __future__ import annotations

import pytest

from promotion.common.yaml.composer import compose_each, compose_first
from promotion.errors import DefinitionError, Location


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a:\n\t- b\n", 2, "a tab stands here, where only spaces may"),
        ("a: b\n\tc: d\n", 2, "a tab stands here"),
        ("a: |\n\tx\n", 2, "a tab stands here"),
        ('{"a": 1}\n{"b": 2}\n', 2, "this is a second JSON object, and a file holds one"),
        ("[a]\nb\n", 2, "something follows the end of the document"),
        ("a: &x 1\n---\nb: *x\n", 3, "in its own document; that of another one doesn't count"),
        (r'{"a": "\ud83d\ude00"}', 1, "an escape here is no Unicode character, and two don't make one"),
        ("a: *x\n", 1, "this alias (`*…`) has no anchor of its name before it"),
    ],
)
def test_usual_slips_are_named(text: str, line: int, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        list(compose_each(text, Location("a.yaml")))
    assert words in caught.value.what
    assert caught.value.where
    assert caught.value.where.line == line
    assert caught.value.fix


def test_the_name_of_an_alias_is_not_shown_for_it_may_be_a_password() -> None:
    with pytest.raises(DefinitionError) as caught:
        list(compose_each("a: &hunter2 1\n---\npassword: *hunter2\n", Location("a.yaml")))
    assert "hunter2" not in str(caught.value)


def test_a_pointer_of_git_lfs_is_named() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
    with pytest.raises(DefinitionError, match="a pointer of Git LFS, not the file itself"):
        compose_first(pointer, Location("component.yaml"))
