from __future__ import annotations

import pytest

from promotion.rendering.manifests.left_out_files import find_resource, has_content, is_manifest

ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: cat\n"


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("a.yaml", True),
        ("a.yml", True),
        ("a.json", True),
        ("A.YAML", True),
        (".a.yaml", False),
        ("a.yaml.txt", False),
        ("README.md", False),
        ("yaml", False),
    ],
)
def test_which_files_are_manifests(name: str, taken: bool) -> None:
    assert is_manifest(name) == taken


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (ACCOUNT, 2),
        (f"\ufeff{ACCOUNT}", 2),
        (f"# ours\n---\n{ACCOUNT}", 4),
        (f"a: 1\n---\n{ACCOUNT}", 4),
        ('{"apiVersion": "v1", "kind": "Secret"}', 1),
        ("apiVersion: v1\nkind: {{ .Kind }}\nname: {{ x\n", 2),
        ("a: 1\nb: {kind: x}\n", 0),
        ("# kind: ServiceAccount\n", 0),
        ("a text of a kind:\nnothing else\n", 0),
        ("", 0),
    ],
)
def test_a_resource_is_known_by_its_kind(text: str, line: int) -> None:
    assert find_resource("a.txt", text.encode()) == line


def test_documentation_may_quote_a_resource() -> None:
    quoted = f"# Accounts\n\nAn example: it's\n\n```yaml\n{ACCOUNT}```\n".encode()
    assert find_resource("README.md", quoted) == 0
    assert find_resource("README", quoted) == 7


def test_what_nobody_writes_by_hand_holds_none() -> None:
    assert find_resource("logo.png", b"\x89PNG kind: \xff") == 0
    assert find_resource("notes.txt", b"a text of a kind\n" * 2**17) == 0


def test_a_resource_is_found_in_a_long_file_and_in_utf_16() -> None:
    assert find_resource("crds", b"#" * 2**20 + b"\n" + ACCOUNT.encode()) == 3
    assert find_resource("crds.md", b"#" * 2**20 + b"\n" + ACCOUNT.encode()) == 0
    assert find_resource("a.txt", ACCOUNT.encode("utf-16")) == 2


@pytest.mark.parametrize(("data", "has"), [(b"", False), (b" \n# x\n\t# y\n", False), (b"# x\n.DS\n", True)])
def test_blanks_and_comments_are_no_content(data: bytes, has: bool) -> None:
    assert has_content(data) == has
