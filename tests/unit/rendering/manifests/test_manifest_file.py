"""Manifests: cleaning what Helm prints, injecting namespaces without retyping."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.errors import DefinitionError, Location, RenderError
from promotion.rendering.manifests.file_joining import join
from promotion.rendering.manifests.manifest_file import ManifestFile, clean, find_excess, inject_namespace


class TestClean:
    def test_splits_as_fabrikate_does_and_keeps_the_rest_as_printed(self) -> None:
        printed = "---\n# Source: a\nkind: A\n---\n# Source: b\nkind: B\n"
        assert clean(printed) == "---\n---\n# Source: a\nkind: A\n---\n\n# Source: b\nkind: B\n\n"

    @pytest.mark.parametrize(
        "empty", ["", "\n", "# Source: a\n", "{}\n", "null\n", "~", "# only\n# comments"]
    )
    def test_leaves_out_documents_that_are_empty(self, empty: str) -> None:
        assert clean(f"---\n{empty}\n---\nkind: A\n") == "---\n\nkind: A\n\n"

    def test_of_nothing_is_nothing(self) -> None:
        assert clean("") == ""

    def test_dashes_inside_a_text_do_not_split_it(self) -> None:
        printed = "---\nkind: A\ntext: |\n  ---\n  more\n"
        assert clean(printed) == f"---\n{printed}\n"

    def test_takes_an_anchor_that_is_defined_twice(self) -> None:
        assert "kind: A" in clean("kind: A\na: &x 1\nb: &x 2\nc: *x\n")

    @pytest.mark.parametrize(
        ("document", "problem"),
        [
            ("kind: [A\nb: c", "line 2 "),
            ("- a list", "must be a map"),
            ("text", "must be a map"),
            ("a: *x", "alias"),
        ],
    )
    def test_names_the_template_of_a_document_that_is_no_manifest(self, document: str, problem: str) -> None:
        printed = f"---\n# Source: a.yaml\nkind: A\n---\n# Source: shop/b.yaml\n{document}\n"
        with pytest.raises(RenderError, match=problem) as caught:
            clean(printed)
        assert "shop/b.yaml" in caught.value.what

    def test_counts_lines_from_where_the_template_begins(self) -> None:
        printed = "---\n# Source: shop/templates/a.yaml\nkind: A\n---\nkind: B\n---\nb: [\n"
        with pytest.raises(RenderError, match=r"shop/templates/a\.yaml .*\(line [56] "):
            clean(printed)


class TestInjectNamespace:
    def test_where_there_is_none(self) -> None:
        assert inject_namespace("---\nkind: A\nmetadata:\n  name: a\n", "pets") == (
            "---\nkind: A\nmetadata:\n  name: a\n  namespace: pets\n"
        )

    @pytest.mark.parametrize(
        "there", ["namespace: own", 'namespace: ""', "<<: {namespace: own}", "'namespace': own"]
    )
    def test_one_that_is_there_stays_even_if_empty(self, there: str) -> None:
        manifest = f"---\nkind: A\nmetadata:\n  {there}\n"
        assert yaml.safe_load(inject_namespace(manifest, "pets")) == yaml.safe_load(manifest)

    @pytest.mark.parametrize("null", ["", "~", "null"])
    def test_a_null_is_none(self, null: str) -> None:
        manifest = f"kind: A\nmetadata: {{namespace: {null}, name: a}}"
        assert yaml.safe_load(inject_namespace(manifest, "pets"))["metadata"] == {
            "namespace": "pets",
            "name": "a",
        }

    @pytest.mark.parametrize("metadata", ["", "metadata:", "metadata: null"])
    def test_a_document_without_metadata_gets_none(self, metadata: str) -> None:
        assert "pets" not in inject_namespace(f"kind: List\nitems: []\n{metadata}", "pets")

    @pytest.mark.parametrize("metadata", ["text", "[a]", '""', "5"])
    def test_metadata_that_is_no_map_is_an_error(self, metadata: str) -> None:
        with pytest.raises(RenderError, match="metadata of a Pod"):
            inject_namespace(f"kind: Pod\nmetadata: {metadata}", "pets")

    @pytest.mark.parametrize("namespace", ["pets", "123", "yes", "1e3", "0x1F", "null", "a: b", "team-1"])
    def test_the_namespace_is_text_for_every_reader(self, namespace: str) -> None:
        written = inject_namespace("kind: A\nmetadata: {name: a}", namespace)
        assert yaml.safe_load(written)["metadata"]["namespace"] == namespace
        assert (f'"{namespace}"' in written) == (namespace not in ("pets", "team-1"))

    def test_the_items_of_a_list_and_of_a_template_are_left_alone(self) -> None:
        manifest = "kind: List\nmetadata: {}\nitems:\n- metadata: {name: a}\n"
        assert yaml.safe_load(inject_namespace(manifest, "pets")) == {
            "kind": "List",
            "metadata": {"namespace": "pets"},
            "items": [{"metadata": {"name": "a"}}],
        }

    def test_a_map_that_is_used_elsewhere_too_gets_it_once(self) -> None:
        manifest = (
            "kind: A\nmetadata: &m\n  labels: &l {a: b}\nspec:\n  template: {metadata: *m}\n  labels: *l\n"
        )
        assert yaml.safe_load(inject_namespace(manifest, "pets")) == {
            "kind": "A",
            "metadata": {"labels": {"a": "b"}, "namespace": "pets"},
            "spec": {"template": {"metadata": {"labels": {"a": "b"}}}, "labels": {"a": "b"}},
        }

    def test_metadata_that_comes_with_a_merge_key(self) -> None:
        manifest = "base: &b {metadata: {name: a}}\n<<: *b\nkind: A\n"
        written = yaml.safe_load(inject_namespace(manifest, "pets"))
        assert written["metadata"] == {"name": "a", "namespace": "pets"}
        assert written["base"] == {"metadata": {"name": "a"}}

    @pytest.mark.parametrize(
        "scalar",
        [
            *("y", "yes", "off", "~", "1e3", "1.10", "2020-11-04", "12:30", "08", ".5", "1_0.5"),
            *('"0777"', "'y'", '"1e3"', '"null"', '""', '"a\\tb"', "!!str 123", "!!binary aGk=", "!custom x"),
            *("|\n    first\n      second\n", "|-\n    first\n    second", "|+\n    first\n\n"),
        ],
    )
    def test_scalars_stay_as_they_are_written(self, scalar: str) -> None:
        written = inject_namespace(f"metadata: {{}}\nvalue: {scalar}\nlist:\n- {scalar}\n", "pets")
        first, second = (line for line in written.split("value: ")[1].split("\nlist:\n- "))
        assert first.split() == second.split() == scalar.split()

    @pytest.mark.parametrize(("octal", "decimal"), [("0644", 420), ("0x1F", 31), ("0b11", 3), ("-017", -15)])
    def test_numbers_that_readers_disagree_on_become_decimal(self, octal: str, decimal: int) -> None:
        assert f"mode: {decimal}\n" in inject_namespace(f"metadata: {{}}\nmode: {octal}", "pets")

    def test_nulls_in_flow_style_stay_nulls(self) -> None:
        assert yaml.safe_load(inject_namespace("metadata: {}\na: {b: , c: [~]}", "pets"))["a"] == {
            "b": None,
            "c": [None],
        }

    def test_long_texts_are_not_folded_and_sources_are_kept(self) -> None:
        text = "word " * 60 + "end"
        written = inject_namespace(
            f"---\n\n# Source: shop/a.yaml\n# lost\nmetadata: {{}}\nlong: {text}\n", "pets"
        )
        assert written == f"---\n# Source: shop/a.yaml\nmetadata: {{namespace: pets}}\nlong: {text}\n"

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(st.text("abc:- #'\"", max_size=5), inner, max_size=4)
            ),
            max_leaves=20,
        ),
        st.sampled_from([None, True, False]),
        st.sampled_from([None, "'", '"', "|", ">"]),
    )
    def test_changes_nothing_else(self, spec: Any, flow: bool | None, style: str | None) -> None:
        document = {"kind": "A", "metadata": {"name": "a"}, "spec": spec}
        text = yaml.safe_dump(
            document, default_flow_style=flow, default_style=style, allow_unicode=True, width=40
        )
        injected = yaml.safe_load(inject_namespace(text, "pets"))
        assert injected == {**document, "metadata": {"name": "a", "namespace": "pets"}}

    def test_with_an_anchor_that_is_defined_twice_scalars_stay_as_they_are_written_too(self) -> None:
        document = "a: &x 1e3\nb: &x [y, '1', !!str 5, !own z]\nc: *x\nd: {e: \"1e3\"}\nmetadata: {}\n"
        assert inject_namespace(document, "pets") == (
            "---\na: 1e3\nb: &id001 [y, '1', !!str 5, !own z]\nc: *id001\n"
            'd: {e: "1e3"}\nmetadata: {namespace: pets}\n'
        )

    def test_twice_is_as_good_as_once(self) -> None:
        once = inject_namespace(
            "---\nkind: A\nmetadata: {name: a}\n---\nkind: B\nmetadata:\n  name: b\n", "pets"
        )
        assert inject_namespace(once, "cats") == once


def files(**texts: str) -> list[ManifestFile]:
    return [
        ManifestFile(where=Location(name.replace("_", ".")), data=text.encode())
        for name, text in texts.items()
    ]


@pytest.mark.parametrize("nested", ["[" * 200_000, "- " * 200_000, "a:\n" + "? " * 100_000])
def test_a_text_that_nests_without_end_is_refused_and_ends_nothing(nested: str) -> None:
    with pytest.raises(RenderError, match="nest"):
        clean(nested)
    with pytest.raises(DefinitionError, match="nest"):
        join([ManifestFile(where=Location("deep.yaml"), data=nested.encode())])


def bomb(*, levels: int = 9) -> str:
    """A text of ten short lines that stands for 9 ** 10 values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels + 1)]
    return "\n".join(lines)


