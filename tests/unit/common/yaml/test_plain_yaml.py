from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.yaml.composer import compose_first
from promotion.common.yaml.plain_yaml import PlainYamlError, load_plain
from promotion.errors import DefinitionError, Location


def test_scalars_stay_texts() -> None:
    text = b"{a: 1.10, b: yes, c: 2020-11-04, d: '', e: ~, f: null, 'g': \"null\", h: 0x1f}"
    assert load_plain(text) == {
        **{
            "a": "1.10",
            "b": "yes",
            "c": "2020-11-04",
            "d": "",
            "e": None,
            "f": None,
            "g": "null",
            "h": "0x1f",
        }
    }


def test_anchors() -> None:
    assert load_plain(b"a: &x [1]\nb: *x\nc: &y 2\nd: *y\n") == {"a": ["1"], "b": ["1"], "c": "2", "d": "2"}


def test_first_document_only() -> None:
    assert load_plain(b"a: 1\n---\nb: 2\n") == {"a": "1"}
    assert load_plain(b"") is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"a: b: c", (1, 5)),
        (b"a: 1\nb: *none", (2, 4)),
        (b"a: &a [*a]", (1, 8)),
        (b"[" * 1000, (1, 101)),
        (b"? [a]\n: 1", (1, 1)),
        (b"\xff\xfe\xff", (None, None)),
        (b"a: \x00", (None, None)),
    ],
)
def test_what_is_no_yaml(text: bytes, place: tuple[int | None, int | None]) -> None:
    with pytest.raises(PlainYamlError) as caught:
        load_plain(text)
    assert (caught.value.line, caught.value.column) == place


@given(
    st.recursive(
        st.text("ab 1:-#'\"\n", max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    text = yaml.dump(value, default_style='"')
    assert load_plain(text.encode()) == value


@pytest.mark.parametrize("text", ["a:\n\t- b\n", "a: b\n\tc: d\n", "é: ü\nb:\n\t- b\n"])
def test_a_tab_is_explained_as_in_files_of_a_definition(text: str) -> None:
    with pytest.raises(DefinitionError) as expected:
        compose_first(text.encode(), Location("component.yaml"))
    with pytest.raises(PlainYamlError) as caught:
        load_plain(text.encode())
    error = expected.value
    assert (str(caught.value), caught.value.fix) == (error.what, error.fix)
    assert "a tab stands here" in error.what
