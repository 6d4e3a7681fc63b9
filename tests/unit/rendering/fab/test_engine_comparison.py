"""Two trees compared as people would: by what their documents say."""

from __future__ import annotations

import pytest

from promotion.errors import DefinitionError
from promotion.rendering.fab.engine_comparison import (
    EngineDifference,
    compare_trees,
    explain_refusal,
    render_report,
)

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\ndata:\n  key: {}\n"


def doc(name: str = "cat", value: str = "meow") -> str:
    return "---\n" + MAP.format(name, value)


def compare(native: str, fab: str, *, shared: bool = False, injected: bool = False) -> list[EngineDifference]:
    paths = ["cat.yaml"]
    return compare_trees(
        {"cat.yaml": native.encode()},
        {"cat.yaml": fab.encode()},
        shared=paths if shared else (),
        injected=paths if injected else (),
    )


@pytest.mark.parametrize(
    "other",
    [
        doc(),
        doc().replace("\n---", "\n---\n---"),
        doc(value='"meow"'),
        "# a comment\nkind: ConfigMap\nmetadata: {name: cat}\ndata:\n  key: >-\n    meow\napiVersion: v1\n",
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cat"}, "data": {"key": "meow"}}',
    ],
)
def test_comments_order_of_keys_and_style_are_no_differences(other: str) -> None:
    assert compare(doc(), other) == []


@pytest.mark.parametrize(
    ("one", "other"), [("0777", "511"), ("0777", '"0777"'), ("1.10", "1.1"), ("yes", '"yes"')]
)
def test_numbers_and_words_count_as_they_are_written(one: str, other: str) -> None:
    assert compare(doc(value=one), doc(value=other))


def test_dates_are_texts() -> None:
    assert compare(doc(value="2020-11-04"), doc(value='"2020-11-04"')) == []


def test_a_changed_value_is_shown_with_its_place() -> None:
    (found,) = compare(doc(value="meow"), doc(value="purr"))
    assert found.title == "ConfigMap cat: changed"
    assert found.lines == ("- data.key: 'meow'", "+ data.key: 'purr'")
    assert found.reason is None


def test_a_secrets_value_is_not_shown() -> None:
    native, fab = (
        doc(value=value).replace("ConfigMap", "Secret") for value in ("c2VjcmV0MQ==", "c2VjcmV0Mg==")
    )
    (found,) = compare(native, fab)
    text = render_report([found])
    assert "data.key" in text
    assert "c2Vj" not in text
    (missing,) = compare(native, "")
    assert "c2Vj" not in render_report([missing])


def test_a_document_that_stands_elsewhere_is_one_difference() -> None:
    native = doc("a") + doc("b", "old") + doc("c")
    (found,) = compare(native, doc("a") + doc("c") + doc("b", "old"))
    assert found.title.endswith(": at another place in fab's")
    assert not found.lines
    (found,) = compare(native, doc("a") + doc("c") + doc("b", "new"))
    assert found.title == "ConfigMap b: changed, and at another place in fab's"
    assert found.lines == ("- data.key: 'old'", "+ data.key: 'new'")


def test_documents_are_matched_by_what_they_are() -> None:
    found = compare(doc("a") + doc("b", "old") + doc("c"), doc("a") + doc("b", "new") + doc("d"))
    assert [part.title for part in found] == [
        "ConfigMap b: changed",
        "ConfigMap c: not in fab's",
        "ConfigMap d: only in fab's",
    ]


def test_an_empty_file_of_fabs_is_bug_2() -> None:
    (found,) = compare_trees({}, {"cluster.yaml": b""})
    assert (found.path, found.reason) == ("cluster.yaml", 2)
    assert compare_trees({}, {"cat.yaml": doc().encode()})[0].reason is None


def test_a_message_of_helms_is_bug_3() -> None:
    (found,) = compare(doc(), f"---\nWARNING: This chart is deprecated\n{doc()}")
    assert found.reason == 3


def test_what_a_twin_lost_is_bug_1() -> None:
    assert [part.reason for part in compare(doc(), "", shared=True)] == [1]
    assert [part.reason for part in compare(doc(), "")] == [None]


def test_a_pasted_readme_is_bug_18() -> None:
    (found,) = compare(doc(), f"{doc()}---\n# Title\nWords of a README.\n")
    assert found.reason == 18


@pytest.mark.parametrize(
    ("one", "other"), [('"1e3"', "1e3"), ('"yEs"', "yEs"), ("0777", "511"), ("y", "true")]
)
def test_values_written_anew_where_a_namespace_is_injected_are_bug_25(one: str, other: str) -> None:
    (found,) = compare(doc(value=one), doc(value=other), injected=True)
    assert found.reason == 25


def test_an_exponent_is_bug_34_and_a_bare_text_has_its_reason_too() -> None:
    assert [part.reason for part in compare(doc(value="1000000"), doc(value="1e+06"))] == [34]
    assert [part.reason for part in compare(doc(value='"3160e84"'), doc(value="3160e84"))] == [0]


def test_another_number_has_no_known_reason() -> None:
    assert [part.reason for part in compare(doc(value="1"), doc(value="2"), injected=True)] == [None]


def test_what_cannot_be_read_is_shown_as_a_difference() -> None:
    assert compare(doc(), f"{doc()}---\na: b: c\n")


def test_the_report_groups_by_file_and_counts_reasons() -> None:
    found = compare_trees(
        {"b.yaml": doc().encode()}, {"a.yaml": b"", "b.yaml": doc(value="1").encode(), "c.yaml": b""}
    )
    text = render_report(found)
    assert text.index("a.yaml") < text.index("b.yaml") < text.index("c.yaml")
    assert "2 x bug 2: fab writes empty files" in text
    assert render_report([]) == ""


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("the two components a and b would both be written to a.yaml", 1),
        ("the type 'kustomize' isn't known", 29),
        ("the component leads back to itself in a circle: a → a", 21),
        ("two subcomponents are called redis, and fab mixes up their configs (bug 22)", 22),
        ("something nobody has seen", None),
    ],
)
def test_a_refusal_of_one_engine_has_its_reason(words: str, number: int | None) -> None:
    assert explain_refusal(DefinitionError(words)) == number
