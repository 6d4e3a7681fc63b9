"""The manifest branch: its tip's files, and a commit on top of it without a working tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from stat import S_ISDIR

from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree

from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import flaw
from promotion.edges.git.object_store import (
    EMPTY_TREE,
    MOST_DEPTH,
    SUBMODULE,
    Item,
    Objects,
    decode,
    encode,
    is_file,
)
from promotion.edges.git.remotes import Remote
from promotion.errors import PublishError

_FILE = 0o100644
_FOLDER = 0o040000
_MOST_FILES = 1_000_000


class BranchSnapshot:
    """A branch as it was when we fetched it.

    Args:
        remote: where it lives.
        name: the branch.
        objects: the bare repository that holds its tip.
        commit: the tip; None if there is no such branch.
    """

    def __init__(self, *, remote: Remote, name: str, objects: Objects, commit: str | None) -> None:
        self.remote = remote
        self.name = name
        self.objects = objects
        self.commit = commit
        self._root = objects.root(ObjectID(commit.encode())) if commit else EMPTY_TREE

    def files(self) -> Mapping[str, str]:
        """Return every path of the tip with its mode and object id, as `100644 8ab686ea...`, in tree order.

        Links (120000) and submodules (160000) are among them.
        """
        files: dict[str, str] = {}
        for path, (mode, object_id) in self._walk("", self._root, 0):
            files[path] = f"{mode:06o} {object_id.decode()}"
            if len(files) > _MOST_FILES:
                raise PublishError(f"{self.remote.name} holds more than {_MOST_FILES} files")
        return files

    def read(self, path: str) -> bytes | None:
        """Return a file's content, None if there is no such file. A link's content is its target."""
        item = find_item(self.objects, self._root, path)
        return None if item is None or not is_file(item) else self.objects.blob(item[1])

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get files that will be read in one go; those that aren't there don't matter.

        Raises:
            AccessError: the server doesn't let us in.
            SourceError: it can't be reached.
        """
        wanted = paths if self.objects.is_partial else ()
        items = [find_item(self.objects, self._root, path) for path in wanted]
        self.objects.require(item[1] for item in items if item is not None and is_file(item))

    def begin(self, *, author: str, email: str, timestamp: int) -> str:
        """Return the commit without files that a missing branch begins with, here only. Arguments as for
        `write`.
        """
        first = _commit(EMPTY_TREE, [], f"Create branch {self.name}", _identity(author, email), timestamp)
        self._store([Tree(), first])
        return first.id.decode()

    def at(self, commit: str) -> BranchSnapshot:
        """Return the branch as it is when it stands at a commit that is here."""
        return BranchSnapshot(remote=self.remote, name=self.name, objects=self.objects, commit=commit)

    def write(
        self, changes: Mapping[str, bytes | None], *, message: str, author: str, email: str, timestamp: int
    ) -> str:
        """Make a commit on top of the tip, here only; `Git.push` sends it.

        A missing branch begins with a commit without files, so that ours has a parent.

        Args:
            changes: new content by path; None deletes. All other entries stay as they are.
            timestamp: seconds since 1970, UTC, for author and committer.

        Returns:
            The commit's id.

        Raises:
            PublishError: a path is bad or goes through a file, or the author can't stand in a commit.
        """
        new: list[ShaFile] = []
        root = self._rewrite(self._root, _nest(changes), "", new) or EMPTY_TREE
        if EMPTY_TREE in (root, self._root):
            new.append(Tree())
        parent = self.commit or self.begin(author=author, email=email, timestamp=timestamp)
        identity = _identity(author, email)
        commit = _commit(root, [ObjectID(parent.encode())], message, identity, timestamp)
        self._store([*new, commit])
        return commit.id.decode()

    def _store(self, new: Iterable[ShaFile]) -> None:
        unique = {item.id: item for item in new}
        with self.objects.use() as store:
            store.add_objects([(item, None) for item in unique.values()])

    def _walk(self, folder: str, tree: ObjectID, depth: int) -> Iterator[tuple[str, Item]]:
        if depth > MOST_DEPTH:
            raise PublishError(f"{self.remote.name}: folders lie more than {MOST_DEPTH} levels deep")
        for name, item in self.objects.tree(tree).items():
            path = f"{folder}/{decode(name)}" if folder else decode(name)
            if S_ISDIR(item[0]):
                yield from self._walk(path, item[1], depth + 1)
            else:
                yield path, item

    def _rewrite(
        self, tree: ObjectID | None, changes: _Changes, folder: str, new: list[ShaFile]
    ) -> ObjectID | None:
        """Return the tree after the changes, None if nothing is left. Add new objects to `new`."""
        old = self.objects.tree(tree) if tree else {}
        items = dict(old)
        for name in changes.deleted:
            if name in items and not S_ISDIR(items[name][0]):
                del items[name]
        for name, inner in changes.folders.items():
            path = f"{folder}/{decode(name)}" if folder else decode(name)
            there = items.get(name)
            if there and not S_ISDIR(there[0]):
                if inner.writes:
                    raise PublishError(
                        f"{self.remote.name}: {path!r} is not a folder", fix="Remove or rename it."
                    )
                continue
            below = self._rewrite(there[1] if there else None, inner, path, new)
            if below:
                items[name] = (_FOLDER, below)
            else:
                items.pop(name, None)
        for name, data in changes.written.items():
            if name in items and (S_ISDIR(items[name][0]) or items[name][0] == SUBMODULE):
                path = f"{folder}/{decode(name)}" if folder else decode(name)
                raise PublishError(f"{self.remote.name}: {path!r} is a folder", fix="Remove or rename it.")
            blob = Blob.from_string(data)
            new.append(blob)
            items[name] = (_FILE, blob.id)
        if items == old or not items:
            return tree if items else None
        result = Tree()
        for name, (mode, object_id) in items.items():
            result.add(name, mode, object_id)
        new.append(result)
        return result.id


