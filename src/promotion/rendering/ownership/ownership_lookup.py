"""Look for the ownership file in a definition's repository; what parses it is loaded only if it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promotion.errors import DefinitionError, Location
from promotion.rendering.lock.input_digest import content_digest
from promotion.rendering.materialize_request import OWNERSHIP_FILE
from promotion.rendering.model import Snapshot

if TYPE_CHECKING:
    from promotion.rendering.ownership.part_rules import Ownership


def find_ownership(hld: Snapshot, repository: str, *, uses_fab: bool) -> tuple[str, Ownership | None]:
    """Return a digest of the ownership file and its content; empty and None if there is none.

    Args:
        hld: the definition's repository.
        repository: its address without credentials, for errors.
        uses_fab: whether fab renders, which doesn't tell which part makes what.

    Raises:
        DefinitionError: it isn't understood, or the engine can't tell parts apart.
    """
    data = hld.read(OWNERSHIP_FILE)
    if data is None:
        return "", None
    from promotion.rendering.ownership.ownership_file import parse_ownership

    where = Location(OWNERSHIP_FILE, repository=repository)
    if uses_fab:
        raise DefinitionError(
            "there are rules of ownership, and `engine: fab` doesn't tell which part makes what",
            where=where,
            fix="Use `engine: native`, or remove the file.",
        )
    return content_digest(data), parse_ownership(data, where)
