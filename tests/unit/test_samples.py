"""Which third of many samples a run takes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from support.samples import take_every_third, take_third


@dataclass(frozen=True)
class Case:
    """What is asked of a test that pytest has collected."""

    nodeid: str
    marks: tuple[str, ...] = ("siege", "samples")

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


MANY = [Case(f"test_a.py::test_many[{kind}-{number}]") for kind in "abc" for number in range(20)]
FEW = [Case(f"test_a.py::test_few[{number}]") for number in range(5)]
PLAIN = [Case(f"test_a.py::test_plain[{number}]", ("siege",)) for number in range(20)]


def test_three_thirds_are_the_whole() -> None:
    thirds = [take_third(MANY, third) for third in "012"]
    assert [len(third) for third in thirds] == [20, 20, 20]
    assert {case for third in thirds for case in third} == set(MANY)


def test_a_third_has_cases_of_all_kinds() -> None:
    kinds = Counter(case.nodeid.partition("[")[2][0] for case in take_third(MANY, "1"))
    assert min(kinds.values()) > 3


@pytest.mark.parametrize("third", ["0", "1", "2"])
def test_few_cases_and_those_of_no_large_space_are_all_taken(third: str) -> None:
    assert take_third([*FEW, *PLAIN], third) == [*FEW, *PLAIN]


def test_all_are_taken_where_no_third_is_asked_for() -> None:
    assert take_third([*MANY, *FEW], "") == [*MANY, *FEW]


def test_the_samples_of_one_test_too() -> None:
    thirds = [take_every_third("abcdefg", third) for third in ("0", "1", "2", "")]
    assert thirds == ["adg", "be", "cf", "abcdefg"]
