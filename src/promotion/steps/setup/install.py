"""Writing what `promotion init` planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from promotion.core.setup.placement import Placement
from promotion.steps.console import Console

_SAID = {"new": "write", "extended": "add to", "same": "is as it should be:", "differs": "replace"}


def install(
    placements: Sequence[Placement],
    write: Callable[[str, str], None],
    console: Console,
    *,
    force: bool,
    dry_run: bool,
) -> bool:
    """Write the files that are missing, and with `force` those that differ; each difference is shown.

    Returns:
        Whether all files are, or would be, as planned: none was kept as it is.
    """
    kept = [placement for placement in placements if placement.state == "differs" and not force]
    for placement in placements:
        if placement in kept:
            console.warning(f"{placement.path} is there and differs, so it stays")
            console.diff(placement.difference)
            continue
        would = "would " if dry_run and placement.state != "same" else ""
        console.info(f"{would}{_SAID[placement.state]} {placement.path}")
        if placement.state != "same" and (dry_run or placement.state != "new"):
            console.diff(placement.difference)
        if placement.state != "same" and not dry_run:
            write(placement.path, placement.after)
    if kept:
        names = ", ".join(placement.path for placement in kept)
        console.warning(f"not replaced: {names}; give --force to replace what differs")
    return not kept
