"""What an earlier run left that still holds, and so needs neither be fetched nor rendered again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from functools import cached_property

from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import join
from promotion.rendering.lock.lock import HeldPart, Lock, LockedComponent, LockedSubtree
from promotion.rendering.model import RenderedComponent
from promotion.rendering.sources.source_interface import Source

_DEEPEST = 100  # subtrees within subtrees; a hostile lock must end


@dataclass(frozen=True, kw_only=True)
class ReuseIndex:
    """Subtrees whose sources answer as before and whose files are as we left them, by digest; and components
    whose own file is as we left it, by output path. `request` is the digest of what was asked for then.
    `faults` are the parts that couldn't be rendered then, by name.
    """

    request: str = ""
    subtrees: Mapping[str, LockedSubtree] = field(default_factory=dict)
    components: Mapping[str, LockedComponent] = field(default_factory=dict)
    faults: Mapping[str, HeldPart] = field(default_factory=dict)

    def within(self, digest: str) -> dict[str, LockedSubtree]:
        """Return a subtree with all that are within it, by digest."""
        found: dict[str, LockedSubtree] = {}
        left = [digest]
        while left:
            if (each := left.pop()) not in found:
                found[each] = self.subtrees[each]
                left += found[each].subtrees
        return found

    def components_of(self, subtrees: Iterable[str]) -> dict[str, LockedComponent]:
        """Return the components of subtrees, by output path."""
        return {
            path: part for subtree in subtrees for path, part in self._by_subtree.get(subtree, {}).items()
        }

    @cached_property
    def _by_subtree(self) -> Mapping[str, Mapping[str, LockedComponent]]:
        found: dict[str, dict[str, LockedComponent]] = {}
        for path, part in self.components.items():
            found.setdefault(part.subtree, {})[path] = part
        return found


NOTHING = ReuseIndex()


def list_resolved_sources(lock: Lock) -> dict[Source, str]:
    """Return the sources to ask before anything is fetched, with what they answered last time."""
    return {
        source: answer for subtree in lock.subtrees.values() for source, answer in subtree.answers.items()
    }


def list_source_parts(lock: Lock) -> dict[Source, tuple[str, ...]]:
    """Return the sources of `list_resolved_sources`, each with the parts that it is for; none of those of the
    whole tree.
    """
    parts: dict[str, dict[str, None]] = {}
    for component in lock.components.values():
        parts.setdefault(component.subtree, {})[component.part] = None
    found: dict[Source, dict[str, None]] = {}
    for digest, subtree in lock.subtrees.items():
        # a subtree without components of its own belongs to whom those within it do
        names: dict[str, None] = {}
        left, seen = [digest], set[str]()
        while left and not names and digest != lock.request and len(seen) < _DEEPEST:
            if (each := left.pop()) in lock.subtrees and each not in seen:
                seen.add(each)
                names |= parts.get(each, {})
                left += lock.subtrees[each].subtrees
        for source in subtree.answers:
            found.setdefault(source, {}).update(names)
    return {source: tuple(names) for source, names in found.items()}


def list_moves(before: Lock, after: Lock) -> dict[Source, str]:
    """Return the sources that have moved from one lock to the next, each with its new answer; none where
    there was no component before.
    """
    return list_new_answers(before, after) if before.components else {}


def list_new_answers(before: Lock, after: Lock) -> dict[Source, str]:
    """Return the sources whose answer the lock before doesn't hold, each with that answer."""
    old = {pair for subtree in before.subtrees.values() for pair in subtree.answers.items()}
    new = {pair: None for subtree in after.subtrees.values() for pair in subtree.answers.items()}
    return dict(pair for pair in new if pair not in old)


def reuse_component(
    lock: Lock, answers: Mapping[Source, str], tree: Mapping[str, str], folder: str
) -> ReuseIndex:
    """Return what of the lock still holds.

    Args:
        lock: what the last commit left.
        answers: what the sources answer; one that can't be told is empty or missing. For another request
            there are none: its subtrees mean nothing here, but a component with equal inputs is equal.
        tree: every path of the branch's tip → its mode and blob id.
        folder: the normalised `manifest-path`.
    """
    components = {
        path: part
        for path, part in lock.components.items()
        if part.files.keys() == {path} and tree.get(join(folder, path)) == f"100644 {part.files[path]}"
    }
    touched = {part.subtree for path, part in lock.components.items() if path not in components}
    fresh = {
        digest: subtree
        for digest, subtree in lock.subtrees.items()
        if digest not in touched and _is_fresh(subtree.answers, answers)
    }
    faults = {name: part for name, part in lock.held.items() if part.inputs}
    return ReuseIndex(request=lock.request, subtrees=_hold(fresh), components=components, faults=faults)


def reuse_rendered(path: str, part: LockedComponent, manifest: bytes) -> RenderedComponent:
    """Return a kept component as it was rendered.

    Args:
        path: its manifest's, below the lock's folder.
        manifest: the file's content.
    """
    return RenderedComponent(
        label=part.label,
        path=path,
        kind=part.kind,
        provenance=part.provenance,
        input_digest=part.input_digest,
        manifest=manifest,
        subtree=part.subtree,
        origins=part.origins,
        source_digest=part.source_digest,
        part=part.part,
    )


def _is_fresh(before: Mapping[Source, str], answers: Mapping[Source, str]) -> bool:
    # Without any source it isn't ours: nothing could ever end it.
    return bool(before) and all(answer and answers.get(source) == answer for source, answer in before.items())


def _hold(fresh: Mapping[str, LockedSubtree]) -> Mapping[str, LockedSubtree]:
    """Return the subtrees of which everything within holds as well, found from the innermost outwards."""
    held: dict[str, LockedSubtree] = {}
    left = dict(fresh)
    for _ in range(_DEEPEST):
        more = {digest: subtree for digest, subtree in left.items() if _are_all_in(subtree.subtrees, held)}
        if not more:
            break
        held |= more
        left = {digest: subtree for digest, subtree in left.items() if digest not in more}
    return held


def _are_all_in(subtrees: Collection[str], held: Mapping[str, LockedSubtree]) -> bool:
    return all(subtree in held for subtree in subtrees)
