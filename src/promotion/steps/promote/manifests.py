"""What differs between two environments, as the manifest repository has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from promotion.core.addresses import without_credentials
from promotion.core.lock.lock import DISTRUST, LOCK_NAME, REPAIR, Lock
from promotion.core.lock.lock_file import parse_lock
from promotion.core.manifests.changes import FileChange, compare_resources
from promotion.core.manifests.owners import Owners, find_owners, label_of
from promotion.core.paths import join
from promotion.core.phrases import say
from promotion.core.promote.bundle import Manifests, Version, describe_version
from promotion.core.promote.origin import find_own
from promotion.core.promote.request import PromoteRequest
from promotion.errors import Location, PublishError, SourceError
from promotion.steps.promote.hosting import Hosts, ManifestTree


def read_manifests(request: PromoteRequest, source: str, target: str, hosts: Hosts) -> Manifests:
    """Versions and difference of the components that come from the repository.

    What can't be read is told, and no error: the promotion goes on without it.

    Args:
        source: the environment that is promoted.
        target: the environment that is promoted to.
    """
    if not request.manifest_repository:
        why = "Versions and manifests aren't shown: set the input `manifest-repository`."
        return Manifests(missing=why)
    try:
        trees = {name: hosts.open_manifests(name) for name in (target, source)}
        return _compare(request, trees, hosts)
    except (SourceError, PublishError) as error:
        why = f"Versions and manifests aren't shown, since they can't be read: {error.what}."
        hosts.warn(say("{} {}", why, error.fix) if error.fix else why)
        return Manifests(missing=why)


def _compare(request: PromoteRequest, trees: Mapping[str, ManifestTree], hosts: Hosts) -> Manifests:
    """The difference between two environments, by name: first the one that is promoted to."""
    old, new = trees.values()
    folder, repository = request.manifest_path, without_credentials(request.manifest_repository)
    locks = [_read_lock(tree, folder, repository) for tree in (old, new)]
    if not any(lock.components for lock in locks):
        return Manifests(missing=f"Neither environment has manifests yet in `{repository}`.")
    doubts = tuple(
        f"The {LOCK_NAME} of {environment} {DISTRUST}. {REPAIR}"
        for environment, lock in zip(trees, locks, strict=True)
        if not lock.is_trusted
    )
    for doubt in doubts:
        hosts.warn(doubt)
    own = {path for lock in locks for path in find_own(lock, request.repository, hosts.server_url)}
    if not own:
        return Manifests(missing=f"No component in `{repository}` comes from this repository.")
    before, after = (_only(own, lock) for lock in locks)
    files = _read_files(old, new, find_owners(folder, before, after))
    found = Manifests(files=files, resources=compare_resources(files))
    versions = (_compare_versions(path, before, after, found, folder) for path in sorted(own))
    return replace(found, doubts=doubts, versions=tuple(version for version in versions if version))


def _read_lock(tree: ManifestTree, folder: str, repository: str) -> Lock:
    """The lock of a branch, empty if there is none."""
    where = Location(join(folder, LOCK_NAME), repository=repository)
    data = tree.read(where.file) if tree.commit else None
    return Lock() if data is None else parse_lock(data, where)


def _only(own: Collection[str], lock: Lock) -> Lock:
    """The lock with these components alone; those that lie in the HLD itself have its commit.

    What a rollback holds was made at an earlier one, so it has none.
    """
    parts = {path: part for path, part in lock.components.items() if path in own}
    hld = {
        path: replace(part, revision="" if path in lock.pins else lock.hld.commit)
        for path, part in parts.items()
        if not part.source
    }
    return replace(lock, components={**parts, **hld})


def _read_files(old: ManifestTree, new: ManifestTree, owners: Mapping[str, Owners]) -> tuple[FileChange, ...]:
    """The files that differ."""
    before, after = old.files(), new.files()
    differing = [path for path in sorted(owners) if before.get(path) != after.get(path)]
    for tree in (old, new):
        tree.prefetch(differing)
    return tuple(
        FileChange(path=path, component=label_of(owners[path]), before=old.read(path), after=new.read(path))
        for path in differing
    )


def _compare_versions(path: str, before: Lock, after: Lock, found: Manifests, folder: str) -> Version | None:
    """A component in both environments; None if it is the same. What lies in the HLD has its commit, which
    says nothing by itself.
    """
    old, new = before.components.get(path), after.components.get(path)
    written = {join(folder, name) for part in (old, new) if part for name in part.files}
    same = describe_version(old) == describe_version(new) or not any(
        part and part.source for part in (old, new)
    )
    if same and not any(file.path in written for file in found.files):
        return None
    changes = (change for change in found.resources if change.path in written)
    images = dict.fromkeys(str(image) for change in changes for image in change.images)
    return Version(label=label_of((old, new)), before=old, after=new, images=tuple(images))
