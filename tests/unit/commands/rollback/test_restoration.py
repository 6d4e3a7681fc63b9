"""What restores a state, and what is pinned then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.commands.rollback.restoration import RestoredState, choose_paths, lift, restore
from promotion.errors import PublishError, UsageError
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import Lock, LockedComponent, LockedSubtree, Pin

ONE, TWO = b"kind: A\nmetadata: {name: one}\n", b"kind: A\nmetadata: {name: two}\n"


def part(name: str, content: bytes, subtree: str = "u") -> LockedComponent:
    return LockedComponent(
        label=name,
        input_digest="i",
        subtree=subtree,
        source_digest="b",
        files={f"{name}.yaml": blob_id(content)},
    )


def state(commit: str, folder: str = "", **contents: bytes) -> RestoredState:
    tree = {f"{folder}{name}.yaml": f"100644 {blob_id(data)}" for name, data in contents.items()}
    lock = Lock(components={f"{name}.yaml": part(name, data) for name, data in contents.items()})
    return RestoredState(commit=commit, lock=lock, tree=tree, folder=folder.rstrip("/"))


def test_only_what_differs_is_restored_and_pinned() -> None:
    now, then = state("n", cat=TWO, dog=ONE, fish=ONE), state("t", cat=ONE, dog=ONE, bird=ONE)
    assert choose_paths(now, then, ()) == ("bird.yaml", "cat.yaml", "fish.yaml")
    assert choose_paths(now, then, ("cat", "bird.yaml", "dog")) == ("bird.yaml", "cat.yaml")
    lock = restore(now, then, {"bird.yaml": ONE, "cat.yaml": ONE, "fish.yaml": None})
    assert lock.files == {f"{name}.yaml": blob_id(ONE) for name in ("bird", "cat", "dog")}
    assert lock.components["cat.yaml"].resources == ("A one",)
    assert lock.pins == {
        "bird.yaml": Pin(label="bird", to="t", base="n", held_back=None),
        "cat.yaml": Pin(label="cat", to="t", base="n", held_back=part("cat", TWO)),
        "fish.yaml": Pin(label="fish", to="t", base="n", held_back=part("fish", ONE)),
    }


def test_going_back_to_what_the_sources_give_unpins() -> None:
    now, then = state("n", cat=TWO), state("t", cat=ONE)
    back = restore(now, then, {"cat.yaml": ONE})
    between = RestoredState(commit="b", lock=back, tree=then.tree, folder="")
    assert choose_paths(between, now, ()) == ("cat.yaml",)
    assert restore(between, now, {"cat.yaml": TWO}) == now.lock


def test_a_pin_moves_on_to_another_state_with_what_it_holds_back() -> None:
    now, then = state("n", cat=TWO), state("t", cat=ONE)
    between = RestoredState(commit="b", lock=restore(now, then, {"cat.yaml": ONE}), tree=then.tree, folder="")
    lock = restore(between, state("e"), {"cat.yaml": None})
    assert lock.components == {}
    assert lock.pins["cat.yaml"] == Pin(label="cat", to="e", base="b", held_back=part("cat", TWO))


def test_what_was_there_then_counts_not_what_the_lock_said() -> None:
    then = replace(state("t", cat=ONE, dog=ONE), tree={"cat.yaml": "100644 edited", "dog.yaml": "160000 x"})
    now = state("n", cat=ONE, dog=ONE)
    assert then.blob("cat.yaml") == "edited"
    assert then.blob("dog.yaml") == ""
    assert choose_paths(now, then, ()) == ("cat.yaml", "dog.yaml")


def test_a_file_of_somebody_else_is_never_taken() -> None:
    now = replace(state("n", "out/", dog=ONE), tree={"out/cat.yaml": "100644 theirs"})
    then = state("t", "out/", cat=ONE, dog=ONE)
    with pytest.raises(PublishError, match=r"out/cat\.yaml is in the manifest repository, in our way"):
        restore(now, then, {"cat.yaml": ONE})


def test_a_lock_whose_components_are_about_other_files_is_refused() -> None:
    forged = Lock(components={"cat.yaml": LockedComponent(label="cat", files={"dog.yaml": "1"})})
    with pytest.raises(PublishError, match="damaged"):
        choose_paths(state("n"), replace(state("t"), lock=forged), ())


def test_a_lifted_component_and_its_unit_are_made_anew() -> None:
    now, then = state("n", cat=TWO, dog=ONE), state("t", cat=ONE, dog=ONE)
    pinned = restore(now, then, {"cat.yaml": ONE})
    subtrees = {"u": LockedSubtree(), "other": LockedSubtree()}
    lock = lift(replace(pinned, subtrees=subtrees), ("cat",))
    assert (lock.pins, lock.subtrees.keys()) == ({}, {"other"})
    assert (lock.components["cat.yaml"].input_digest, lock.components["cat.yaml"].subtree) == ("", "")
    assert lock.files == pinned.files
    assert lift(pinned, ("all",)).pins == {}


def test_only_what_is_pinned_can_be_lifted() -> None:
    with pytest.raises(UsageError, match="'cat' isn't pinned") as refused:
        lift(state("n", cat=ONE).lock, ("cat",))
    assert refused.value.fix == "No component is pinned."
    pinned = restore(state("n", cat=TWO, dog=ONE), state("t", cat=ONE, dog=ONE), {"cat.yaml": ONE})
    with pytest.raises(UsageError, match="'dog' isn't pinned") as refused:
        lift(pinned, ("cat", "dog"))
    assert refused.value.fix == "Pinned are cat."
    with pytest.raises(UsageError, match="no component 'bird'") as refused:
        lift(pinned, ("bird",))
    assert refused.value.fix == "Known are cat, dog."
    assert lift(Lock(), ("all",)) == Lock()
