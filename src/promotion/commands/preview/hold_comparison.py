"""What a change does to the parts that are held back: those that it breaks, mends or leaves as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from promotion.common.addresses import identify
from promotion.errors import PromotionError
from promotion.publishing.reported_holds import ReportedHold, describe_held
from promotion.rendering.rendering_outcome import Rendering


@dataclass(frozen=True, kw_only=True)
class HoldComparison:
    """The parts that would be held back, and those that no longer would.

    `caused` are those that merging would have held back, `others` those that are so whatever it changes,
    `healed` the names of those that it mends.
    """

    caused: tuple[ReportedHold, ...] = ()
    others: tuple[ReportedHold, ...] = ()
    healed: tuple[str, ...] = ()


def compare_holds(
    before: Rendering | None,
    after: Rendering,
    known: Mapping[str, PromotionError],
    is_changing: Callable[[str], bool],
) -> HoldComparison:
    """Return what becomes of the parts that fail.

    A part that fails without the change is the change's matter as well if it fails otherwise with it, if the
    part comes from the changing repository, or if the place of its error lies there. What may pass by itself,
    as a server that is out of reach, is nobody's else.

    Args:
        before: without the change; None if that can't be made at all, and so not compared with.
        after: with it.
        known: what fails without it.
        is_changing: tells by its address whether a repository, other than the definition's, is the one that
            changes.
    """

    def is_caused(name: str) -> bool:
        error, former = after.held[name], known.get(name)
        is_moved = before is None or after.failures.origins.get(name) != before.failures.origins.get(name)
        is_here = error.where is not None and is_changing(error.where.repository)
        is_new = former is None or _words(former) != _words(error)
        return is_moved or is_here or (is_new and not error.is_passing)

    told = describe_held(after, str)
    return HoldComparison(
        caused=tuple(each for each in told if is_caused(each.part)),
        others=tuple(each for each in told if not is_caused(each.part)),
        healed=tuple(sorted(before.held.keys() - after.held.keys())) if before else (),
    )


def tells_changing(repository: str, definition: str) -> Callable[[str], bool]:
    """Return whether an address is that of the changing repository, unless that is the definition's: what
    that brings is told apart by what it says.
    """
    changing = identify(repository)
    is_definition = changing == identify(definition)
    return lambda address: bool(address) and not is_definition and identify(address) == changing


def _words(error: PromotionError) -> tuple[str, str]:
    """Return what an error says, without the line, which may have moved."""
    return error.what, error.where.file if error.where else ""
