"""What charts bring beside their manifests, in folders `crds/` or by a hook: clusters need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from promotion.common.phrases import Phrase, say
from promotion.common.text import count, list_some
from promotion.common.yaml.yaml_nodes import text_at
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.manifests.resources import parse_documents
from promotion.rendering.model import RenderedComponent

_DEFINITION = "CustomResourceDefinition"
_NAMED = 3  # of a component's
_LISTED = 10  # components, and a component's hooks, whose loss costs more


def describe_missing(
    components: Sequence[RenderedComponent], defined: Iterable[Resource]
) -> Iterator[Phrase]:
    """Yield warnings that name what is left out, with what to do; none if others bring all of it.

    Args:
        components: what was rendered, those without a manifest, too.
        defined: the resources of all manifests.
    """
    brought = {(part.group, part.kind, part.name) for part in defined}
    lines, hooks = [], []
    for component in components:
        missing: dict[bool, list[str]] = {False: [], True: []}
        for part, is_hook in _list(component.left_out):
            if (part.group, part.kind, part.name) not in brought:
                missing[is_hook].append(part.name if part.kind == _DEFINITION else str(part))
        if names := missing[False]:
            lines.append(f"component {component.label}: {list_some(names, _NAMED)}")
        if names := missing[True]:
            hooks.append(f"component {component.label}: {list_some(names, _LISTED)}")
    if lines:
        yield say(
            "what charts have in folders crds/ isn't committed, and clusters need it: {}. Set "
            "{include-crds: true}, or bring it there in another way, as with a static component",
            _join(lines),
        )
    if hooks:
        yield say(
            "Helm 3 and later leave out hooks for crd-install, which Helm 2, and so fab 0.17, printed: {}. "
            "Where a cluster has them, a tool that prunes, as Flux may, deletes them once they are no longer "
            "committed, and with them all resources of their kinds. Set {include-crds: true} to keep them",
            _join(hooks),
        )


def _join(components: Sequence[str]) -> str:
    more = len(components) - _LISTED
    return "; ".join(components[:_LISTED]) + (f"; and {count(more, 'more component')}" if more > 0 else "")


def _list(left_out: bytes) -> Iterator[tuple[Resource, bool]]:
    """Yield each resource, and whether it is a hook for `crd-install`."""
    for document in parse_documents(left_out):
        for described in document.described if document.readable else ():
            events = text_at(described.node, "metadata", "annotations", "helm.sh/hook")
            yield described.resource, "crd-install" in map(str.strip, events.split(","))
