"""The outcome of rendering an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from promotion.common.lazy_dataclass import dataclass
from promotion.errors import PromotionError
from promotion.rendering.definition.part_failures import PartFailures
from promotion.rendering.definition.source_fetching import STOP
from promotion.rendering.held_parts import Draft, hold_parts, list_told
from promotion.rendering.lock.lock import Lock, find_owner_conflict
from promotion.rendering.lock.pins import hold
from promotion.rendering.model import RenderedComponent

if TYPE_CHECKING:
    from promotion.rendering.ownership.part_rules import Ownership


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """What was rendered, and the lock that goes with it, which has what was kept, too.

    `before` is the lock of the last commit. `was_judged` says that the policy was the same when what is kept
    was rendered, `was_right` that all of that commit was held against it, kept or made anew now. `bare` and
    `parts` are as of `Manifests`. `ownership` is what the parts may make, None if nothing is asked of them.
    `held` are the parts that stay as they were at the last commit, for they fail, with the reason. `failures`
    are all that failed, those under a rollback too; `draft` is what all of it was made from.
    """

    rendered: Sequence[RenderedComponent]
    lock: Lock
    before: Lock
    was_judged: bool
    was_right: bool = False
    bare: Sequence[RenderedComponent] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    ownership: Ownership | None = None
    held: Mapping[str, PromotionError] = field(default_factory=dict)
    failures: PartFailures = STOP
    draft: Draft | None = field(default=None, repr=False)


def hold_failed(made: Rendering, show: Callable[[str], str]) -> Rendering:
    """Return what was made with the parts held that have failed by now, and what is pinned in its old place.

    Args:
        show: hides secrets.
    """
    if made.draft is None:
        return made
    old = Lock() if find_owner_conflict(made.before, made.draft.lock) else made.before
    draft = hold_parts(made.draft, made.failures, old, show)
    pinned = hold(draft.lock, draft.rendered, old)
    held = list_told(made.failures, old)
    return replace(made, rendered=pinned.rendered, lock=pinned.lock, bare=draft.bare, held=held)
