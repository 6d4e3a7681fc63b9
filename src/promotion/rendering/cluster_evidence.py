"""What there is to judge before manifests are published, and what it is judged with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from promotion.rendering.held_parts import find_owner
from promotion.rendering.lock.lock import LockedComponent
from promotion.rendering.lock.reuse import reuse_rendered
from promotion.rendering.manifests.resource_identity import parse_identity
from promotion.rendering.materialize_request import Policy
from promotion.rendering.rendering_outcome import Rendering
from promotion.rendering.validation.cluster_policy import ClusterState, Schemas
from promotion.rendering.validation.duplicates import KeptComponent

Read = Callable[[str], bytes | None]


def gather_evidence(made: Rendering, read: Read, policy: Policy, schemas: Schemas) -> ClusterState:
    """Return what was rendered, beside what is kept; and all of that, unless it was judged by this policy
    before.

    What is pinned isn't judged: somebody has decided that it is to stay. What is held isn't either.

    Args:
        read: gives a file of the last commit, by its path below the lock's folder.
    """
    rendered = {part.path for part in made.rendered}
    kept = {path: part for path, part in made.lock.components.items() if path not in rendered}
    pins = made.lock.pins.keys()
    failed = made.failures.found.keys()
    held = {path for path, part in kept.items() if find_owner(part, failed)}
    judged = kept.keys() if made.was_judged else pins | held
    again = [
        replace(reuse_rendered(path, part, read(path) or b""), part=made.parts.get(path, part.part))
        for path, part in kept.items()
        if path not in judged
    ]
    former = made.before.components.items() if made.was_judged else ()
    return ClusterState(
        components=[*made.rendered, *again],
        kept=[
            _describe(path, part, read, made.parts.get(path, part.part), is_pinned=path in pins)
            for path, part in kept.items()
            if path in judged
        ],
        former=[
            _describe(path, part, read, made.parts.get(path, part.part))
            for path, part in former
            if path not in kept
        ],
        bare=made.bare,
        policy=policy,
        schemas=schemas,
        ownership=made.ownership,
        owners={
            resource: made.parts[path]
            for path, part in made.before.components.items()
            if path in made.parts and made.ownership
            for resource in part.resources
        },
    )


def _describe(
    path: str, component: LockedComponent, read: Read, part: str, *, is_pinned: bool = False
) -> KeptComponent:
    return KeptComponent(
        label=component.label,
        path=path,
        resources=tuple(map(parse_identity, component.resources)),
        read=partial(read, path),
        part=part,
        is_pinned=is_pinned,
    )
