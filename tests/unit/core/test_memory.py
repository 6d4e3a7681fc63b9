from __future__ import annotations

from promotion.core.lock import Lock, LockedComponent, LockedUnit
from promotion.core.memory import list_moves
from promotion.core.model import GitSource, Source

CAT, DOG = GitSource(url="acme/cat", branch="dev"), GitSource(url="acme/dog", branch="dev")
COMPONENTS = {"cat.yaml": LockedComponent(label="cat")}


def lock(*answers: tuple[Source, str]) -> Lock:
    units = {f"unit {n}": LockedUnit(answers={source: answer}) for n, (source, answer) in enumerate(answers)}
    return Lock(components=COMPONENTS, units=units)


def test_moves_are_sources_with_new_answers() -> None:
    before = lock((CAT, "1"), (DOG, "1"))
    assert list_moves(before, lock((DOG, "1"), (CAT, "2"))) == {CAT: "2"}
    assert list_moves(before, lock((CAT, "1"))) == {}
    assert list_moves(lock((CAT, "1")), before) == {DOG: "1"}, "a source that wasn't there"


def test_a_first_commit_has_no_moves() -> None:
    assert list_moves(Lock(), lock((CAT, "1"))) == {}
