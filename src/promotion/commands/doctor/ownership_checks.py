"""Which parts of a definition the ownership file leaves open, or forgets."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from promotion.commands.doctor.finding import DoctorFinding
from promotion.common.text import count, list_some
from promotion.rendering.materialize_request import OWNERSHIP_FILE
from promotion.rendering.model import Snapshot
from promotion.rendering.ownership.ownership_lookup import find_ownership

_NAMED = 10  # parts in one finding


def examine_ownership(
    area: str, hld: Snapshot, repository: str, parts: Collection[str]
) -> Iterator[DoctorFinding]:
    """Check that the ownership file, if there is one, has a rule for each part, and say which are `any`.

    Args:
        repository: the definition's address, for errors.
        parts: all that have manifests.

    Raises:
        DefinitionError: the file isn't understood.
    """
    _, ownership = find_ownership(hld, repository, uses_fab=False)
    if ownership is None:
        return
    rules = {part: ownership.find(part) for part in sorted(parts)}
    unnamed = [part for part, rule in rules.items() if rule is None]
    open_ones = [part for part, rule in rules.items() if rule and rule.is_any]
    if unnamed:
        names = list_some(unnamed, _NAMED)
        yield DoctorFinding(
            area=area,
            mark="wrong",
            what=f"no entry of {OWNERSHIP_FILE} is for {names}, so nothing of it is published",
            fix='Add an entry, or one for all others: `"*": {namespaces: ["{part}"]}`.',
        )
    if open_ones:
        yield DoctorFinding(
            area=area,
            mark="unknown",
            what=f"{OWNERSHIP_FILE} allows anything to {list_some(open_ones, _NAMED)}",
            fix="`promotion ownership propose` writes the narrowest entries for what there is.",
        )
    if not unnamed and not open_ones:
        what = f"{OWNERSHIP_FILE} says what each of its {count(len(rules), 'part')} may make"
        yield DoctorFinding(area=area, mark="ok", what=what)
