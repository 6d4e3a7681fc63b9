from __future__ import annotations

from collections.abc import Mapping

import pytest

from promotion.commands.preview.hold_comparison import HoldComparison, compare_holds
from promotion.errors import DefinitionError, Location, PromotionError, UnreachableError
from promotion.rendering.definition.part_failures import PartFailures
from promotion.rendering.lock.lock import Lock
from promotion.rendering.rendering_outcome import Rendering

CAT, DOG, HLD = (f"https://git.test/{name}" for name in ("cat", "dog", "hld"))
OLD, NEW = "a" * 40, "b" * 40


def make(held: Mapping[str, PromotionError], **origins: tuple[str, str]) -> Rendering:
    failures = PartFailures(holds=True)
    failures.found |= held
    failures.origins |= origins
    return Rendering(rendered=[], lock=Lock(), before=Lock(), was_judged=False, held=held, failures=failures)


def fails(what: str = "no cats", repository: str = "", line: int = 1) -> PromotionError:
    return DefinitionError(what, where=Location("component.yaml", line, repository=repository))


def compare(before: Rendering | None, after: Rendering, changing: str = CAT) -> HoldComparison:
    known = before.held if before else {}
    return compare_holds(before, after, known, repository=changing, definition=HLD)


def test_a_part_that_fails_newly_is_the_change_s() -> None:
    found = compare(make({}, dog=(DOG, OLD)), make({"dog": fails()}, dog=(DOG, OLD)))
    assert [each.part for each in found.caused] == ["dog"]


@pytest.mark.parametrize(
    ("line", "what", "caused"), [(1, "no cats", 0), (7, "no cats", 0), (1, "no dogs", 1)]
)
def test_one_that_failed_before_is_so_if_it_says_something_else(line: int, what: str, caused: int) -> None:
    before = make({"dog": fails()}, dog=(DOG, OLD))
    found = compare(before, make({"dog": fails(what, line=line)}, dog=(DOG, OLD)))
    assert (len(found.caused), len(found.others)) == (caused, 1 - caused)


def test_one_that_failed_before_is_so_if_its_own_repository_changes() -> None:
    before, after = make({"cat": fails()}, cat=(CAT, OLD)), make({"cat": fails()}, cat=(CAT, NEW))
    assert compare(before, after).caused
    nested = make({"pets": fails(repository=f"{CAT}.git")}, pets=(DOG, OLD))
    assert compare(nested, nested).caused


def test_any_change_moves_the_definition_s_own_parts_so_only_their_words_count() -> None:
    before, after = (make({"base": fails(repository=HLD)}, base=(HLD, commit)) for commit in (OLD, NEW))
    assert compare(before, after, changing=HLD).others
    elsewhere = make({"base": fails(repository=HLD)}, base=(DOG, NEW))
    assert compare(before, elsewhere, changing=HLD).caused


def test_what_may_pass_is_the_change_s_only_in_its_own_repository() -> None:
    error = UnreachableError("no answer")
    flaky = make({"dog": error}, dog=(DOG, ""))
    assert compare(make({}, dog=(DOG, "")), flaky).others
    assert compare(make({}, dog=(DOG, OLD)), make({"dog": error}, dog=(DOG, NEW))).caused


def test_what_no_longer_fails_is_mended() -> None:
    assert compare(make({"cat": fails()}), make({})).healed == ("cat",)


def test_where_nothing_can_be_made_without_the_change_each_failure_is_told_as_its_own() -> None:
    assert compare(None, make({"dog": fails()})).caused
