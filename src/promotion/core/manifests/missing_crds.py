"""What charts have in folders `crds/` and no manifest has: clusters need it, and nothing brings it there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promotion.core.manifests.resources import Resource, list_resources, parse_identity
from promotion.core.model import RenderedComponent
from promotion.core.phrases import Phrase, say

_DEFINITION = "CustomResourceDefinition"
_NAMED = 3  # of a component's
_LISTED = 10  # components


def describe_missing(components: Sequence[RenderedComponent], defined: Iterable[Resource]) -> Phrase | None:
    """Return a warning that names what is left out, with what to do; None if others bring all of it.

    Args:
        components: what was rendered, those without a manifest, too.
        defined: the resources of all manifests.
    """
    brought = {(part.group, part.kind, part.name) for part in defined}
    lines = []
    for component in components:
        missing = [
            part.name if part.kind == _DEFINITION else str(part)
            for part in map(parse_identity, list_resources(component.left_out))
            if (part.group, part.kind, part.name) not in brought
        ]
        if missing:
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            lines.append(f"component {component.label}: {', '.join(missing[:_NAMED])}{more}")
    if not lines:
        return None
    more = f"; and {len(lines) - _LISTED} more components" if len(lines) > _LISTED else ""
    return say(
        "what charts have in folders crds/ isn't committed, and clusters need it: {}. Set "
        "{include-crds: true}, or bring it there in another way, as with a static component",
        "; ".join(lines[:_LISTED]) + more,
    )
