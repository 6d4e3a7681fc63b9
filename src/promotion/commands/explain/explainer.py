"""Find where a resource or component comes from, by the manifest repository alone."""

from __future__ import annotations

from dataclasses import dataclass

from promotion.commands.explain.explanation import Changes, Explanation
from promotion.commands.explain.origin_places import find_contents, find_places
from promotion.commands.explain.resource_search import Found, find
from promotion.common.commit_history import PastCommit
from promotion.common.paths import join
from promotion.publishing.manifest_history import (
    EnvironmentState,
    Manifests,
    commits_of,
    find_restored,
    is_whole,
    nothing_there,
    open_environment,
)
from promotion.rendering.held_parts import find_owner
from promotion.rendering.lock.lock import HeldPart, Lock

_MOST_READ = 50  # versions of a file


@dataclass(frozen=True, kw_only=True)
class ExplainQuery:
    """What to explain: the inputs of these names; `folder` is the normalised `manifest-path`."""

    name: str
    environment: str
    branch: str
    folder: str = ""
    namespace: str = ""
    history: int = 5


def explain_resource(question: ExplainQuery, manifests: Manifests) -> Explanation:
    """Return where a resource or component comes from, and who changed it.

    Raises:
        PromotionError: the environment has no manifests, or nothing, or more than one thing, has the name.
    """
    opened = open_environment(
        manifests, manifests.open_history(question.branch), question.branch, question.folder
    )
    if opened is None:
        raise nothing_there(manifests, question.branch, question.folder)
    found = find(opened.lock, question.name, question.namespace)
    file = join(question.folder, found.path)
    restored = find_restored(manifests, opened)
    return Explanation(
        environment=question.environment,
        repository=manifests.address,
        branch=question.branch,
        commit=opened.commit,
        file=file,
        hld=restored.get(found.path, opened.lock.hld),
        found=found,
        places=tuple(find_places(opened.tree.read(file) or b"", found.resources)),
        changes=_find_changes(question, manifests, opened, found, file),
        pin=opened.lock.pins.get(found.path),
        held=_find_held(opened.lock, found),
        is_trusted=opened.lock.is_trusted,
    )


def _find_held(lock: Lock, found: Found) -> tuple[str, HeldPart] | None:
    name = find_owner(found.component, lock.held)
    return (name, lock.held[name]) if name else None


def _find_changes(
    question: ExplainQuery, manifests: Manifests, opened: EnvironmentState, found: Found, file: str
) -> Changes:
    """Return the commits that changed the wanted resources, of those that changed their file."""

    def read(commit: str) -> list[object]:
        tree = manifests.open_commit(question.branch, commit) if commit else None
        return find_contents((tree and tree.read(file)) or b"", found.resources)

    commits = list(commits_of(opened.history, file))
    if not found.resources:
        is_complete = len(commits) <= question.history and is_whole(opened.history)
        return Changes(commits=tuple(commits[: question.history]), is_complete=is_complete)
    changed: list[PastCommit] = []
    after = read(commits[0].id) if commits else []
    for commit in commits[:_MOST_READ]:
        before = read(commit.parents[0] if commit.parents else "")
        if before != after:
            if len(changed) == question.history:
                return Changes(commits=tuple(changed), is_complete=False)
            changed.append(commit)
        after = before
    is_complete = len(commits) <= _MOST_READ and is_whole(opened.history)
    return Changes(commits=tuple(changed), is_complete=is_complete)
