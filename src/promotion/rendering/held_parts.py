"""Parts that fail stay as they were last published, all of their files, and everything else goes on.

The lock says which files are a part's. While a part is held its subtrees are not in the lock, and neither is
the whole tree as one: so nothing can take it for fresh, and each run tries it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace

from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import line, truncate
from promotion.errors import Location, PromotionError
from promotion.rendering.definition.part_failures import PartFailures, repeat_for
from promotion.rendering.lock.lock import HeldPart, Lock, LockedComponent
from promotion.rendering.lock.pins import forget_pins
from promotion.rendering.manifests.file_claims import Claim, CollisionError, check_collisions
from promotion.rendering.model import RenderedComponent
from promotion.rendering.sources.source_interface import Source

_LONGEST = 1000  # characters of a reason


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What was made, as if there were neither pins nor parts to hold.

    `subtree_parts` are the parts of the lock's subtrees, that of the whole tree aside.
    """

    lock: Lock
    rendered: Sequence[RenderedComponent]
    bare: Sequence[RenderedComponent] = ()
    subtree_parts: Mapping[str, str] = field(default_factory=dict)


def hold_parts(draft: Draft, failures: PartFailures, old: Lock, show: Callable[[str], str]) -> Draft:
    """Return the draft with the parts that failed as they were at the last commit; new ones are left out.

    What collides with their files is held as well, and noted among the failures.

    Args:
        old: the lock of the last commit.
        show: hides secrets in what is written down.
    """
    if not failures.found:
        return draft
    before = forget_pins(old)
    while True:
        held = frozenset(failures.found)
        staying = {
            path: replace(part, subtree="")
            for path, part in before.components.items()
            if find_owner(part, held)
        }
        others = {path: part for path, part in draft.lock.components.items() if part.part not in held}
        claims = [
            Claim(path=path, label=part.label, where=Location(path), part=find_owner(part, held) or part.part)
            for components in (staying, others)
            for path, part in components.items()
        ]
        if drop_colliding(claims, failures, before):
            break
    subtrees = {
        digest: subtree
        for digest, subtree in draft.lock.subtrees.items()
        if digest != draft.lock.request and draft.subtree_parts.get(digest, "") not in {"", *held}
    }
    told = _describe(failures, old, show, commit=draft.lock.hld.commit)
    return replace(
        draft,
        # What stays wasn't judged by the rules of ownership, so the next run has to.
        lock=replace(
            draft.lock, components={**others, **staying}, subtrees=subtrees, held=told, ownership=""
        ),
        rendered=[part for part in draft.rendered if part.part not in held],
        bare=[part for part in draft.bare if part.part not in held],
    )


def list_held_answers(old: Lock, new: Lock, failures: PartFailures) -> dict[Source, str]:
    """Return what the repositories answered of which parts are newly held: a lock has none of those answers.

    A repository that gave none has an empty one.
    """
    found: dict[Source, str] = {}
    for name, held in new.held.items():
        if held != old.held.get(name):
            found |= failures.answers.get(name, {})
    return found


def drop_colliding(claims: Iterable[Claim], failures: PartFailures, before: Lock) -> bool:
    """Return whether no two files collide; else note the parts that came later, by the last lock, as failed.

    Raises:
        CollisionError: the fault is nobody's.
    """
    try:
        check_collisions(claims)
    except CollisionError as error:
        first, second = error.claims
        pair = {first.part: first, second.part: second}
        had = [each.part for each in error.claims if _owns(before, each.path, each.part)]
        guilty = find_newcomers(list(pair), had, failures.found)
        if not failures.holds or not guilty:
            raise
        for name in guilty:
            failures.add(repeat_for(error, part=name, label=pair[name].label))
        return False
    return True


def find_newcomers(parts: Sequence[str], had: Collection[str], held: Collection[str]) -> list[str]:
    """Return who is at fault when parts want the same thing: those that didn't have it, else all.

    One that is held already can't be moved to give way; nobody can be blamed for what isn't any part's.
    """
    newcomers = [name for name in parts if name not in had] or list(parts)
    free = [name for name in newcomers if name not in held] or [name for name in parts if name not in held]
    return free if all(free) else []


def find_owner(part: LockedComponent, names: Collection[str]) -> str:
    """Return which of the named parts a component of a lock belongs to; empty if to none.

    A lock of an older version doesn't tell parts; there the component's label does.
    """
    if part.part:
        return part.part if part.part in names else ""
    labels = part.label.split("/")
    above = ("/".join(labels[:length]) for length in range(len(labels), 0, -1))
    return next((label for label in above if label in names), "")


def list_told(failures: PartFailures, old: Lock) -> dict[str, PromotionError]:
    """Return the failures that matter: that of a part is none if a rollback holds all of it anyway."""
    return {name: error for name, error in failures.found.items() if not _is_pinned(name, old)}


def _is_pinned(name: str, old: Lock) -> bool:
    paths = [path for path, part in old.components.items() if find_owner(part, {name})]
    return bool(paths) and all(path in old.pins for path in paths)


def _owns(before: Lock, path: str, name: str) -> bool:
    part = before.components.get(path)
    return part is not None and bool(find_owner(part, {name}))


def _describe(
    failures: PartFailures, old: Lock, show: Callable[[str], str], *, commit: str
) -> dict[str, HeldPart]:
    """Return what the lock says of what is held; of a fault that may pass, what it said before.

    Args:
        commit: the definition's, since which a part is held that comes from nowhere else.
    """
    told: dict[str, HeldPart] = {}
    for name, error in sorted(list_told(failures, old).items()):
        known = old.held.get(name)
        if error.is_passing:
            if known:
                told[name] = known
            continue
        source, revision = failures.origins.get(name, ("", ""))
        told[name] = HeldPart(
            reason=truncate(line(show(str(error))), _LONGEST),
            source=source,
            revision=revision,
            since=known.since if known else revision or commit,
            inputs=error.inputs,
        )
    return told
