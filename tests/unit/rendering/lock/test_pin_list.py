"""What is told of pins."""

from __future__ import annotations

from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.rendering.lock.lock import Lock, LockedComponent, Pin
from promotion.rendering.lock.pin_list import describe_pins, list_pinned
from promotion.rendering.model import Provenance

COMMITS = [
    PastCommit(id="a" * 40, time=100, message="Old"),
    PastCommit(id="b" * 40, time=200, message="New", parents=("a" * 40,)),
    PastCommit(id="c" * 40, time=300, message="Roll back", parents=("b" * 40,)),
    PastCommit(id="d" * 40, time=400, message="Dog", parents=("c" * 40,)),
]
HISTORY = CommitHistory(tip="d" * 40, commits={commit.id: commit for commit in COMMITS})
CAT = LockedComponent(label="cat", provenance=Provenance(revision="1"))
LOCK = Lock(
    components={"cat.yaml": CAT},
    pins={
        "fish.yaml": Pin(label="fish", to="a" * 40, base="e" * 40, held_back=LockedComponent(label="fish")),
        "cat.yaml": Pin(label="cat", to="a" * 40, base="b" * 40),
    },
)


def test_the_history_tells_since_when_and_to_what() -> None:
    cat, fish = list_pinned(LOCK, HISTORY)
    assert (cat.label, cat.path, cat.part, cat.held_back) == ("cat", "cat.yaml", CAT, None)
    assert cat.since == COMMITS[2]
    assert cat.to_commit == COMMITS[0]
    assert (fish.label, fish.part, fish.since) == ("fish", None, None)


def test_without_a_history_there_are_no_times() -> None:
    assert [(pinned.to, pinned.since) for pinned in list_pinned(LOCK)] == 2 * [("a" * 40, None)]


def test_each_pin_is_a_sentence() -> None:
    cat, fish = describe_pins(LOCK)
    assert cat.startswith("cat is pinned by a rollback: it stays as it was at aaaaaaaaaaaa until its source")
    assert "it stays absent, as it was at aaaaaaaaaaaa" in fish