class TestBombs:
    @pytest.mark.parametrize("text", [bomb(), bomb().replace(": &", ":\n  &"), bomb().replace("[*", "[ *")])
    def test_in_a_static_file_are_refused_at_their_line(self, text: str) -> None:
        with pytest.raises(DefinitionError, match="YAML bomb") as caught:
            join([ManifestFile(where=Location("m/bomb.yaml"), data=text.encode())])
        assert caught.value.where
        assert (caught.value.where.file, bool(caught.value.where.line)) == ("m/bomb.yaml", True)

    def test_from_a_chart_are_refused_with_their_template(self) -> None:
        with pytest.raises(RenderError, match=r"shop/bomb\.yaml.*line \d+.*YAML bomb"):
            clean(f"---\n# Source: shop/a.yaml\nkind: A\n---\n# Source: shop/bomb.yaml\n{bomb()}\n")

    def test_an_honest_number_of_aliases_is_none(self) -> None:
        text = "base: &b {a: 1, b: 2}\nlist:\n" + "- *b\n" * 2000
        assert (
            join([ManifestFile(where=Location("m/a.yaml"), data=text.encode())]).decode().count("*b") == 2000
        )
        assert clean(text) == f"---\n{text}\n"

    def test_texts_that_only_look_so_are_none(self) -> None:
        text = "kind: A\nscript: |\n  a & b && rm *.tmp\nquoted: '*x &y'\n"
        assert clean(text) == f"---\n{text}\n"


@pytest.mark.bombs
@pytest.mark.parametrize(
    ("text", "excess"),
    [
        ("a: " + "x" * (50 * 2**20), "is longer than 50 MiB"),
        ("---\n" * 20_002, "has more than 20000 documents"),
        ("a:\n" + "- b\n" * 1_000_001, "holds more than 1000000 values"),
    ],
    ids=["long", "documents", "values"],
)
def test_a_manifest_has_limits(text: str, excess: str) -> None:
    with pytest.raises(RenderError, match=f"what the chart prints {excess}"):
        clean(text)
    with pytest.raises(DefinitionError, match=f"the manifest of 2 files {excess}"):
        join(files(a="kind: A", b=text))


def test_a_text_full_of_signs_is_one_value() -> None:
    assert find_excess([f"a: |\n{'  [1, 2, 3, {a: b}]' * 200_000}\n"]) == ""
