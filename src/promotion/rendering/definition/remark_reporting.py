"""Telling what a definition's files can hardly mean, also where the run fails: it may be the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from promotion.errors import Location, PromotionError
from promotion.rendering.definition.spelling_remarks import Remark

Warn = Callable[[str, Location | None], object]


def tell(remarks: Iterable[Remark], warn: Warn, environment: str = "") -> None:
    """Warn of remarks, but not that no component has config of an environment, which `common` may say."""
    for remark in remarks:
        if not remark.absent or remark.absent != environment:
            warn(str(remark), remark.where)


@contextmanager
def telling_at_failure(warn: Warn, environment: str = "") -> Iterator[None]:
    """Warn of the remarks that an error from within carries."""
    try:
        yield
    except PromotionError as error:
        tell(error.remarks, warn, environment)
        raise


@contextmanager
def noting(find: Callable[[], Iterable[Remark]]) -> Iterator[None]:
    """Have errors from within carry the remarks so far, if they carry none of their own."""
    try:
        yield
    except PromotionError as error:
        error.remarks = error.remarks or tuple(find())
        raise
