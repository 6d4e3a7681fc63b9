"""What of a lock still holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotion.rendering.lock.lock import Lock, LockedComponent, LockedSubtree
from promotion.rendering.lock.reuse import list_moves, list_resolved_sources, reuse_component
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source

HLD, CAT, DOG = (GitSource(url=f"https://git.test/{name}") for name in ("hld", "cat", "dog"))
ANSWERS: dict[Source, str] = {HLD: "h1", CAT: "c1", DOG: "d1"}
TREE = {"out/cat.yaml": "100644 c", "out/dog.yaml": "100644 d", "out/own.yaml": "100644 o"}
LOCK = Lock(
    components={
        f"{name}.yaml": LockedComponent(label=name, subtree=subtree, files={f"{name}.yaml": name[0]})
        for name, subtree in (("cat", "cats"), ("dog", "dogs"), ("own", "all"))
    },
    subtrees={
        "all": LockedSubtree(answers={HLD: "h1"}, subtrees=("cats",)),
        "cats": LockedSubtree(answers={CAT: "c1"}, subtrees=("dogs",)),
        "dogs": LockedSubtree(answers={DOG: "d1"}),
    },
)


def holding(lock: Lock = LOCK, **changes: object) -> set[str]:
    options = {"answers": ANSWERS, "tree": TREE, **changes}
    return set(reuse_component(lock, folder="out", **options).subtrees)  # type: ignore[arg-type]


def test_all_holds_when_every_source_answers_as_before() -> None:
    assert holding() == {"all", "cats", "dogs"}


def test_every_source_is_asked_once() -> None:
    twice = replace(LOCK, subtrees={**LOCK.subtrees, "more": LockedSubtree(answers={CAT: "c1"})})
    assert list(list_resolved_sources(twice)) == [HLD, CAT, DOG]


@pytest.mark.parametrize(
    ("source", "left"), [(HLD, {"cats", "dogs"}), (CAT, {"dogs"}), (DOG, set())], ids=["hld", "cat", "dog"]
)
@pytest.mark.parametrize("answer", ["other", ""])
def test_another_answer_or_none_ends_a_unit_and_those_around_it(
    source: Source, left: set[str], answer: str
) -> None:
    assert holding(answers={**ANSWERS, source: answer}) == left
    assert holding(answers={key: text for key, text in ANSWERS.items() if key != source}) == left


@pytest.mark.parametrize("entry", [None, "100644 x", "100755 d", "120000 d"])
def test_a_file_that_is_not_as_we_left_it_ends_its_subtree(entry: str | None) -> None:
    tree = (
        {**TREE, "out/dog.yaml": entry} if entry else {"out/cat.yaml": "100644 c", "out/own.yaml": "100644 o"}
    )
    memory = reuse_component(LOCK, ANSWERS, tree, "out")
    assert memory.subtrees == {}
    assert memory.components.keys() == {"cat.yaml", "own.yaml"}


def test_a_unit_comes_with_those_within_it_and_their_components() -> None:
    memory = reuse_component(LOCK, ANSWERS, TREE, "out")
    assert memory.within("cats").keys() == {"cats", "dogs"}
    assert memory.components_of(memory.within("cats")).keys() == {"cat.yaml", "dog.yaml"}


def test_a_component_with_the_files_of_another_is_nobodys() -> None:
    lying = LockedComponent(label="cat", subtree="cats", files={"dog.yaml": "d"})
    lock = replace(LOCK, components={"cat.yaml": lying})
    assert holding(lock) == {"dogs"}


@pytest.mark.parametrize(
    "subtrees",
    [
        {"all": LockedSubtree()},
        {"all": LockedSubtree(answers={HLD: ""})},
        {"all": LockedSubtree(answers={HLD: "h1"}, subtrees=("all",))},
        {"all": LockedSubtree(answers={HLD: "h1"}, subtrees=("gone",))},
        {
            "all": LockedSubtree(answers={HLD: "h1"}, subtrees=("cats",)),
            "cats": LockedSubtree(answers={CAT: "c1"}, subtrees=("all",)),
        },
    ],
    ids=["no source", "no answer", "itself", "missing", "circle"],
)
def test_a_subtree_that_we_never_wrote_does_not_hold(subtrees: dict[str, LockedSubtree]) -> None:
    assert (
        holding(
            replace(LOCK, subtrees=subtrees), answers={**ANSWERS, HLD: subtrees["all"].answers.get(HLD, "h1")}
        )
        == set()
    )


def test_a_hostile_chain_of_units_comes_to_an_end() -> None:
    chain = {
        str(index): LockedSubtree(answers={HLD: "h1"}, subtrees=(str(index + 1),)) for index in range(20_000)
    }
    chain["20000"] = LockedSubtree(answers={HLD: "h1"})
    assert len(holding(replace(LOCK, components={}, subtrees=chain))) == 100


MOVED = {"cat.yaml": LockedComponent(label="cat")}


def lock_of(*answers: tuple[Source, str]) -> Lock:
    subtrees = {
        f"subtree {n}": LockedSubtree(answers={source: answer}) for n, (source, answer) in enumerate(answers)
    }
    return Lock(components=MOVED, subtrees=subtrees)


def test_moves_are_sources_with_new_answers() -> None:
    before = lock_of((CAT, "1"), (DOG, "1"))
    assert list_moves(before, lock_of((DOG, "1"), (CAT, "2"))) == {CAT: "2"}
    assert list_moves(before, lock_of((CAT, "1"))) == {}
    assert list_moves(lock_of((CAT, "1")), before) == {DOG: "1"}, "a source that wasn't there"


def test_a_first_commit_has_no_moves() -> None:
    assert list_moves(Lock(), lock_of((CAT, "1"))) == {}
