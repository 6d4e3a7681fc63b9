"""What `doctor` says of the ownership file."""

from __future__ import annotations

from promotion.commands.doctor.ownership_checks import examine_ownership
from promotion.rendering.materialize_request import OWNERSHIP_FILE
from support.definitions import MemorySnapshot


def examine(text: str, *parts: str) -> list[tuple[str, str]]:
    files = {OWNERSHIP_FILE: text} if text else {}
    found = examine_ownership("hld dev", MemorySnapshot(files), "https://example.com/hld", parts)
    return [(check.mark, check.what.replace(OWNERSHIP_FILE, "FILE")) for check in found]


def test_without_the_file_there_is_nothing_to_say() -> None:
    assert examine("", "cat") == []


def test_parts_that_may_make_anything_and_those_without_an_entry_are_named() -> None:
    assert examine("cat: {namespaces: [cats]}\nplatform: any\n", "cat", "dog", "platform") == [
        ("wrong", "no entry of FILE is for dog, so nothing of it is published"),
        ("unknown", "FILE allows anything to platform"),
    ]


def test_a_rule_for_each_part_is_as_it_should_be() -> None:
    found = examine('"*": {namespaces: ["{part}"]}', "cat", "dog")
    assert found == [("ok", "FILE says what each of its 2 parts may make")]
