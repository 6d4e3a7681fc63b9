"""Whose fault an error is, and going on without those at fault.

A part is what one entry of the definition's own files brings. What fails in a part is its own matter, unless
the machine or our own credential is the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, TypeVar

from promotion.common.exhaustion import find_exhaustion
from promotion.common.phrases import say
from promotion.errors import DefectError, PromotionError, UnauthenticatedError, UsageError

if TYPE_CHECKING:
    from promotion.rendering.sources.source_interface import Source

_NOBODYS = (UnauthenticatedError, UsageError)

_T = TypeVar("_T")


@contextmanager
def blaming(part: str) -> Iterator[None]:
    """Blame this part for errors inside for which no other is blamed; empty: nobody."""
    try:
        yield
    except PromotionError as error:
        if not isinstance(error, _NOBODYS) and find_exhaustion(error) is None:
            error.part = error.part or part
        raise


class PartFailures:
    """What failed, by part.

    Args:
        holds: whether to go on without the parts that fail. Else the first failure is raised.
    """

    def __init__(self, *, holds: bool) -> None:
        self.holds = holds
        self.found: dict[str, PromotionError] = {}
        self.origins: dict[
            str, tuple[str, str]
        ] = {}  # each part's source and, if that is known, its revision
        self.repositories: dict[str, set[str]] = {}  # all that each part is made from, as far as was seen
        self.answers: dict[str, dict[Source, str]] = {}  # what those said that can be asked again; empty: no

    def attempt(self, part: str, work: Callable[[], _T]) -> _T | PromotionError:
        """Return what some work for a part gives, or its error, which is to be added in the plan's order.

        An error of any other kind is a bug of ours that the part has found.
        """
        try:
            with blaming(part):
                return work()
        except PromotionError as error:
            if not self.holds or not error.part:
                raise
            return error
        except Exception as error:
            if not self.holds or not part or find_exhaustion(error) is not None:
                raise
            return make_defect(error, part)

    def add(self, error: PromotionError) -> None:
        """Note an error; the first of a part counts. One that is nobody's fault is raised."""
        if not self.holds or not error.part:
            raise error
        self.found.setdefault(error.part, error)


def make_defect(error: Exception, part: str) -> DefectError:
    """Return the error for a bug of ours. What the exception says may hold anything, so it isn't repeated."""
    found = DefectError(
        f"a defect of this program: {type(error).__name__}",
        fix=say("Please report it. {on-failure: stop} shows where it happened."),
        component=part,
    )
    found.part = part
    return found


def repeat_for(error: PromotionError, *, part: str, label: str) -> PromotionError:
    """Return the same error as that of another component of another part."""
    repeated = copy(error)
    repeated.part, repeated.component = part, label
    return repeated
