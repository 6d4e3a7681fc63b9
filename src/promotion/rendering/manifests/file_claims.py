"""Which component writes which file, and that no two of them get into each other's way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import fold
from promotion.errors import DefinitionError, Location

if TYPE_CHECKING:
    from promotion.rendering.definition.render_plan import RenderJob
    from promotion.rendering.definition.tree_visit import Visited


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A component's manifest path, with the component's name and where it is defined, for the error."""

    path: str
    label: str
    where: Location
    part: str = ""

    def __str__(self) -> str:
        return f"{self.label} ({self.where})"


class CollisionError(DefinitionError):
    """Two components get into each other's way. `claims` are theirs."""

    claims: tuple[Claim, Claim]


def claim(item: RenderJob | Visited) -> Claim:
    """Return the claim of a component to its manifest's path."""
    component = item.component
    return Claim(
        path=component.manifest_path,
        label=component.label,
        where=component.definition.location,
        part=component.part,
    )


def check_collisions(claims: Iterable[Claim]) -> None:
    """Refuse components that would write one file, or one a file where another needs a folder.

    Names that differ in case or Unicode form only are one for many file systems. Fabrikate writes one of the
    two and loses the other (cmd/generate.go:22-37).

    Raises:
        CollisionError: names the file and both components.
    """
    owners: dict[str, Claim] = {}
    for each in claims:
        path = fold(each.path)
        if path in owners:
            other = owners[path]
            what = f"would both be written to {each.path}"
            if other.path != each.path:
                what = (
                    f"would be written to {other.path} and {each.path}, which are one file where capitals or "
                    "Unicode forms don't count, as on Windows and macOS"
                )
            raise _collision(other, each, what)
        owners[path] = each
    for path, each in owners.items():
        for index, character in enumerate(path):
            if character == "/" and path[:index] in owners:
                what = f"need {path[:index]}, one as a file, one as a folder"
                raise _collision(owners[path[:index]], each, what)


def _collision(first: Claim, second: Claim, what: str) -> CollisionError:
    error = CollisionError(
        f"the two components {first} and {second} {what}",
        where=second.where,
        fix="Give one of them another name.",
    )
    error.claims = first, second
    return error
