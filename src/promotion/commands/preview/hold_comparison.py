"""What a change does to the parts that are held back: those that it breaks, mends or leaves as they are."""

from __future__ import annotations

from collections.abc import Mapping
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
    *,
    repository: str,
    definition: str,
) -> HoldComparison:
    """Return what becomes of the parts that fail.

    A part that fails without the change is the change's matter as well if it fails otherwise with it, if the
    part comes from the changing repository, or if the place of its error lies there. Of a part in the
    definition's own repository only what it says counts, for any change there moves it. What may pass by
    itself, as a server that is out of reach, is nobody's else.

    Args:
        before: without the change; None if that can't be made at all, and so not compared with.
        after: with it.
        known: what fails without it.
        repository: the address of the one that changes.
        definition: that of the definition.
    """

    def is_elsewhere(address: str) -> bool:
        return bool(address) and identify(address) != identify(definition)

    def is_moved(name: str) -> bool:
        if before is None:
            return True
        now, then = (side.failures.origins.get(name, ("", "")) for side in (after, before))
        return now != then and (is_elsewhere(now[0]) or is_elsewhere(then[0]))

    def is_caused(name: str) -> bool:
        error, former = after.held[name], known.get(name)
        place = error.where.repository if error.where else ""
        is_here = is_elsewhere(place) and identify(place) == identify(repository)
        is_new = former is None or _words(former) != _words(error)
        return is_moved(name) or is_here or (is_new and not error.is_passing)

    told = describe_held(after, str)
    return HoldComparison(
        caused=tuple(each for each in told if is_caused(each.part)),
        others=tuple(each for each in told if not is_caused(each.part)),
        healed=tuple(sorted(before.held.keys() - after.held.keys())) if before else (),
    )


def _words(error: PromotionError) -> tuple[str, str]:
    """Return what an error says, without the line, which may have moved."""
    return error.what, error.where.file if error.where else ""
