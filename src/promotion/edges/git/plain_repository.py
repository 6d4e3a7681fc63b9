"""A repository on this machine, read in this process as git would read it.

Only what is plain is read here. Whatever else there is in a repository raises `NotPlainError`, and then the
git program is asked, which knows all formats and has the words for what is wrong.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from stat import S_ISDIR

from dulwich.object_store import DiskObjectStore
from dulwich.objects import Commit, ObjectID, Tag, Tree, parse_tree

from promotion.edges.git.object_store import EMPTY_TREE, SUBMODULE
from promotion.edges.git.tree_sizes import weigh

Item = tuple[int, bytes]

_OID = re.compile(r"[0-9a-f]{40}")
_NUMBERS = {b"commit": 1, b"tree": 2, b"blob": 3, b"tag": 4}
_NAMES = {number: name for name, number in _NUMBERS.items()}
_HEAD_LENGTH = 64  # bytes; more than the head of a loose object has
_MOST_LINKS = 5  # from ref to ref (git: refs/refs-internal.h, SYMREF_MAXDEPTH)
_MOST_TAGS = 10  # a tag may point at a tag
_MOST_WORK = 8  # how many times the room an object may pass through memory
# None has a say in what git gives away, as `uploadpack.hideRefs`, `extensions` and `include` may have.
_SECTION = re.compile(
    r'\s*\[\s*(core|remote|branch|user|receive|http|gc|init|submodule|pack|fastimport|color|alias|pull|push)(?:\s+"[^"\\]*")?\s*\]'
)
_SERVED = re.compile(r"\s*\[\s*uploadpack\s*\](?P<rest>.*)", re.IGNORECASE)
_FILTER = re.compile(r"\s*allow(?:filter|\w+sha1inwant)\b.*|\s*(?:[#;].*)?", re.IGNORECASE)
_VERSION = re.compile(r"\s*repositoryformatversion\s*=\s*(.*)", re.IGNORECASE)
_HEADS = re.compile(r"ref:\s*(refs/\S+)\s*|([0-9a-f]{40})\s*")


class NotPlainError(Exception):
    """The git program is to be asked."""


class TooMuchError(Exception):
    """The objects are more, or larger, than was wanted."""


class PlainRepository:
    """A repository that git reads without a second look.

    Args:
        path: its folder, or that of its working tree.

    Raises:
        NotPlainError: it may have settings or formats that this doesn't know, or there is none.
    """

    def __init__(self, path: Path) -> None:
        if not sys.platform.startswith("linux"):  # elsewhere names may differ in case alone
            raise NotPlainError("it is no Linux")
        inner = f"{path}/.git"  # looked at first (git: path.c, enter_repo)
        self._folder = inner if os.path.lexists(inner) else str(path)
        try:
            self._check()
        except (OSError, ValueError) as error:
            raise NotPlainError(str(error)) from error

    def find(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return what refs point at, through annotated tags; those missing are left out.

        Raises:
            NotPlainError: it isn't sure.
        """
        try:
            found = {name: oid for name in names if (oid := self._resolve(name))}
            with closing(DiskObjectStore(f"{self._folder}/objects")) as store:
                return {name: self._peel(oid, store) for name, oid in found.items()}
        except (OSError, ValueError) as error:
            raise NotPlainError(str(error)) from error

    def collect(self, ids: Sequence[str], *, left_out: str, most: int, room: int) -> Mapping[ObjectID, Item]:
        """Return objects, and all below them, but no parents of commits.

        Args:
            left_out: what is not to come of those below, as a filter of git's.
            most: how many objects there may be.
            room: bytes that they may take together.

        Raises:
            TooMuchError: they are more.
            NotPlainError: one isn't there, or is damaged.
        """
        found: dict[ObjectID, Item] = {}
        todo = [ObjectID(one.encode()) for one in ids]
        try:
            with closing(DiskObjectStore(f"{self._folder}/objects")) as store:
                while todo:
                    object_id = todo.pop()
                    if object_id in found or object_id == EMPTY_TREE:
                        continue
                    item = self._read(object_id, store, room)
                    room -= len(item[1])
                    if len(found) >= most or room < 0:
                        raise TooMuchError
                    found[object_id] = item
                    todo += _list_links(item, left_out)
        except (OSError, ValueError) as error:
            raise NotPlainError(str(error)) from error
        return found

    def _check(self) -> None:
        """Refuse what is no plain repository of this user's."""
        folder = self._folder
        if os.lstat(folder).st_uid != os.geteuid():  # git: compat/posix.h, is_path_owned_by_current_uid
            raise NotPlainError("it is somebody else's")
        if not all(S_ISDIR(os.lstat(f"{folder}/{name}").st_mode) for name in ("", "objects", "refs")):
            raise NotPlainError("it isn't whole")
        for name in ("commondir", "objects/info/alternates", "reftable", "info/grafts", "config.worktree"):
            if os.path.lexists(f"{folder}/{name}"):
                raise NotPlainError(f"it has {name}")
        if not _HEADS.fullmatch(_read_text(f"{folder}/HEAD")):
            raise NotPlainError("its HEAD is odd")
        _check_settings(_read_text(f"{folder}/config"))

    def _resolve(self, name: str, links: int = 0) -> str:
        """Return what a ref holds, or the ref that it names; empty if there is none."""
        if links > _MOST_LINKS:
            raise NotPlainError(f"{name} leads from ref to ref")
        # First the file, then the list: a ref that is being packed is in either (git: files_read_raw_ref)
        path = f"{self._folder}/{name}"
        try:
            text = _read_text(path)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return self._find_packed(name)
        is_link = os.path.islink(path)  # noqa: PTH114
        match = None if is_link else _HEADS.fullmatch(text)
        if match is None:
            raise NotPlainError(f"{name} is odd")
        return match[2] or self._resolve(match[1], links + 1)

    def _find_packed(self, name: str) -> str:
        try:
            text = _read_text(f"{self._folder}/packed-refs")
        except FileNotFoundError:
            return ""
        end = f" {name}"
        row = next((row for row in text.split("\n") if row.endswith(end)), "")
        if row and not _OID.fullmatch(row.removesuffix(end)):
            raise NotPlainError(f"{name} is odd")
        return row.removesuffix(end)

    def _peel(self, oid: str, store: DiskObjectStore) -> str:
        for _ in range(_MOST_TAGS):
            number, data = self._read(ObjectID(oid.encode()), store, 1 << 20)
            if number == Commit.type_num:
                return oid
            if number != Tag.type_num:
                break
            oid = data.split(b"\n", 1)[0].decode("ascii").removeprefix("object ")
        raise NotPlainError(f"{oid} is no commit")

    def _read(self, object_id: ObjectID, store: DiskObjectStore, room: int) -> Item:
        """Return an object, held against its id."""
        if not _OID.fullmatch(object_id.decode("ascii")):
            raise NotPlainError("an object has no id")
        number, data = self._read_loose(object_id.decode(), room) or _read_packed(object_id, store, room)
        head = b"%s %d\0" % (_NAMES[number], len(data))
        if hashlib.sha1(head + data, usedforsecurity=False).hexdigest() != object_id.decode():
            raise NotPlainError(f"{object_id.decode()} is damaged")
        return number, data

    def _read_loose(self, oid: str, room: int) -> Item | None:
        try:
            with open(f"{self._folder}/objects/{oid[:2]}/{oid[2:]}", "rb") as file:  # noqa: PTH123
                packed = file.read(room + _HEAD_LENGTH)
        except FileNotFoundError:
            return None
        reader = zlib.decompressobj()
        try:
            unpacked = reader.decompress(packed, room + _HEAD_LENGTH)
        except zlib.error as error:
            raise NotPlainError(f"{oid} is damaged") from error
        if not reader.eof:
            raise TooMuchError
        head, _, data = unpacked.partition(b"\0")
        return _NUMBERS.get(head.partition(b" ")[0], 0), data


