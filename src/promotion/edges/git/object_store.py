"""The objects of a bare repository, read in this process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from stat import S_IFMT

from dulwich.errors import ObjectFormatException
from dulwich.object_store import DiskObjectStore
from dulwich.objects import Blob, Commit, ObjectID, Tag, Tree, parse_tree

from promotion.edges.git.lazy_repository import LazyRepository
from promotion.edges.git.tree_sizes import weigh
from promotion.errors import SourceError

EMPTY_TREE = ObjectID(b"4b825dc642cb6eb9a060e54bf8d69288fbee4904")
SUBMODULE = 0o160000
MOST_DEPTH = 200  # levels of folders; a hostile tree may be too deep for Python's stack
MOST_BYTES = 100 * 2**20  # of a file; GitHub takes no larger ones
_MOST_BYTES_OF_OTHERS = 16 * 2**20  # of a folder's list, of some 300,000 names; of a commit or tag
_MOST_WORK = 40  # how many times the limit may pass through memory; an honest chain has 50 deltas at most
_MOST_TAGS = 10  # a tag may point at a tag

Item = tuple[int, ObjectID]
Items = Mapping[bytes, Item]
Known = Mapping[ObjectID, tuple[int, bytes]]
Supply = Callable[[Sequence[ObjectID], str], Known]
ALL_BELOW, FILES = "tree:0", "blob:none"  # what may be left out


class OpenStores:
    """Keeps no more than `limit` repositories open: each holds four files, and a process may have 1024."""

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._open: deque[Objects] = deque()

    def add(self, objects: Objects) -> None:
        """Note that a repository was opened, and close the one that was opened first if they are too many."""
        with self._lock:
            self._open.append(objects)
            oldest = self._open.popleft() if len(self._open) > self._limit else None
        if oldest:
            oldest.close()

    def close(self) -> None:
        """Close them all; one that is read after that opens again."""
        while self._open:
            self._open.popleft().close()


class Objects:
    """A repository's objects, safe to read from several threads.

    Args:
        repository: the bare repository.
        name: how users know the repository, for errors.
        stores: closes the repository when it is not in use.
        supply: fetches objects that aren't here, and all below them that a filter of git's doesn't keep out;
            gives those that stay in memory.
        at_hand: objects of the repository that are in memory.
    """

    def __init__(
        self,
        repository: LazyRepository,
        name: str,
        stores: OpenStores,
        *,
        supply: Supply | None = None,
        at_hand: Known | None = None,
    ) -> None:
        self._repository = repository
        self.name = name
        self._stores = stores
        self._store: DiskObjectStore | None = None
        self._lock = threading.Lock()
        self._trees: dict[ObjectID, Items] = {}
        self._at_hand = dict(at_hand or {})
        self._supply = supply
        self._supplying = threading.Lock()

    @property
    def folder(self) -> Path:
        """The bare repository, on the disk."""
        return self._repository.folder()

    @property
    def is_partial(self) -> bool:
        """Whether objects may be missing that can be supplied."""
        return self._supply is not None

    def has(self, object_id: ObjectID) -> bool:
        """Return whether an object is here."""
        if object_id in self._at_hand or not self._repository.is_made:
            return object_id in self._at_hand or object_id == EMPTY_TREE
        with self.use() as store:
            return object_id == EMPTY_TREE or object_id in store

    def require(self, ids: Iterable[ObjectID], *, left_out: str = ALL_BELOW) -> None:
        """Fetch, in one go, those objects that aren't here, if they can be supplied.

        Args:
            left_out: what of all below them isn't needed, as a filter of git's.

        Raises:
            SourceError: they can't be had.
        """
        if self._supply is None:
            return
        with self._supplying:
            missing = [one for one in dict.fromkeys(ids) if not self.has(one)]
            if missing:
                self._at_hand.update(self._supply(missing, left_out))

    def close(self) -> None:
        """Close the pack files until the next use."""
        with self._lock:
            if self._store:
                self._store.close()
            self._store = None

    @contextmanager
    def use(self) -> Iterator[DiskObjectStore]:
        """Open the open store, for this thread alone."""
        is_new = False
        try:
            with self._lock:
                is_new = self._store is None
                self._store = self._store or DiskObjectStore(self.folder / "objects")
                yield self._store
        finally:
            if is_new:  # without our lock: to make room it takes another's
                self._stores.add(self)

    def read(
        self, object_id: ObjectID, kind: type[Blob | Commit | Tag | Tree] | None = None, path: str = ""
    ) -> tuple[int, bytes]:
        """Return an object's type number and bytes; `path` is its name for errors.

        Raises:
            SourceError: it isn't there, is damaged, too large, or isn't of the kind asked for.
        """
        label = repr(path) if path else f"object {object_id.decode()}"
        limit = MOST_BYTES if kind is Blob else _MOST_BYTES_OF_OTHERS
        number, data = self._at_hand.get(object_id) or self._load(object_id, limit, label)
        if kind is not None and number != kind.type_num:
            wanted = kind.type_name.decode()
            raise SourceError(f"{self.name}: {label} is not a {wanted}")
        return number, data

    def _load(self, object_id: ObjectID, limit: int, label: str) -> tuple[int, bytes]:
        self.require([object_id])
        if supplied := self._at_hand.get(object_id):
            return supplied
        try:
            with self.use() as store:
                self._check_weight(store, object_id, limit, label)
                return store.get_raw(object_id)
        except SourceError:
            raise
        except KeyError:
            raise SourceError(
                f"{self.name}: the server didn't send {label}, so its repository lacks it",
                fix="Have it repaired: `git fsck` there names what is missing; push that from a whole clone.",
            ) from None
        except Exception as error:  # dulwich has many kinds for damaged packs, zlib's and struct's among them
            raise SourceError(f"{self.name}: {label} can't be read: {error!r}") from error

    def _check_weight(self, store: DiskObjectStore, object_id: ObjectID, limit: int, label: str) -> None:
        """Refuse an object that is too large, before it is unpacked."""
        for pack in store.packs:
            if object_id not in pack:
                continue
            weight = weigh(pack, object_id)
            if max(weight.largest, weight.deltas) > limit or weight.work > _MOST_WORK * limit:
                raise SourceError(
                    f"{self.name}: {label} unpacks to {weight.work // 2**20} MiB, and the limit is "
                    f"{limit // 2**20}",
                    fix="Take what is so large out of the folder that is used.",
                )

    def blob(self, object_id: ObjectID, path: str = "") -> bytes:
        """Return a file's content; `path` is its name for errors."""
        return self.read(object_id, Blob, path)[1]

    def tree(self, object_id: ObjectID) -> Items:
        """Return a folder's entries: name to mode and object id.

        Raises:
            SourceError: the tree is damaged, or holds a name that no honest git writes.
        """
        known = self._trees.get(object_id)
        if known is not None:
            return known
        data = b"" if object_id == EMPTY_TREE else self.read(object_id, Tree)[1]
        try:
            items = {name: (mode, ObjectID(item_id)) for name, mode, item_id in parse_tree(data, 20)}
        except (ObjectFormatException, ValueError) as error:
            raise SourceError(f"{self.name}: tree {object_id.decode()} is damaged: {error}") from error
        for name in items:
            # git refuses these at checkout; `/` would let an entry name a path elsewhere
            if b"/" in name or name.lower() in (b"", b".", b"..", b".git"):
                raise SourceError(
                    f"{self.name}: a folder holds the forbidden name {name.decode(errors='replace')!r}"
                )
        return self._trees.setdefault(object_id, items)

    def peel(self, object_id: ObjectID) -> ObjectID:
        """Return the commit that an id leads to, through annotated tags.

        Raises:
            SourceError: it leads to a file or a folder.
        """
        for _ in range(_MOST_TAGS):
            number, data = self.read(object_id)
            if number == Commit.type_num:
                return object_id
            if number != Tag.type_num:
                break
            object_id = ObjectID(data.split(b"\n", 1)[0].removeprefix(b"object "))
        raise SourceError(f"{self.name}: {object_id.decode()} is not a commit")

    def history(self, tip: ObjectID) -> set[str]:
        """Return a commit and all that it stands on, as far as they are here."""
        waiting, seen = [tip], set[ObjectID]()
        while waiting:
            current = waiting.pop()
            with self.use() as store:
                is_new = current not in seen and current in store
            if is_new:
                seen.add(current)
                waiting += Commit.from_string(self.read(current, Commit)[1]).parents
        return {commit.decode() for commit in seen}

    def root(self, commit: ObjectID) -> ObjectID:
        """Return the tree of a commit."""
        first = self.read(commit, Commit)[1].split(b"\n", 1)[0]
        return ObjectID(first.removeprefix(b"tree "))


def decode(name: bytes) -> str:
    """Return a name or link as text; bytes that aren't UTF-8 survive the way back."""
    return name.decode("utf-8", "surrogateescape")


def encode(name: str) -> bytes:
    """Return the inverse of `decode`."""
    return name.encode("utf-8", "surrogateescape")


def is_file(item: Item) -> bool:
    """Return whether an entry is neither a folder nor a submodule."""
    return S_IFMT(item[0]) not in (0o040000, SUBMODULE)
