"""Compare a component of one environment with that of the next: what waits to be promoted."""

from __future__ import annotations

from typing import Literal

from promotion.commands.status.status_matrix import Cell, Environment, Matrix
from promotion.common.lazy_dataclass import dataclass

Standing = Literal["same", "waiting", "new", "gone", "behind", "differs"]


@dataclass(frozen=True, kw_only=True)
class Move:
    """The effect on a component of a promotion from one environment to the next."""

    path: str
    label: str
    standing: Standing
    source: Environment
    target: Environment

    @property
    def before(self) -> str:
        """The version in the target; empty if there is none."""
        cell = self.target.cells.get(self.path)
        return cell.version if cell else ""

    @property
    def after(self) -> str:
        """The version in the source; empty if there is none."""
        cell = self.source.cells.get(self.path)
        return cell.version if cell else ""


def compare_environments(source: Environment, target: Environment, path: str) -> Standing:
    """Compare a component of the next environment with that of the one it is promoted from.

    `waiting`: the source has a later one; `new`, `gone`: only one of the two has it; `behind`: the target
    has a later one; `differs`: nobody can tell.

    The messages of the commits tell which revisions an environment has had. Where branches are joined by
    merge commits no revision is in both. Then the source's is the later one if it came after the target's.
    """
    above, below = source.cells.get(path), target.cells.get(path)
    if above is None or below is None:
        return "new" if above else "gone" if below else "same"
    if _is_same(above, below) or _came_together(source, above, target, below):
        return "same"
    if _has_had(source, below, target):
        return "waiting"
    if _has_had(target, above, source):
        return "behind"
    return _compare_times(above, below)


def _compare_times(above: Cell, below: Cell) -> Standing:
    if _time(above) > _time(below):
        return "waiting"
    return "same" if above.images and set(above.images) == set(below.images) else "differs"


def list_moves(matrix: Matrix) -> list[Move]:
    """Return all components that differ between an environment and the next."""
    return [
        Move(path=path, label=matrix.label(path), standing=standing, source=source, target=target)
        for source, target in matrix.pairs()
        for path in matrix.paths
        if (standing := compare_environments(source, target, path)) != "same"
    ]


def waits(move: Move) -> bool:
    """Return whether a promotion would deploy this."""
    return move.standing in ("waiting", "new", "gone")


def _is_same(one: Cell, other: Cell) -> bool:
    if one.revision and one.revision == other.revision and one.place == other.place:
        return True
    return [*one.part.files.values()] == [*other.part.files.values()]


def _came_together(one: Environment, above: Cell, other: Environment, below: Cell) -> bool:
    """Return whether the same commit of the definition brought a component of the HLD to both.

    The locks tell where the definition was when anything changed last, which may be later. A rollback's
    message names no commit of the definition, so of what it holds the last one named is the one undone.
    """
    is_foreign = above.part.provenance.source or below.part.provenance.source
    if is_foreign or above.place != below.place or above.pinned or below.pinned:
        return False
    last = [environment.past.get(above.part.label, ())[:1] for environment in (one, other)]
    return bool(last[0]) and last[0] == last[1]


def _has_had(one: Environment, cell: Cell, other: Environment) -> bool:
    """Return whether an environment has had the revision in a cell of another one."""
    label = cell.part.label
    known = set(one.past.get(label, ()))
    # What the lock says may be later than what brought the manifest, which hasn't changed since.
    return cell.revision in known or not known.isdisjoint(other.past.get(label, ())[:1])


def _time(cell: Cell) -> int:
    return cell.since.time if cell.since else 0