def find_item(objects: Objects, root: ObjectID, path: str) -> Item | None:
    """Return what lies at a path below a tree; None where there is nothing."""
    item: Item = (_FOLDER, root)
    for name in path.split("/"):
        found = objects.tree(item[1]).get(encode(name)) if S_ISDIR(item[0]) else None
        if found is None:
            return None
        item = found
    return item


@dataclass(kw_only=True)
class _Changes:
    """The changes of one folder."""

    deleted: list[bytes] = field(default_factory=list)
    written: dict[bytes, bytes] = field(default_factory=dict)
    folders: dict[bytes, _Changes] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        return bool(self.written) or any(inner.writes for inner in self.folders.values())


def _nest(changes: Mapping[str, bytes | None]) -> _Changes:
    root = _Changes()
    for path, data in sorted(changes.items()):
        if problem := flaw(path):
            raise PublishError(f"the path {path!r} {problem}")
        *folders, name = (encode(part) for part in path.split("/"))
        place = root
        for folder in folders:
            place = place.folders.setdefault(folder, _Changes())
        if data is None:
            place.deleted.append(name)
        else:
            place.written[name] = data
    return root


def _identity(author: str, email: str) -> bytes:
    name, address = author.strip(), email.strip()
    if not name or not address or any(character in "<>\n\r\0" for character in name + address):
        raise PublishError(
            f"the author {author!r} <{email!r}> can't stand in a commit", fix="Give it as `Name <email>`."
        )
    return f"{name} <{address}>".encode()


def _commit(tree: ObjectID, parents: list[ObjectID], message: str, identity: bytes, timestamp: int) -> Commit:
    commit = Commit()
    commit.tree, commit.parents = tree, parents
    commit.author = commit.committer = identity
    commit.author_time = commit.commit_time = timestamp
    commit.author_timezone = commit.commit_timezone = 0
    commit.message = message.rstrip("\n").encode() + b"\n"
    return commit
