"""The quick way to nodes has the outcome of the one with limits."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.yaml import composer, verbatim
from promotion.common.yaml.quick_composer import compose_all
from promotion.errors import DefinitionError, Location

# What YAML is made of, in all orders: most of it is none.
TOKENS = [*"a1~=<>!|:?-[]{},\"'#*& \t\n\x85", ": ", "- ", "? ", "\n  "]
TOKENS += ["---\n", "...\n", "!!str ", "!!map ", "!x "]
TOKENS += ["&a ", "*a", "<<", "|\n ", "# c", ", ", "%YAML 1.1\n"]
TEXTS = st.lists(st.sampled_from(TOKENS), max_size=12).map("".join)
EXAMPLES = [
    "a: 1\nb: [x, {c: ~}]\n--- !!map\n? {d: e}\n: !!str 1\n",
    "a: ! {b: ! [], c: ! d, e: ! 1}\n",
    "<<: {a: b}\n'<<': c\n=: d\n",
    'a: |\n  b\nc: >-\n  d\ne: "f"\n',
    "a: &x 1\na: &x 2\nb: *x\n",
    "a: 1\n...\nb: [\n",
    "a" + "\n" + "[" * 210 + "]" * 210,
    "- " * 199 + "x",
    "- " * 200 + "x",
    "- " * 199 + "{x: y}",
]


def show(text: str) -> list[object] | str:
    try:
        return [shape(node) for node in compose_all(text, Location("a.yaml"))]
    except DefinitionError as error:
        return str(error)


def shape(node: yaml.Node) -> object:
    """Return all that there is to know of a node, and of those in it."""
    parts = node.value if isinstance(node.value, str) else [shape(part) for part in flatten(node)]
    style = getattr(node, "style", None) or getattr(node, "flow_style", None)
    return node.tag, parts, style, node.start_mark.line, node.start_mark.column, node.end_mark.line


def flatten(node: yaml.Node) -> list[yaml.Node]:
    pairs = isinstance(node, yaml.MappingNode)
    return [part for pair in node.value for part in pair] if pairs else node.value


def check_the_quick_way(text: str) -> None:
    quick = show(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composer, "needs_limits", lambda _: True)
        assert show(text) == quick


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_quick_way_reads_as_the_one_with_limits(text: str) -> None:
    check_the_quick_way(text)


@given(TEXTS)
def test_the_quick_way_reads_any_text_as_the_one_with_limits(text: str) -> None:
    check_the_quick_way(text)


@given(TEXTS | st.sampled_from(EXAMPLES))
def test_what_is_a_map_without_doubt_is_one_when_it_is_read(text: str) -> None:
    if verbatim.is_filled_map(text):
        node = verbatim.compose_first(text, Location("a.yaml"))
        assert isinstance(node, yaml.MappingNode)
        assert node.value


def test_a_usual_manifest_is_a_map_without_doubt() -> None:
    assert verbatim.is_filled_map("# Source: a\nkind: A\nspec: {a: [1]}\n")
    assert not verbatim.is_filled_map("kind: A\n b: c\n")
    assert not verbatim.is_filled_map("{}\n")
