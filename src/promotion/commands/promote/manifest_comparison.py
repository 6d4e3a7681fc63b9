"""The difference between two environments in the manifest repository."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from promotion.commands.promote.promote_github import PromotionHosts
from promotion.commands.promote.promote_request import PromoteRequest
from promotion.commands.promote.promotion_bundle import ManifestSummary, VersionChange, describe_version
from promotion.common.addresses import name_on, without_credentials
from promotion.common.paths import join
from promotion.common.phrases import say
from promotion.errors import PublishError, SourceError
from promotion.rendering.lock.lock import DISTRUST, LOCK_NAME, REPAIR, Lock, LockedSubtree
from promotion.rendering.lock.lock_file import locate_lock, read_lock
from promotion.rendering.manifest_branch import BranchTree
from promotion.rendering.manifests.file_owners import Owners, find_owners, label_of
from promotion.rendering.manifests.resource_changes import FileChange, compare_resources
from promotion.rendering.sources.git_source import GitSource


def read_manifests(
    request: PromoteRequest, source: str, target: str, hosts: PromotionHosts
) -> ManifestSummary:
    """Return versions and differences of the components that come from the repository.

    What can't be read is told, and no error: the promotion goes on without it.

    Args:
        source: the environment that is promoted.
        target: the environment that is promoted to.
    """
    if not request.manifest_repository:
        why = "Versions and manifests aren't shown: set the input `manifest-repository`."
        return ManifestSummary(missing=why)
    try:
        trees = {name: hosts.open_manifests(name) for name in (target, source)}
        return _compare(request, trees, hosts)
    except (SourceError, PublishError) as error:
        why = f"Versions and manifests aren't shown, since they can't be read: {error.what}."
        hosts.warn(say("{} {}", why, error.fix) if error.fix else why)
        return ManifestSummary(missing=why)


def _compare(
    request: PromoteRequest, trees: Mapping[str, BranchTree], hosts: PromotionHosts
) -> ManifestSummary:
    """Return the difference between two environments by name, the target first."""
    old, new = trees.values()
    folder, repository = request.manifest_path, without_credentials(request.manifest_repository)
    locks = [read_lock(tree.read, locate_lock(folder, repository)) or Lock() for tree in (old, new)]
    if not any(lock.components for lock in locks):
        return ManifestSummary(missing=f"Neither environment has manifests yet in `{repository}`.")
    doubts = tuple(
        f"The {LOCK_NAME} of {environment} {DISTRUST}. {REPAIR}"
        for environment, lock in zip(trees, locks, strict=True)
        if not lock.is_trusted
    )
    for doubt in doubts:
        hosts.warn(doubt)
    own = {path for lock in locks for path in find_own(lock, request.repository, hosts.server_url)}
    if not own:
        return ManifestSummary(missing=f"No component in `{repository}` comes from this repository.")
    before, after = (_only(own, lock) for lock in locks)
    files = _read_files(old, new, find_owners(folder, before, after))
    found = ManifestSummary(files=files, resources=compare_resources(files))
    versions = (_compare_versions(path, before, after, found, folder) for path in sorted(own))
    return replace(found, doubts=doubts, versions=tuple(version for version in versions if version))


def _only(own: Collection[str], lock: Lock) -> Lock:
    """Return the lock with these components alone. Those in the HLD itself get its commit.

    What a rollback holds was made at an earlier one, so it has none.
    """
    parts = {path: part for path, part in lock.components.items() if path in own}
    hld = {
        path: replace(
            part, provenance=replace(part.provenance, revision="" if path in lock.pins else lock.hld.commit)
        )
        for path, part in parts.items()
        if not part.provenance.source
    }
    return replace(lock, components={**parts, **hld})


def _read_files(old: BranchTree, new: BranchTree, owners: Mapping[str, Owners]) -> tuple[FileChange, ...]:
    """Return the files that differ."""
    before, after = old.files(), new.files()
    differing = [path for path in sorted(owners) if before.get(path) != after.get(path)]
    for tree in (old, new):
        tree.prefetch(differing)
    return tuple(
        FileChange(path=path, component=label_of(owners[path]), before=old.read(path), after=new.read(path))
        for path in differing
    )


def _compare_versions(
    path: str, before: Lock, after: Lock, found: ManifestSummary, folder: str
) -> VersionChange | None:
    """Return a component's versions in both environments; None if they are the same."""
    old, new = before.components.get(path), after.components.get(path)
    written = {join(folder, name) for part in (old, new) if part for name in part.files}
    same = describe_version(old) == describe_version(new) or not any(
        part and part.provenance.source for part in (old, new)
    )
    if same and not any(file.path in written for file in found.files):
        return None
    changes = (change for change in found.resources if change.path in written)
    images = dict.fromkeys(str(image) for change in changes for image in change.images)
    return VersionChange(label=label_of((old, new)), before=old, after=new, images=tuple(images))


def find_own(lock: Lock, repository: str, server_url: str) -> frozenset[str]:
    """Return the output paths of components whose content or version a repository's branch decides.

    They are those that lie in it, and what it names: charts, files, pinned versions of other repositories.
    Other repositories' branches are promoted by themselves.

    Args:
        repository: `owner/name`.
        server_url: where that is.
    """

    def is_own(address: str) -> bool:
        return name_on(server_url, address).casefold() == repository.casefold()

    subtrees = _descend(lock, is_own)
    is_hld = is_own(lock.hld.repository)
    return frozenset(
        path
        for path, part in lock.components.items()
        if part.subtree in subtrees or (is_own(part.provenance.source) if part.provenance.source else is_hld)
    )


def _descend(lock: Lock, is_own: Callable[[str], bool]) -> set[str]:
    """Return the subtrees from the repository, and those below that follow no branch of another."""
    found: set[str] = set()
    starts = {
        digest for digest, subtree in lock.subtrees.items() if any(map(is_own, _list_repositories(subtree)))
    }
    waiting = list(starts)
    while waiting:
        digest = waiting.pop()
        subtree = lock.subtrees.get(digest)
        if digest in found or subtree is None:
            continue
        if digest in starts or not any(_list_repositories(subtree, pinned=False)):
            found.add(digest)
            waiting += subtree.subtrees
    return found


def _list_repositories(subtree: LockedSubtree, *, pinned: bool = True) -> list[str]:
    """Return the repositories that decide a subtree; unless `pinned`, those without a fixed version."""
    sources = (source for source in subtree.answers if isinstance(source, GitSource))
    return [source.url for source in sources if pinned or not source.version]
