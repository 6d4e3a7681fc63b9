"""A lazy data class is like one of the standard library as soon as it has an instance."""

from __future__ import annotations

import dataclasses
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, asdict, field, fields, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.lazy_dataclass import dataclass

T = TypeVar("T")


def declare(kind: Callable[..., Any]) -> tuple[Any, Any]:
    """Return a class and one that inherits from it, made by this kind of decorator."""

    @kind(frozen=True, order=True)
    class Cat(Generic[T]):
        name: T
        lives: int = 9
        _: KW_ONLY
        toys: list[str] = field(default_factory=list, compare=False)
        secret: str = field(default="", repr=False)

        def __post_init__(self) -> None:
            if self.lives < 0:
                raise ValueError("it is dead")

        @cached_property
        def title(self) -> str:
            return f"{self.name} {self.lives}"

    @kind(frozen=True, kw_only=True)
    class Lion(Cat[str]):
        roars: bool = True

        def __str__(self) -> str:
            return "a lion"

    return Cat, Lion


LAZY, USUAL = declare(dataclass), declare(dataclasses.dataclass)
names, numbers = st.sampled_from(["tom", "kit"]), st.integers(0, 2)
cats = st.tuples(names, numbers, st.lists(names, max_size=1), names)


@given(cats, cats, st.sampled_from([0, 1]))
def test_it_is_like_the_usual_one(one: Any, other: Any, kind: int) -> None:
    def describe(cls: Any) -> Iterator[Any]:
        make = [cls(name, lives, toys=toys, secret=secret) for name, lives, toys, secret in (one, other)]
        left, right = make
        yield from (left == right, left != right, left < right, left >= right, repr(left), str(left))
        yield from (hash(left) == hash(right), asdict(left), left.title, replace(left, lives=7).lives)
        yield [(part.name, part.compare, part.kw_only) for part in fields(cls)]
        yield (
            cls.__match_args__,
            cls.__doc__,
            cls.__name__,
            cls.__qualname__,
            hasattr(cls, "toys"),
            cls.lives,
        )

    assert list(describe(LAZY[kind])) == list(describe(USUAL[kind]))


def test_nothing_is_made_before_the_first_instance() -> None:
    cat, lion = declare(dataclass)
    assert "__eq__" not in vars(cat)
    assert lion("leo", toys=["ball"]) == lion("leo")
    assert "__eq__" in vars(cat)
    assert cat("tom").toys == []


@pytest.mark.parametrize("kind", [0, 1])
def test_a_frozen_one_stays_as_it_is(kind: int) -> None:
    made = LAZY[kind]("tom")
    for name in ("name", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(made, name, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.name


@pytest.mark.parametrize("words", [(), ("tom", 1, 2, 3), ("tom", -1)])
def test_wrong_arguments_are_refused_each_time(words: tuple[Any, ...]) -> None:
    cat, _ = declare(dataclass)
    messages = set()
    for cls in (cat, cat, USUAL[0]):
        with pytest.raises((TypeError, ValueError)) as caught:
            cls(*words)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_a_fault_of_the_class_is_told_each_time() -> None:
    @dataclass
    class Faulty:
        first: int = 1
        second: str  # type: ignore[misc]

    for _ in range(2):
        with pytest.raises(TypeError, match="second"):
            Faulty(1, "")


def test_an_own_class_below_it_may_have_more() -> None:
    cat, _ = declare(dataclass)

    class Tiger(cat):
        def __init__(self) -> None:
            super().__init__("tiger", 1)

    assert Tiger().title == "tiger 1"


@dataclass(frozen=True)
class Mouse:
    name: str


def test_it_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Mouse("jerry"))) == Mouse("jerry")  # noqa: S301


def test_threads_that_make_the_first_ones_at_once_get_whole_ones() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            cat, _ = declare(dataclass)
            gate, found = threading.Barrier(4), []

            def make(cat: Any = cat, gate: threading.Barrier = gate, found: list[Any] = found) -> None:
                gate.wait()
                one = cat("tom")
                found.append((hash(one), one == cat("tom")))

            threads = [threading.Thread(target=make) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [(hash(cat("tom")), True)] * 4
    finally:
        sys.setswitchinterval(interval)