def _read_text(path: str) -> str:
    with open(path, "rb") as file:  # noqa: PTH123  a `Path` takes longer to make than the file to read
        return file.read().decode("utf-8")


def _read_packed(object_id: ObjectID, store: DiskObjectStore, room: int) -> Item:
    try:
        pack = next((pack for pack in store.packs if object_id in pack), None)
        weight = weigh(pack, object_id) if pack else None
        is_light = (
            weight is not None and max(weight.largest, weight.deltas, weight.work // _MOST_WORK) <= room
        )
        item = pack.get_raw(object_id) if pack and is_light else None
    except Exception as error:  # dulwich has many kinds for damaged packs, zlib's and struct's among them
        raise NotPlainError(f"{object_id.decode()} can't be read") from error
    if pack is None:
        raise NotPlainError(f"{object_id.decode()} isn't there")
    if item is None:
        raise TooMuchError
    return item


def _list_links(item: Item, left_out: str) -> list[ObjectID]:
    """Return what is needed below an object."""
    number, data = item
    if left_out == "tree:0":
        return []
    if number == Commit.type_num:
        return [ObjectID(data.split(b"\n", 1)[0].removeprefix(b"tree "))]
    if number != Tree.type_num:
        return []
    entries = [(mode, ObjectID(oid)) for _, mode, oid in parse_tree(data, 20) if mode != SUBMODULE]
    return [oid for mode, oid in entries if S_ISDIR(mode) or left_out != "blob:none"]


def _check_settings(text: str) -> None:
    """Refuse a repository whose settings may have a say in what git reads of it."""
    if "\\\n" in text:
        raise NotPlainError("a setting has several lines")
    is_served = False
    for row in text.splitlines():
        served = _SERVED.fullmatch(row)
        if row.lstrip().startswith("["):
            is_served = served is not None
            if not is_served and not _SECTION.match(row):
                raise NotPlainError(f"it has the settings {row.strip()}")
        if is_served and not _FILTER.fullmatch(served["rest"] if served else row):
            raise NotPlainError(f"it has the setting {row.strip()}")
        version = _VERSION.search(row)
        if version and version[1].strip() != "0":
            raise NotPlainError("it has a newer format")
