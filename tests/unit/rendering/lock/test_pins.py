"""Which pins hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.rendering.lock.lock import Lock, LockedComponent, Pin, lock_components
from promotion.rendering.lock.pins import describe_pins, forget_pinned_files, forget_pins, hold, list_pinned
from promotion.rendering.model import Provenance, RenderedComponent

PATH = "cat.yaml"
OLD = LockedComponent(label="cat", source_digest="1.1", files={PATH: "old"})
NEW = LockedComponent(
    label="cat",
    provenance=Provenance(source="git", ref="dev", revision="c2"),
    source_digest="1.2",
    files={PATH: "new"},
)
PINNED = Lock(
    components={PATH: OLD, "dog.yaml": LockedComponent(label="dog", files={"dog.yaml": "dog"})},
    pins={PATH: Pin(label="cat", to="t", base="b", held_back=NEW)},
)


def rendered(source_digest: str = "1.2", *, digest: str = "sha256:0") -> RenderedComponent:
    return RenderedComponent(
        label="cat", path=PATH, kind="", provenance=Provenance(source="git", ref="dev", revision="c2"),
        input_digest=digest, manifest=b"kind: ConfigMap\nmetadata: {name: cat}\n",
        source_digest=source_digest,
    )  # fmt: skip


def held(old: Lock, *parts: RenderedComponent) -> Lock:
    return hold(Lock(components=lock_components(parts)), parts, old).lock


def test_a_pinned_component_keeps_its_file_and_its_entry() -> None:
    part = rendered()
    result = hold(Lock(components=lock_components([part])), [part], PINNED)
    assert result.rendered == ()
    assert result.lock.components == {PATH: OLD}
    assert result.lock.pins[PATH].held_back == lock_components([part])[PATH]
    assert (result.lock.pins[PATH].to, result.lock.pins[PATH].base) == ("t", "b")


def test_another_version_of_a_tool_ends_no_pin() -> None:
    assert PATH in held(PINNED, rendered(digest="sha256:another engine")).pins


def test_another_basis_ends_the_pin() -> None:
    part = rendered("1.3")
    result = hold(Lock(components=lock_components([part])), [part], PINNED)
    assert result.rendered == (part,)
    assert result.lock == Lock(components=lock_components([part]))


def test_a_component_that_was_kept_has_not_changed() -> None:
    kept = Lock(components={PATH: replace(NEW, source_digest="forged")})
    assert PATH in hold(kept, [], PINNED).lock.pins


def test_being_removed_or_added_ends_the_pin() -> None:
    assert hold(Lock(), [], PINNED).lock == Lock()
    absent = Lock(components={PATH: OLD}, pins={PATH: Pin(label="cat", to="t", base="b")})
    assert hold(Lock(), [], absent).lock == absent
    assert held(absent, rendered()).pins == {}


def test_a_component_that_was_absent_stays_absent() -> None:
    absent = Lock(pins=PINNED.pins)
    assert held(absent, rendered()).components == {}


@pytest.mark.parametrize(
    ("change", "holds"), [({}, True), ({"revision": "c1"}, False), ({"ref": "x"}, False)]
)
def test_a_lock_of_an_older_format_tells_by_the_source(change: dict[str, str], holds: bool) -> None:
    before = replace(NEW, source_digest="", provenance=replace(NEW.provenance, **change))
    old = replace(PINNED, pins={PATH: Pin(label="cat", to="t", base="b", held_back=before)})
    assert (PATH in held(old, rendered()).pins) is holds


def test_without_pins_the_lock_and_the_tree_are_as_the_sources_have_them() -> None:
    assert forget_pins(PINNED).components[PATH] == NEW
    assert forget_pins(PINNED).pins == {}
    tree = {"out/cat.yaml": "100644 old", "out/dog.yaml": "100644 dog", "README.md": "100644 r"}
    expected = {**tree, "out/cat.yaml": "100644 new"}
    assert forget_pinned_files(tree, PINNED, "out") == expected
    gone = replace(PINNED, pins={PATH: Pin(label="cat", to="t", base="b")})
    assert PATH not in forget_pins(gone).components
    assert forget_pinned_files(tree, gone, "out").keys() == {"out/dog.yaml", "README.md"}


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


def test_the_history_tells_since_when() -> None:
    cat, fish = list_pinned(LOCK, HISTORY)
    assert (cat.label, cat.path, cat.part, cat.held_back) == ("cat", "cat.yaml", CAT, None)
    assert cat.since == COMMITS[2]
    assert (fish.label, fish.part, fish.since) == ("fish", None, None)


def test_without_a_history_there_are_no_times() -> None:
    assert [(pinned.to, pinned.since) for pinned in list_pinned(LOCK)] == 2 * [("a" * 40, None)]


def test_each_pin_is_a_sentence() -> None:
    cat, fish = describe_pins(LOCK)
    assert cat.startswith("cat is pinned by a rollback: it stays as it was at aaaaaaaaaaaa until its source")
    assert "it stays absent, as it was at aaaaaaaaaaaa" in fish
