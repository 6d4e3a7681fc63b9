"""Files of settings, read strictly."""

from __future__ import annotations

import pytest

from promotion.common.yaml.composer import compose_each
from promotion.common.yaml.strict_reader import StrictReader, is_null, list_entries
from promotion.errors import DefinitionError, Location

READER = StrictReader(Location("settings.yml"))


def test_texts_are_as_they_are_written() -> None:
    (root,) = compose_each("1.10: on\n' a ': ' b '\nc: ''", Location("settings.yml"))
    values = {name: READER.scalar(value, name) for name, (_, value) in READER.fields(root, "it").items()}
    assert values == {"1.10": "on", "a": "b", "c": ""}


def test_null_is_no_text() -> None:
    (root,) = compose_each("[~, null, NULL, '~', 'null', !!str null]", Location("settings.yml"))
    assert [is_null(node) for node in list_entries(root)] == [True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[a]", "settings.yml:1:1: it should be a map"),
        ("a: 1\n'a': 2", "settings.yml:2:1: 'a' is written twice"),
        ("colour: red", "settings.yml:1:1: it has an unknown key 'colour'. Did you mean `color`? Known are"),
        ("? [a]\n: b", "settings.yml:1:3: a key of it isn't a text"),
        ("~: b", "settings.yml:1:1: a key of it is empty"),
        ("'': b", "settings.yml:1:1: a key of it is empty"),
        ("color: &x {}\n<<: *x", "settings.yml:2:1: it has a merge key. Write out what it brings."),
        ("'<<': x", "settings.yml:1:1: it has an unknown key '<<'"),
    ],
)
def test_an_error_says_where_and_what(text: str, error: str) -> None:
    (root,) = compose_each(text, Location("settings.yml"))
    with pytest.raises(DefinitionError) as caught:
        READER.fields(root, "it", ("a", "color"))
    assert error in str(caught.value)
