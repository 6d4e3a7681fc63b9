"""Helm's documents: how rendered templates are cut, left out and ordered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.errors import RenderError
from promotion.rendering.charts.release_manifest import manifest, split, values_text


def parse(path: str, text: str) -> Mapping[str, Any]:
    content = yaml.safe_load(text)
    return content if isinstance(content, dict) else {}


def order(rendered: Mapping[str, str]) -> list[str]:
    """The names of the documents, as Helm would print them."""
    return re.findall(r"name: (\S+)", manifest(rendered, parse, lambda _: None))


def document(kind: str, name: str, hook: str | None = None) -> str:
    annotations = f"\n  annotations: {{helm.sh/hook: {json.dumps(hook)}}}" if hook is not None else ""
    return f"kind: {kind}\nmetadata:\n  name: {name}{annotations}\n"


def test_documents_come_in_install_order_then_by_kind_and_by_path() -> None:
    rendered = {
        "shop/templates/b.yaml": document("Zebra", "z") + "---\n" + document("Service", "b"),
        "shop/templates/a.yaml": document("Antelope", "a") + "---\n" + document("Service", "a2"),
        "shop/charts/cache/templates/c.yaml": document("Service", "c"),
        "shop/templates/n.yaml": document("Namespace", "n"),
    }
    assert order(rendered) == ["n", "c", "a2", "b", "a", "z"]


def test_hooks_come_last_whatever_their_weight() -> None:
    rendered = {
        "a.yaml": document("Job", "job", "pre-install") + "---\n" + document("Secret", "secret", "test"),
        "b.yaml": document("Deployment", "main"),
    }
    assert order(rendered) == ["main", "secret", "job"]


@pytest.mark.parametrize("event", ["crd-install", "pre-install,never", "", "testing"])
def test_a_hook_for_an_unknown_event_is_left_out_with_a_warning(event: str) -> None:
    warnings: list[str] = []
    text = manifest({"a.yaml": document("Job", "job", event)}, parse, warnings.append)
    assert text == "\n"
    assert warnings == [f"a.yaml: skipping unknown hooks: {event}"]


@pytest.mark.parametrize("event", ["test-success", " Pre-Install , post-upgrade"])
def test_events_are_read_as_helm_reads_them(event: str) -> None:
    assert order({"a.yaml": document("Job", "job", event)}) == ["job"]


def test_notes_and_partials_are_left_out() -> None:
    rendered = {name: document("Pod", "p") for name in ("x/NOTES.txt", "x/_partial.yaml", "x/NOTES.txt.yaml")}
    assert order(rendered) == ["p"]


def test_the_text_is_that_of_helm_template() -> None:
    rendered = {"shop/templates/a.yaml": "\n---\nkind: Service\n\n---\n# only a comment\n\n"}
    assert manifest(rendered, parse, lambda _: None) == (
        "---\n# Source: shop/templates/a.yaml\nkind: Service\n\n\n"
        "---\n# Source: shop/templates/a.yaml\n# only a comment\n"
    )


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("a: 1\n---\nb: 2\n", ["a: 1\n", "b: 2\n"]),
        ("---\n---\n\n---\na: 1", ["a: 1"]),
        ("a: 1\n---b: 2", ["a: 1\n", "b: 2"]),
        ("a: 1\n--- # why\nb: 2", ["a: 1\n", "# why\nb: 2"]),
        ("a: |\n  ---\n ---\n", ["a: |\n  ---\n ---\n"]),
        ("a: 1\r\n---\r\nb: 2\r\n", ["a: 1\r\n", "b: 2\r\n"]),
        ("\u00a0\u2028\n---\u00a0\n---\n", []),
        ("", []),
    ],
)
def test_separators(text: str, documents: list[str]) -> None:
    assert split(text) == documents


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: [Pod]", "cannot unmarshal array into Go struct field .kind of type string"),
        (
            "metadata: 5",
            "cannot unmarshal number into Go struct field .metadata of type struct { Name string",
        ),
        (
            "metadata: {annotations: {a: {b: c}}}",
            "object into Go struct field .metadata.annotations.a of type",
        ),
        (
            "metadata: {annotations: yes}",
            "bool into Go struct field .metadata.annotations of type map[string]",
        ),
    ],
)
def test_a_head_of_other_types_is_refused_in_helms_words(text: str, words: str) -> None:
    with pytest.raises(RenderError, match=re.escape(words)) as caught:
        manifest({"shop/templates/a.yaml": text}, parse, lambda _: None)
    assert caught.value.what.startswith("Helm: YAML parse error on shop/templates/a.yaml: ")


def test_keys_count_in_any_case_as_in_go() -> None:
    assert order({"a": "Kind: Service\nx:\n  name: s\n---\nKIND: Namespace\nx:\n  name: n\n"}) == ["n", "s"]


KINDS = st.sampled_from(["Namespace", "Secret", "Deployment", "Zebra", "Apple"])
DOCUMENTS = st.lists(st.tuples(KINDS, st.sampled_from([None, "test", "pre-install"])), max_size=6)


@given(st.dictionaries(st.sampled_from(["a.yaml", "b/a.yaml", "b.yaml", "c"]), DOCUMENTS))
def test_every_document_is_printed_once_and_files_keep_their_own_order(
    files: dict[str, list[tuple[str, str | None]]],
) -> None:
    rendered = {
        path: "---\n".join(document(kind, f"{path}#{n}", hook) for n, (kind, hook) in enumerate(documents))
        for path, documents in files.items()
    }
    names = order(rendered)
    assert sorted(names) == sorted(f"{path}#{n}" for path, found in files.items() for n in range(len(found)))
    of_a_kind: dict[tuple[str, bool], list[str]] = {}
    for name in names:
        kind, hook = files[name.partition("#")[0]][int(name.partition("#")[2])]
        of_a_kind.setdefault((kind, hook is not None), []).append(name)
    assert all(group == sorted(group) for group in of_a_kind.values())


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans() | st.none() | st.lists(TEXTS)))
def test_values_are_json_on_one_line_that_yaml_reads_too(values: dict[str, Any]) -> None:
    text = values_text(values)
    assert json.loads(text) == values
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_numbers_that_json_lacks_are_refused(number: float) -> None:
    with pytest.raises(RenderError, match=r"holds \.inf or \.nan"):
        values_text({"x": [number]})
