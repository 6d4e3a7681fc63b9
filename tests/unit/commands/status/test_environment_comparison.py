from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from promotion.commands.status.environment_comparison import compare_environments, list_moves, waits
from promotion.commands.status.status_matrix import Cell, Environment, Matrix
from promotion.common.commit_history import PastCommit
from promotion.rendering.lock.lock import LockedComponent, LockedHld
from promotion.rendering.manifests.resources import Image
from promotion.rendering.model import Provenance

OLD, NEW, MERGE, LATER = "a" * 40, "b" * 40, "c" * 40, "f" * 40
ONE, TWO = (Image("cat", "1"),), (Image("cat", "2"),)
PATH = "cat.yaml"


def cell(
    revision: str, blob: str = "", *, time: int = 0, images: tuple[Image, ...] = (), source: str = "x"
) -> Cell:
    part = LockedComponent(
        label="cat", provenance=Provenance(source=source, revision=revision), files={PATH: blob or revision}
    )
    since = PastCommit(id="d" * 40, time=time) if time else None
    return Cell(part=part, hld=LockedHld(commit=revision), images=images, since=since)


def environment(name: str, present: Cell | None, past: Sequence[str] = ()) -> Environment:
    cells = {PATH: present} if present else {}
    return Environment(name=name, branch=name, commit="e" * 40, cells=cells, past={"cat": past})


@pytest.mark.parametrize(
    ("above", "below", "standing"),
    [
        ((cell(NEW), [NEW, OLD]), (cell(NEW), [NEW, OLD]), "same"),
        ((cell(NEW), [NEW, OLD]), (cell(OLD), [OLD]), "waiting"),
        ((cell(OLD), [OLD]), (cell(NEW), [NEW, OLD]), "behind"),
        ((cell(NEW, "blob"), []), (cell(OLD, "blob"), []), "same"),
        ((cell(OLD), [OLD, NEW, OLD]), (cell(NEW), [NEW]), "waiting"),  # the source went back
        ((cell(NEW), []), (None, []), "new"),
        ((None, []), (cell(OLD), []), "gone"),
    ],
)
def test_revisions_that_an_environment_has_had_tell_which_is_later(
    above: tuple[Cell | None, list[str]], below: tuple[Cell | None, list[str]], standing: str
) -> None:
    assert compare_environments(environment("dev", *above), environment("stage", *below), PATH) == standing


@pytest.mark.parametrize(
    ("above", "below", "standing"),
    [
        (cell(NEW, time=100, images=ONE), cell(MERGE, time=200, images=ONE), "same"),
        (cell(NEW, time=300, images=TWO), cell(MERGE, time=200, images=ONE), "waiting"),
        (cell(NEW, time=300, images=ONE), cell(MERGE, time=200, images=ONE), "waiting"),  # config, say
        (cell(NEW, time=100, images=TWO), cell(MERGE, time=200, images=ONE), "differs"),
        (cell(NEW), cell(MERGE), "differs"),
    ],
)
def test_where_branches_are_merged_the_times_tell(above: Cell, below: Cell, standing: str) -> None:
    assert (
        compare_environments(environment("dev", above, [NEW]), environment("stage", below, [MERGE]), PATH)
        == standing
    )


def test_what_lies_in_the_definition_is_judged_by_what_brought_it() -> None:
    """The definition's commit moves on while the component stays as it is."""
    above, below = cell(MERGE, "new", source=""), cell(LATER, "old", source="")
    assert (
        compare_environments(environment("dev", above, [NEW, OLD]), environment("stage", below, [OLD]), PATH)
        == "waiting"
    )
    assert (
        compare_environments(environment("dev", below, [OLD]), environment("stage", above, [NEW, OLD]), PATH)
        == "behind"
    )


def test_what_lies_in_the_definition_is_the_same_at_the_same_commit() -> None:
    """Config of one environment alone makes the manifests differ, and is nothing to promote."""
    above, below = cell(NEW, "one replica", source=""), cell(NEW, "three", source="")
    for past in ([NEW], [OLD], []):
        assert (
            compare_environments(environment("dev", above, past), environment("prod", below, past), PATH)
            == "same"
        )


def test_what_lies_in_the_definition_is_the_same_if_the_same_commit_brought_it() -> None:
    """Another component has moved the lock of one environment on since."""
    above, below = cell(LATER, "one replica", source=""), cell(NEW, "three", source="")
    assert (
        compare_environments(environment("dev", above, [NEW]), environment("prod", below, [NEW]), PATH)
        == "same"
    )


@pytest.mark.parametrize("pinned", [True, False])
def test_the_commit_that_a_rollback_undid_brought_nothing(pinned: bool) -> None:
    held = replace(cell(OLD, "old", source=""), pinned="1" * 40 if pinned else "")
    dev = environment("dev", cell(NEW, "new", source=""), [NEW, OLD])
    prod = environment("prod", held, [NEW, OLD])
    assert compare_environments(dev, prod, PATH) == ("waiting" if pinned else "same")


def test_folders_of_one_definition_are_not_the_same_at_the_same_commit() -> None:
    one, other = cell(NEW, "new", source=""), cell(NEW, "old", source="")
    one = replace(one, part=replace(one.part, provenance=Provenance(revision="new", path="clusters/dev/cat")))
    other = replace(
        other, part=replace(other.part, provenance=Provenance(revision="old", path="clusters/prod/cat"))
    )
    assert (
        compare_environments(environment("dev", one, [NEW]), environment("prod", other, [NEW]), PATH)
        == "waiting"
    )


def test_environments_that_are_missing_are_passed_over() -> None:
    dev, prod = environment("dev", cell(NEW), [NEW, OLD]), environment("prod", cell(OLD), [OLD])
    stage = Environment(name="stage", branch="stage")
    (move,) = list_moves(Matrix(repository="", environments=(dev, stage, prod)))
    assert (move.source, move.target, move.standing) == (dev, prod, "waiting")
    assert waits(move)


def test_what_is_behind_does_not_wait() -> None:
    dev, stage = environment("dev", cell(OLD), [OLD]), environment("stage", cell(NEW), [NEW, OLD])
    (move,) = list_moves(Matrix(repository="", environments=(dev, stage)))
    assert not waits(move)
