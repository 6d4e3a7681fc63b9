"""Read the state of all environments, from the manifest repository alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from promotion.commands.status.report import describe_missing
from promotion.commands.status.status_matrix import Cell, Environment, Matrix
from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.common.nearest_names import describe_branches
from promotion.common.parallel import map_in_order
from promotion.common.paths import join
from promotion.common.phrases import say
from promotion.errors import PromotionError, PublishError
from promotion.publishing.manifest_history import EnvironmentState, Manifests, find_restored, open_environment
from promotion.rendering.held_parts import find_owner
from promotion.rendering.lock.commit_trailers import read_trailers
from promotion.rendering.lock.pins import list_pinned
from promotion.rendering.manifests.resources import Image, list_images


def read_matrix(
    environments: Sequence[tuple[str, str]], folder: str, manifests: Manifests, *, workers: int
) -> Matrix:
    """Return the components of each environment.

    Args:
        environments: names, each with the branch of its manifests.
        folder: the normalised `manifest-path`.
        workers: how many branches are read at once.

    Raises:
        PromotionError: the repository can't be read, or no environment has manifests.
    """
    read = partial(_read, manifests, folder)
    found = tuple(map_in_order(read, environments, workers))
    if all(one.is_missing for one in found):
        raise PromotionError(
            f"no environment has manifests in {manifests.address}: "
            + "; ".join(describe_missing(one, folder) for one in found)
            + f"; {describe_branches(manifests.list_branches())}",
            fix=say(
                "Check {manifest-repository}, {manifest-path} and {environments} "
                "(`branch=environment`); an environment's first `materialize` makes its branch."
            ),
        )
    return Matrix(repository=manifests.address, environments=found, folder=folder)


def _read(manifests: Manifests, folder: str, environment: tuple[str, str]) -> Environment:
    name, branch = environment
    history = manifests.open_history(branch)
    try:
        opened = open_environment(manifests, history, branch, folder)
    except PublishError as error:  # the others are none the worse for it
        return Environment(name=name, branch=branch, has_branch=True, commit=history.tip, damage=error)
    if opened is None:
        return Environment(name=name, branch=branch, has_branch=bool(history.tip))
    parts = opened.lock.components
    restored = find_restored(manifests, opened)
    since = _find_since(history, {join(folder, path) for path in parts})
    cells = {
        path: Cell(
            part=part,
            hld=restored.get(path, opened.lock.hld),
            images=images,
            since=since.get(join(folder, path)),
            pinned=opened.lock.pins[path].to if path in opened.lock.pins else "",
            held=find_owner(part, opened.lock.held),
        )
        for (path, part), images in zip(parts.items(), _read_images(opened), strict=True)
    }
    tip = history.commits[history.tip]
    return Environment(
        name=name,
        branch=branch,
        has_branch=True,
        commit=history.tip,
        time=tip.time,
        cells=cells,
        absent={pin.path: pin.label for pin in list_pinned(opened.lock) if pin.part is None},
        past=_list_revisions(history.line),
        held=opened.lock.held,
        is_trusted=opened.lock.is_trusted,
    )


def _find_since(history: CommitHistory, files: set[str]) -> dict[str, PastCommit]:
    """Return the last commit that changed each file."""
    found: dict[str, PastCommit] = {}
    left = set(files)
    for commit in history.line:
        if not left:
            break
        for path in left.intersection(history.changes(commit.id)):
            found[path] = commit
            left.discard(path)
    return found


def _read_images(opened: EnvironmentState) -> list[tuple[Image, ...]]:
    paths = [join(opened.folder, path) for path in opened.lock.components]
    opened.tree.prefetch(paths)
    return [list_images(opened.tree.read(path) or b"") for path in paths]


def _list_revisions(commits: Sequence[PastCommit]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for commit in commits:
        for label, revision in read_trailers(commit.message).sources.items():
            found.setdefault(label, []).append(revision)
    return found
