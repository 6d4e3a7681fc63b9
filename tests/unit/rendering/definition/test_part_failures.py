"""Whose fault an error is, and what goes on without those at fault."""

from __future__ import annotations

import pytest

from promotion.errors import (
    DefectError,
    DefinitionError,
    ExhaustedError,
    PromotionError,
    UnauthenticatedError,
)
from promotion.rendering.definition.part_failures import PartFailures, blaming, repeat_for
from promotion.rendering.definition.render_plan import RenderPlan
from promotion.rendering.definition.resolution import resolve_definition
from promotion.rendering.model import Folder
from promotion.rendering.sources.local_source import LocalSource
from support.definitions import MemoryFetcher, MemorySnapshot

ACCOUNT = "kind: ServiceAccount\n"
GOOD = {"component.yaml": "{name: good, generator: static, path: m}", "m/a.yaml": ACCOUNT}
BAD = "https://git.test/bad"
CLUSTER = """
name: cluster
subcomponents:
- {name: bad, method: git, source: 'https://git.test/bad'}
- {name: good, method: git, source: 'https://git.test/good'}
- {name: own, type: static, path: own}
"""


def resolve(
    git: dict[str, dict[str, str]], cluster: str = CLUSTER, *, holds: bool = True
) -> tuple[RenderPlan, PartFailures, MemoryFetcher]:
    fetcher = MemoryFetcher(git={"https://git.test/good": GOOD, **git})
    failures = PartFailures(holds=holds)
    plan = resolve_definition(
        Folder(LocalSource()),
        MemorySnapshot({"component.yaml": cluster, "own/a.yaml": ACCOUNT}, revision="1"),
        ["prod"],
        fetcher=fetcher,
        environment={},
        failures=failures,
    )
    return plan, failures, fetcher


def labels(plan: RenderPlan) -> list[str]:
    return [job.component.label for job in plan.jobs]


BROKEN: dict[str, dict[str, dict[str, str]]] = {
    "a missing repository": {},
    "no component file": {BAD: {"README.md": "none"}},
    "broken YAML": {BAD: {"component.yaml": "name: [open"}},
    "a missing folder": {BAD: {"component.yaml": "{name: x, generator: static, path: no}"}},
    "a way out": {BAD: {"component.yaml": "{name: x, generator: static, path: ../..}"}},
    "a circle": {BAD: {"component.yaml": "{name: x, subcomponents: [{name: y, source: .}]}"}},
    "a nested source that is gone": {
        BAD: {
            "component.yaml": "{name: x, subcomponents: [{name: n, method: git, source: 'https://no.test/n'}]}"
        }
    },
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_part_that_fails_is_left_out_and_the_others_are_there(what: str) -> None:
    plan, failures, _ = resolve(BROKEN[what])
    assert labels(plan) == ["good", "own"]
    assert list(failures.found) == ["bad"]


@pytest.mark.parametrize("what", BROKEN)
def test_without_holding_its_error_is_raised(what: str) -> None:
    with pytest.raises(PromotionError) as caught:
        resolve(BROKEN[what], holds=False)
    assert caught.value.part == "bad"


def test_a_source_that_several_parts_need_is_asked_once_and_fails_each_of_them() -> None:
    cluster = CLUSTER + "- {name: worse, method: git, source: 'https://git.test/bad'}\n"
    plan, failures, fetcher = resolve({}, cluster)
    assert labels(plan) == ["good", "own"]
    assert {part: error.component for part, error in failures.found.items()} == {
        "bad": "bad",
        "worse": "worse",
    }
    assert fetcher.asked.count((BAD, "")) == 1


def test_a_token_that_a_part_may_not_have_fails_no_other_that_needs_the_source() -> None:
    shared = "{name: x, subcomponents: [{name: n, method: git, source: 'https://git.test/shared'}]}"
    repositories = {
        BAD: {"component.yaml": shared, "access.yaml": "https://git.test/shared: TOKEN"},
        "https://git.test/good": {"component.yaml": shared},
        "https://git.test/shared": GOOD,
    }
    plan, failures, _ = resolve(repositories)
    assert labels(plan) == ["good/n/good", "own"]
    assert list(failures.found) == ["bad"]


def test_what_the_definition_itself_says_is_nobodys_fault() -> None:
    with pytest.raises(DefinitionError, match="isn't known") as caught:
        resolve({}, CLUSTER + "- {name: odd, type: odd}\n")
    assert not caught.value.part


def test_an_own_entry_is_left_out_without_those_below_it() -> None:
    cluster = """
name: cluster
type: static
path: missing
subcomponents: [{name: good, method: git, source: 'https://git.test/good'}]
"""
    plan, failures, _ = resolve({}, cluster)
    assert labels(plan) == ["good"]
    assert list(failures.found) == ["cluster"]


def test_the_machine_and_our_credential_are_nobodys_fault() -> None:
    for error in (ExhaustedError("the disk is full"), UnauthenticatedError("GitHub doesn't take the token")):
        with pytest.raises(PromotionError) as caught, blaming("cat"):
            raise error
        assert not caught.value.part
    with pytest.raises(DefinitionError) as found, blaming("cat"), blaming("dog"):
        raise DefinitionError("odd")
    assert found.value.part == "dog"


def test_an_error_repeats_itself_for_another_part() -> None:
    first = DefinitionError("odd", fix="Mend it.", component="a/b")
    first.part = "a"
    again = repeat_for(first, part="c", label="c/d")
    assert (str(again), again.part, first.part) == ("component c/d: odd. Mend it.", "c", "a")
    assert type(again) is DefinitionError


def test_a_bug_of_ours_that_a_part_finds_is_held_without_its_words() -> None:
    def stumble() -> None:
        raise KeyError("hunter2")

    found = PartFailures(holds=True).attempt("cat", stumble)
    assert isinstance(found, DefectError)
    assert (found.part, found.is_passing) == ("cat", False)
    assert "a defect of this program: KeyError" in str(found)
    assert "hunter2" not in str(found)
    with pytest.raises(KeyError):
        PartFailures(holds=False).attempt("cat", stumble)

    def run_out() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        PartFailures(holds=True).attempt("cat", run_out)
