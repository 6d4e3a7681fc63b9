"""What there is to judge before manifests are published, and what it is judged with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from promotion.core.lock.lock import LockedComponent
from promotion.core.lock.memory import recall_rendered
from promotion.core.manifests.resources import parse_identity
from promotion.core.request import Policy
from promotion.core.validation.twins import KeptComponent
from promotion.steps.inspection import Cluster, Schemas
from promotion.steps.making import Made

Read = Callable[[str], bytes | None]


def gather_evidence(made: Made, read: Read, policy: Policy, schemas: Schemas) -> Cluster:
    """What was rendered, beside what is kept; and all of that, unless it was judged by this policy before.

    What is pinned isn't judged: somebody has decided that it is to stay.

    Args:
        read: gives a file of the last commit, by its path below the lock's folder.
    """
    rendered = {part.path for part in made.rendered}
    kept = {path: part for path, part in made.lock.components.items() if path not in rendered}
    pins = made.lock.pins.keys()
    judged = kept.keys() if made.was_judged else pins
    again = [
        recall_rendered(path, part, read(path) or b"") for path, part in kept.items() if path not in judged
    ]
    former = made.before.components.items() if made.was_judged else ()
    return Cluster(
        components=[*made.rendered, *again],
        kept=[
            _describe(path, part, read, is_pinned=path in pins)
            for path, part in kept.items()
            if path in judged
        ],
        former=[_describe(path, part, read) for path, part in former if path not in kept],
        bare=made.bare,
        policy=policy,
        schemas=schemas,
    )


def _describe(path: str, part: LockedComponent, read: Read, *, is_pinned: bool = False) -> KeptComponent:
    return KeptComponent(
        label=part.label,
        path=path,
        resources=tuple(map(parse_identity, part.resources)),
        read=partial(read, path),
        is_pinned=is_pinned,
    )
