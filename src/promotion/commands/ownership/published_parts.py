"""The parts of an environment as they are published: their manifests, and what was read for them."""

from __future__ import annotations

from promotion.common.paths import join
from promotion.errors import UsageError
from promotion.publishing.manifest_history import EnvironmentState, Manifests, open_environment
from promotion.rendering.lock.lock import Lock
from promotion.rendering.lock.reuse import reuse_rendered
from promotion.rendering.model import RenderedComponent
from promotion.rendering.sources.credential_reach import Reach

_DEEPEST = 100  # subtrees within subtrees; a hostile lock must end


def open_published(manifests: Manifests, branch: str, folder: str) -> EnvironmentState:
    """Return the state of a branch of the manifest repository.

    Args:
        folder: the normalised `manifest-path`.

    Raises:
        UsageError: there is nothing of ours.
        PromotionError: it can't be read, or its lock is damaged.
    """
    state = open_environment(manifests, manifests.open_history(branch), branch, folder)
    if state is None:
        raise UsageError(
            f"nothing is published on the branch {branch} of {manifests.address}",
            fix="Check `environment` and `manifest-path`, or judge the definition instead.",
        )
    return state


def list_published(state: EnvironmentState) -> list[RenderedComponent]:
    """Return the components of a state, with the manifests that lie there now."""
    places = {path: join(state.folder, path) for path in state.lock.components}
    state.tree.prefetch(places.values())
    return [
        reuse_rendered(path, part, state.tree.read(places[path]) or b"")
        for path, part in state.lock.components.items()
    ]


def list_credited(lock: Lock) -> dict[str, set[str]]:
    """Return by part the addresses that it names and that our credentials were used for."""
    parts = {part.subtree: part.part for part in lock.components.values() if part.part}
    parts.pop(lock.request, None)  # the definition's own files, of all parts
    for _ in range(_DEEPEST):  # what names another subtree is of the same part as that one
        more = {
            digest: parts[inner]
            for digest, subtree in lock.subtrees.items()
            for inner in subtree.subtrees
            if inner in parts and digest not in parts and digest != lock.request
        }
        if not more:
            break
        parts |= more
    found: dict[str, set[str]] = {}
    for digest, name in parts.items():
        for source in lock.subtrees[digest].answers if digest in lock.subtrees else ():
            if source.reach is Reach.ALLOWED:
                found.setdefault(name, set()).add(source.address)
    return found
