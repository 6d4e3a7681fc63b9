"""The rendered manifests against the manifest branch's tree: what to write and what to delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import find_collision, join, manifest_flaw
from promotion.common.phrases import say
from promotion.common.text import list_some
from promotion.errors import PublishError
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import Lock
from promotion.rendering.lock.lock_file import locate_lock
from promotion.rendering.model import RenderedComponent

SUBMODULE = "160000 "  # the mode of an entry whose content lies in another repository
_LARGEST = 100 * 1024 * 1024  # bytes; GitHub refuses larger files
_NAMED = 10  # how many files an error names


@dataclass(frozen=True, kw_only=True)
class Operations:
    """What brings the branch's tree up to date. Paths are from the repository's root.

    `adopted` are files that the lock didn't name, taken over because the user asked for it; some of
    them may need no write.
    """

    writes: Mapping[str, bytes] = field(default_factory=dict)
    deletes: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()

    @property
    def changes(self) -> dict[str, bytes | None]:
        """Path → new content, or None to delete; deletions come first."""
        return {**dict.fromkeys(self.deletes), **self.writes}


def collect_manifests(components: Iterable[RenderedComponent]) -> dict[str, bytes]:
    """Return contents by output path, in order of the paths.

    Raises:
        PublishError: two components write one file; a path leaves the output folder or can't be a file
            on every system; a manifest is larger than GitHub takes.
    """
    owners: dict[str, RenderedComponent] = {}
    for part in components:
        problem = manifest_flaw(part.path) or ("" if part.path.endswith(".yaml") else "doesn't end in .yaml")
        if problem:
            raise PublishError(f"the manifest's path {part.path!r} {problem}", component=part.label)
        if part.path in owners:
            raise PublishError(
                f"the components {owners[part.path].label} and {part.label} both write {part.path}",
                fix="Give one of them another name.",
            )
        if flaw := find_size_flaw(part):
            raise PublishError(flaw, component=part.label)
        owners[part.path] = part
    return {path: owners[path].manifest for path in sorted(owners)}


def find_size_flaw(part: RenderedComponent) -> str:
    """Return why a manifest is too large for GitHub; empty if it isn't."""
    size = len(part.manifest)
    return f"the manifest has {size >> 20} MiB, and GitHub refuses files over 100 MiB" * (size > _LARGEST)


def plan_operations(
    old: Mapping[str, str],
    lock: Lock,
    manifests: Mapping[str, bytes],
    *,
    kept: Iterable[str] = (),
    folder: str,
    adopt: bool,
) -> Operations:
    """Compare the manifests with the branch's tree, by blob ids, so that no old content is needed.

    Args:
        old: every path of the branch's tip → its mode and blob id, as `100644 e69de29...`.
        lock: what we wrote before; empty if there is no lock file.
        manifests: path below `folder` → content, each path checked.
        kept: paths below `folder` of manifests that stay as they are in the tree.
        folder: the normalised `manifest-path`; the root is `""`.
        adopt: take over existing files that this action did not create.

    Raises:
        PublishError: a file that isn't ours, or a submodule, is in our way; a file would have to be a folder
            or the other way round; two files differ in case only.
    """
    new = {join(folder, path): content for path, content in manifests.items()}
    ours = {join(folder, path) for path in lock.files}
    foreign = [path for path in new if path in old and path not in ours]
    if foreign and not adopt:
        raise PublishError(
            f"{_list(foreign)} in the manifest repository, in our way, and not written by us",
            fix=say(
                "Move or delete what you want to keep elsewhere, or set {adopt: true} once to take over."
            ),
        )
    modules = [path for path in new if old.get(path, "").startswith(SUBMODULE)]
    if modules:
        raise blame_module(modules)
    staying = {join(folder, path) for path in kept}
    deletes = tuple(sorted(path for path in ours - staying if path in old and path not in new))
    _check_collisions(old.keys() - set(deletes), new, locate_lock(folder).file)
    unchanged = {path for path, data in new.items() if old.get(path) == f"100644 {blob_id(data)}"}
    return Operations(
        writes={path: data for path, data in new.items() if path not in unchanged},
        deletes=deletes,
        unchanged=tuple(sorted(unchanged | staying)),
        adopted=tuple(foreign),
    )


def _check_collisions(kept: Iterable[str], new: Iterable[str], lock_path: str) -> None:
    """Refuse paths that collide: some checkouts, or git itself, would lose one of them."""
    if collision := find_collision([*new, lock_path], kept):
        raise blame_collision(*collision)


def blame_module(paths: Sequence[str]) -> PublishError:
    """Return the error for manifests' paths where submodules are."""
    what = f"{_list(paths)} in our way as a submodule in the manifest repository"
    return PublishError(what, fix="Remove it there.")


def blame_collision(path: str, other: str) -> PublishError:
    """Return the error for two paths that can't both be files."""
    file, folder = sorted((path, other), key=len)
    if folder.startswith(f"{file}/"):
        what = f"{file} would have to be a file and, for {folder}, a folder"
    else:
        what = f"{path} and {other} are one path for file systems that ignore case"
    return PublishError(what, fix="Rename the component, or move the other file.")


def _list(paths: Sequence[str]) -> str:
    return f"{list_some(paths, _NAMED)} {'is' if len(paths) == 1 else 'are'}"
