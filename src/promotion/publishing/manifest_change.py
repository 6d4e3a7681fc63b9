"""The change of a manifest branch: planned, then written as one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from promotion.common.event import Event
from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import join, normalise_folder
from promotion.common.phrases import say
from promotion.common.text import count
from promotion.errors import NothingLeftError, PublishError
from promotion.publishing.commit_message import DEFAULT_TEMPLATE, build_message, check_template, parse_author
from promotion.rendering.lock.lock import Lock, find_owner_conflict, keep_origins
from promotion.rendering.lock.lock_file import NewerLockError, dumps, locate_lock, read_lock
from promotion.rendering.lock.pins import tells_more
from promotion.rendering.manifest_branch import BranchTree, ManifestBranch
from promotion.rendering.manifests.file_changes import (
    SUBMODULE,
    Operations,
    collect_manifests,
    plan_operations,
)
from promotion.rendering.manifests.file_owners import (
    ComponentChange,
    Owners,
    describe_changes,
    find_foreign_edits,
    find_owners,
    label_of,
)
from promotion.rendering.manifests.resource_changes import (
    FileChange,
    ResourceChange,
    compare_resources,
    render_diff,
)
from promotion.rendering.manifests.resources import ManifestDocument
from promotion.rendering.model import RenderedComponent


@dataclass(frozen=True, kw_only=True)
class PublishOptions:
    """How to publish: the inputs of the same names, and the event for the message's trailers.

    `repository` is the manifest repository's address without credentials, for messages.
    """

    repository: str = ""
    branch: str = ""
    manifest_path: str = "."
    adopt: bool = False
    allow_empty: bool = False
    dry_run: bool = False
    commit_message: str = DEFAULT_TEMPLATE
    commit_author: str = ""
    event: Event = field(default_factory=Event)


@dataclass(frozen=True, kw_only=True)
class ManifestChange:
    """The change that was published, or would be without a dry run; of locks alone, one that does nothing.

    `commit` is empty if none was made. `foreign_edits` are files of ours that somebody changed or
    deleted by hand; the commit overwrites them. Paths are from the repository's root.
    """

    old_lock: Lock
    lock: Lock
    changed: bool = False
    commit: str = ""
    message: str = ""
    operations: Operations = field(default_factory=Operations)
    components: tuple[ComponentChange, ...] = ()
    resources: tuple[ResourceChange, ...] = ()
    files: tuple[FileChange, ...] = field(default=(), repr=False)
    foreign_edits: tuple[str, ...] = ()

    @cached_property
    def _actions(self) -> Mapping[str, str]:
        return {
            path: change.action
            for change in self.components
            for path in (change.after.files if change.after else ())
        }

    def action(self, path: str) -> str:
        """Return the change of a component by its output path: `added`, `changed` or empty."""
        return self._actions.get(path, "")

    def diff(self) -> str:
        """Return the diff for people, without values of Secrets, cut at whole resources."""
        return render_diff(self.files)


def plan_change(
    branch: BranchTree,
    tree: Mapping[str, str],
    old_lock: Lock,
    lock: Lock,
    manifests: Mapping[str, bytes],
    *,
    folder: str,
    adopt: bool = False,
    parsed: Mapping[str, Sequence[ManifestDocument]] | None = None,
) -> ManifestChange:
    """Return what a new lock, with manifests, changes on a branch; why to commit it is the caller's to say.

    Args:
        tree: the branch's files.
        manifests: new content by path below `folder`; all else that the lock names stays as it is.
        folder: the normalised `manifest-path`.
        adopt: take over existing files that this action did not create.
        parsed: what new content holds, by path in the repository, as far as somebody has read it.

    Raises:
        PublishError: a file that isn't ours is in our way, or two files collide.
    """
    owners = find_owners(folder, old_lock, lock)
    kept = lock.files.keys() - manifests.keys()
    operations = plan_operations(tree, old_lock, manifests, kept=kept, folder=folder, adopt=adopt)
    files = _read_files(branch, tree, operations, owners, parsed or {})
    resources = compare_resources(files)
    return ManifestChange(
        old_lock=old_lock,
        lock=lock,
        operations=operations,
        components=describe_changes(files, resources, owners),
        resources=resources,
        files=files,
        foreign_edits=find_foreign_edits(tree, operations, files, folder, old_lock),
    )


def plan_rendering(
    components: Sequence[RenderedComponent],
    lock: Lock,
    branch: BranchTree,
    options: PublishOptions,
    *,
    before: Lock | None = None,
) -> ManifestChange:
    """Return the change that brings a branch up to date with what was rendered.

    If no manifest changes there is no commit, even when a source moved: the lock stays as it is, unless a pin
    ends, or it would have each run make the same anew.

    Args:
        components: what was rendered, one file each.
        lock: the new one. Its components that weren't rendered have their files in the branch already.
        before: the branch's lock, if it was read already.

    Raises:
        PublishError: the lock is damaged or another environment's, a file that isn't ours is in our way,
            or two files collide.
        UsageError: `manifest_path` or `commit_message` is malformed.
    """
    folder = normalise_folder(options.manifest_path)
    check_template(options.commit_message)
    manifests = collect_manifests(components)
    old_lock, rebuilt = _read_lock(branch, folder, lock, options, before or Lock())
    lock = keep_origins(old_lock, lock)
    change = plan_change(
        branch,
        branch.files(),
        old_lock,
        lock,
        manifests,
        folder=folder,
        adopt=options.adopt,
        parsed={join(folder, part.path): part.documents for part in components},
    )
    adopted = change.operations.adopted
    released = [pin.label for path, pin in old_lock.pins.items() if path not in lock.pins]
    is_repair = not old_lock.is_trusted or tells_more(lock, old_lock) or _is_whole_again(lock, old_lock)
    has_held = lock.held != old_lock.held
    if not (change.operations.changes or adopted or rebuilt or released or is_repair or has_held):
        return replace(change, lock=old_lock)
    message = build_message(
        options.commit_message,
        environment=lock.environment,
        changes=change.components,
        hld=lock.hld,
        event=options.event,
        released=released,
        held=[name for name, part in lock.held.items() if part != old_lock.held.get(name)],
        healed=[name for name in old_lock.held if name not in lock.held],
        is_repair=is_repair and not rebuilt and not adopted,
    )
    return replace(change, changed=True, message=message)


def commit_change(
    change: ManifestChange,
    branch: ManifestBranch,
    options: PublishOptions,
    *,
    push: Callable[[str], str],
    timestamp: int,
    announce: Callable[[ManifestChange], None] = lambda _: None,
) -> ManifestChange:
    """Return the change with its commit, after writing and pushing it, if there is anything to change.

    In a dry run nothing is written.

    Args:
        branch: the tip that the change was planned for.
        push: sends the commit, and gives its id as others see it, empty if all of it is there already; raises
            BranchMovedError when the branch moved.
        timestamp: seconds since 1970, for the commit.
        announce: told what is about to be pushed.

    Raises:
        UsageError: `commit_author` is malformed.
    """
    if not change.changed or options.dry_run:
        return change
    name, email = parse_author(options.commit_author)
    content = {**change.operations.changes, locate_lock(options.manifest_path).file: dumps(change.lock)}
    commit = branch.write(content, message=change.message, author=name, email=email, timestamp=timestamp)
    announce(change)
    return replace(change, commit=push(commit))


def _read_lock(
    branch: BranchTree, folder: str, new: Lock, options: PublishOptions, known: Lock
) -> tuple[Lock, bool]:
    """Return the branch's lock, empty if there is none, and whether to rebuild it; `known` as it was read.

    Raises:
        PublishError: it is damaged, about other manifests than ours, or all that it names would go.
    """
    where = locate_lock(folder, options.repository)
    try:
        lock = known if known != Lock() else read_lock(branch.read, where)
    except NewerLockError:
        raise
    except PublishError:
        if not options.adopt:
            raise
        return Lock(), True
    if lock is None:
        return Lock(), False
    stranger = find_owner_conflict(lock, new)
    if stranger and not options.adopt:
        raise PublishError(
            f"the manifests here are those of {stranger}",
            where=where,
            fix=say(
                "Give each environment and definition its own {manifest-branch} or "
                "{manifest-path}, or set {adopt: true} once to take over."
            ),
        )
    if lock.files and not new.files and not options.allow_empty:
        raise NothingLeftError(
            f"the definition has no manifests, so the {count(len(lock.files), 'manifest')} here would go",
            where=where,
            fix=say("Check its `subcomponents`. If everything is to go, set {allow-empty: true} once."),
        )
    return lock, bool(stranger)


def _is_whole_again(lock: Lock, old: Lock) -> bool:
    """Return whether the new lock knows what decides the whole tree, and the old one doesn't, for something
    was held then.
    """
    return (
        lock.request == old.request != ""
        and lock.request in lock.subtrees
        and old.request not in old.subtrees
    )


def _read_files(
    branch: BranchTree,
    old: Mapping[str, str],
    operations: Operations,
    owners: Mapping[str, Owners],
    parsed: Mapping[str, Sequence[ManifestDocument]],
) -> tuple[FileChange, ...]:
    """Return the files that change, with their old content. Read no other content."""
    branch.prefetch(path for path in operations.changes if path in old)

    def read(path: str) -> bytes | None:
        if path not in old:
            return None
        return (b"" if old[path].startswith(SUBMODULE) else branch.read(path)) or b""

    return tuple(
        FileChange(
            path=path,
            component=label_of(owners[path]),
            before=read(path),
            after=after,
            parsed=None if after is None else parsed.get(path),
        )
        for path, after in sorted(operations.changes.items())
    )
