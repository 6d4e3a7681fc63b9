"""Static files joined: the documents of each file by itself, one after another, for every reader."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from promotion.errors import DefinitionError, Location
from promotion.rendering.manifests.file_joining import join, list_documents, make_piece
from promotion.rendering.manifests.manifest_file import ManifestFile

# What kubectl and kustomize take for the beginning of a document.
MARKER = re.compile(r"^(?=---[ \t]*(?:#.*)?\r?$)", re.MULTILINE)


def files(**texts: str | bytes) -> list[ManifestFile]:
    return [
        ManifestFile(
            where=Location(name.replace("_", ".")), data=text.encode() if isinstance(text, str) else text
        )
        for name, text in texts.items()
    ]


def read(manifest: bytes) -> list[object]:
    """The documents, one from each part, as kubectl and kustomize read a manifest."""
    parts = MARKER.split(manifest.decode())
    return [
        document for part in parts for document in [yaml.load(part, yaml.CSafeLoader)] if document is not None
    ]


def piece(text: str) -> str:
    return make_piece(ManifestFile(where=Location("a.yaml"), data=text.encode()))


def test_each_file_is_as_it_is_after_three_dashes() -> None:
    joined = join(files(a_yaml="kind: A\n", b_json='{"kind": "B"}', c_yaml="---\n# x\nkind: C\n"))
    assert joined == b'---\nkind: A\n\n---\n{"kind": "B"}\n---\n---\n# x\nkind: C\n\n'


def test_no_files_make_nothing() -> None:
    assert join([]) == b""


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("\ufeffa: 1\n", [{"a": 1}]),
        ("\ufeff---\na: 1\n", [{"a": 1}]),
        ("%YAML 1.1\n---\na: 1\n", [{"a": 1}]),
        ("\ufeff%YAML 1.1\n# x\n---\na: 1\n", [{"a": 1}]),
        ("%TAG ! tag:yaml.org,2002:\n---\na: !str 1\n", [{"a": "1"}]),
        ("%TAG !y! tag:yaml.org,2002:\n--- !y!map\na: !y!str 1\n", [{"a": "1"}]),
        ("a: 1\n...\n%YAML 1.1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\n...\n---\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
        ("--- {a: b}\n", [{"a": "b"}]),
        ("--- {a: b}\n--- {c: d}", [{"a": "b"}, {"c": "d"}]),
        ("--- !!map\na: b\n", [{"a": "b"}]),
        ("x: y\n--- &x\na: b\n", [{"x": "y"}, {"a": "b"}]),
        ("--- 😀\n--- [é]\n---\ta\n", ["😀", ["é"], "a"]),
        ("--- |\n  a\n--- >-\n  b\n", ["a\n", "b"]),
        ("--- # x\na: 1\n---   \nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\r---\rb: 2\r", [{"a": 1}, {"b": 2}]),
        ("a: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\u2028---\u2028b: 2", [{"a": 1}, {"b": 2}]),
        ("--- {a: b}\n---\na: |+\n  text", [{"a": "b"}, {"a": "text\n"}]),
        ("a: b", [{"a": "b"}]),
        ("", []),
        ("# nothing", []),
    ],
)
def test_documents_are_those_of_the_file_alone(text: str, documents: list[object]) -> None:
    manifest = join(files(before_yaml="x: 1\n", odd_yaml=text, after_yaml="kind: B\n"))
    assert read(manifest) == [{"x": 1}, *documents, {"kind": "B"}]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("\ufeffa: 1 # x\n", "a: 1 # x\n\n"),
        ("%YAML 1.1\n# y\n---\na: 0x1F # x\n", "# %YAML 1.1\n# y\n---\na: 0x1F # x\n\n"),
        ("--- {a: b} # x\n", "{a: b} # x\n\n"),
        ("# y\n--- {a: b}\n", "# y\n---\n{a: b}\n\n"),
    ],
)
def test_no_more_is_changed_than_must_be(text: str, changed: str) -> None:
    assert piece(text) == changed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        # fab's line end, which such blocks keep
        ("a.yaml", "a: |+\n  text\n"),
        ("a.yaml", "a: |\n  text"),
        ("a.yaml", "a: >2\n    text"),
        ("a.yaml", "a: 1\n...\n---\na: |+\n  text\n"),
        ("a.yaml", "a: 1\n...\n"),
        ("a.yaml", "a: 'x\u2028'\n---\na: |+\n  text\n"),
        ("a.yaml", "a: 'x\n%y'\n"),
        # as in fab's text, though only JSON's readers take it
        ("a.json", r'{"a": "\ud83d\ude00"}'),
    ],
)
def test_what_can_be_joined_as_it_is_becomes_what_fab_writes(name: str, text: str) -> None:
    assert make_piece(ManifestFile(where=Location(name), data=text.encode())) == f"{text}\n"


FRAGMENTS = [
    *("\ufeff", "%YAML 1.1\n", "%TAG !e! tag:example.com,2000:\n", "---", "--- ", "---\n", "...\n", "# c\n"),
    *("a: 1\n", "{a: b}\n", "!!map\n", "|\n", ">\n", "  t\n", "  t", "b: |\n", "c: >-\n", "\n", "\r"),
    *("\r\n", "\u2028", "\x85", "'x'\n", "é😀: 1\n", "- &x 1\n", "- *x\n", "!e!f x\n", "? k\n", "0777\n"),
    *(" ", "---x\n"),
]


@given(st.lists(st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join), min_size=1, max_size=3))
def test_what_joins_is_the_same_for_every_reader(texts: list[str]) -> None:
    # With the line end after it that fab puts there.
    alone = [list_documents(text.lstrip("\ufeff") + "\n") for text in texts]
    given_files = files(**{f"f{number}_yaml": text for number, text in enumerate(texts)})
    try:
        manifest = join(given_files).decode()
    except DefinitionError as error:
        assert None in alone or "can't be joined" in error.what or "contains itself" in error.what
        assume(False)
    parts = [list_documents(part) for part in MARKER.split(manifest)]
    assert None not in parts
    assert [document for part in parts for document in part or ()] == [
        document for documents in alone for document in documents or ()
    ]
    assert all(len(part or ()) <= 1 for part in parts)


@pytest.mark.parametrize(
    ("text", "line"),
    [("kind: A\na: b: c\n", 2), ("kind: A\n---\n\tb", 3), ("<html>&nbsp;<p>\na: b: c", 2)],
)
def test_what_is_no_yaml_is_an_error_with_its_place(text: str, line: int) -> None:
    with pytest.raises(DefinitionError) as caught:
        join(files(good_yaml="a: b", bad_yaml=text))
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == ("bad.yaml", line)


def test_what_is_not_utf8_is_an_error_with_its_line() -> None:
    with pytest.raises(DefinitionError, match="UTF-8") as caught:
        join(files(a_yaml=b"a: b\nc: \xff\n"))
    assert caught.value.where == Location("a.yaml", 2)
    assert caught.value.fix


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":\n\t"A\\/B"}',
        r'{"a": "\\ud83d\\ude00 \u00e9 \\"}',
        '{"a": "\x7f \x80 \u2028 \x85 \ufffe"}',
        '{"a": 12345678901234567890123, "b": 1.5e400}',
        '\ufeff{"a": "b"}',
    ],
)
def test_json_becomes_what_readers_of_yaml_take_for_the_same(text: str) -> None:
    manifest = join(files(a_json=text)).decode()
    (found,) = (yaml.load(part, yaml.CBaseLoader) for part in manifest.split("---\n") if part)  # noqa: S506
    assert found == json.loads(text.removeprefix("\ufeff"), parse_int=str, parse_float=str)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (r'{"a": "b\/c"}', '{"a": "b/c"}'),
        (r'{"a": "b\\/c\\\/"}', r'{"a": "b\\/c\\/"}'),
        ('{"a": "\\\\\x7f"}', '{"a": "\\\\\\u007f"}'),
    ],
)
def test_an_escape_that_kubectl_and_kustomize_know_in_json_only_is_written_as_the_character(
    text: str, written: str
) -> None:
    assert json.loads(text) == json.loads(written)
    assert join(files(a_json=text)).decode() == f"---\n{written}\n"


def test_a_line_that_only_begins_with_dashes_is_refused_as_readers_refuse_it() -> None:
    with pytest.raises(DefinitionError, match="can't be joined") as caught:
        join(files(a_yaml="a: 1\n---x: 2\n"))
    assert caught.value.where == Location("a.yaml")


def test_a_pointer_of_git_lfs_is_no_manifest() -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
    with pytest.raises(DefinitionError, match="a pointer of Git LFS") as caught:
        join(files(a_yaml=pointer))
    assert caught.value.where == Location("a.yaml")


def test_json_that_no_text_stands_for_is_an_error() -> None:
    with pytest.raises(DefinitionError, match="can't be joined"):
        join(files(a_json='{\r"a": "\\ud83d\\ude00"}'))


def test_half_a_character_in_json_is_an_error() -> None:
    with pytest.raises(DefinitionError, match="Unicode"):
        join(files(a_json=r'{"a": "\ud83d"}'))
