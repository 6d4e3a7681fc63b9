"""The answer of `promotion explain`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from promotion.commands.explain.origin_places import Place
from promotion.commands.explain.resource_search import Found
from promotion.common.commit_history import PastCommit
from promotion.rendering.lock.lock import HeldPart, LockedHld, Pin
from promotion.rendering.model import Provenance

_KEY = re.compile(r"\s*(?:- )?[\"']?([\w./-]+)[\"']?:")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The commits that changed something, newest first. `is_complete` means that there are no older ones."""

    commits: tuple[PastCommit, ...] = ()
    is_complete: bool = True


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A component, or some of its resources, in an environment.

    `repository`, `branch` and `commit` are those of the manifests, `file` is theirs from the repository's
    root. `hld` is the definition that it was made from; of what a rollback holds, that of then, whose commit
    is empty if it isn't known. `places` are the resources that were asked for, or all. `held` is the part
    that it belongs to, and what is known of that, if it is held back. `is_trusted`: nobody has changed the
    lock, from which most of it comes, since a run wrote it.
    """

    environment: str
    repository: str
    branch: str
    commit: str
    file: str
    hld: LockedHld
    found: Found
    places: tuple[Place, ...] = field(repr=False)
    changes: Changes = Changes()
    pin: Pin | None = None
    held: tuple[str, HeldPart] | None = None
    is_trusted: bool = True

    @property
    def provenance(self) -> Provenance:
        """Where the component came from; the revision is empty if it isn't known."""
        return self.found.component.trace(self.hld)


@dataclass(frozen=True, kw_only=True, order=True)
class ValuePlace:
    """The file and line of a value in a component's config; `line` is 0 if unknown."""

    path: str
    file: str
    line: int
    repository: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class TextPlace:
    """A line of the manifest that contains a text, and the values whose names resemble its key."""

    line: int
    text: str
    place: Place
    values: tuple[ValuePlace, ...]


def list_values(answer: Explanation, wanted: str = "") -> list[ValuePlace]:
    """Return where the component's values are written, in order of their paths.

    Args:
        wanted: a value's path, a pattern of paths with `*`, or a part of one; empty for all.
    """
    found = sorted(
        ValuePlace(
            path=path,
            file=origin.file,
            line=line,
            repository=origin.repository or answer.hld.repository,
            commit=origin.commit,
        )
        for origin in answer.found.component.origins
        for path, line in origin.values.items()
    )
    if not wanted:
        return found
    folded = wanted.casefold()
    exact = [each for each in found if each.path == wanted or each.path.startswith(f"{wanted}.")]
    return exact or [
        each
        for each in found
        if folded in each.path.casefold() or fnmatch.fnmatchcase(each.path.casefold(), folded)
    ]


def find_text(answer: Explanation, text: str) -> list[TextPlace]:
    """Return the lines that contain a text; those of Secrets aren't searched."""
    values = list_values(answer)
    found: dict[int, TextPlace] = {}
    for place in answer.places:
        for number, row in enumerate(place.text.split("\n"), place.first):
            if text in row and number not in found and not row.startswith("# Source: "):
                likely = tuple(_alike(row, values))
                found[number] = TextPlace(line=number, text=row.strip(), place=place, values=likely)
    return list(found.values())


def _alike(row: str, values: Sequence[ValuePlace]) -> Iterator[ValuePlace]:
    match = _KEY.match(row)
    key = match[1].casefold() if match else ""
    return (each for each in values if key and key in each.path.casefold().split("."))
