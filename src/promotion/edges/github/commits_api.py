"""Commits that GitHub makes and signs, through its Git data API.

What git would push is uploaded file by file, and what GitHub makes of it must be the very same tree.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from stat import S_ISDIR
from typing import Any

from dulwich.objects import ObjectID

from promotion.common.commit_history import PastCommit
from promotion.common.phrases import say
from promotion.edges.git.object_store import EMPTY_TREE, Items, Objects, decode
from promotion.edges.github.api_answers import Api, read_map, read_text
from promotion.errors import PublishError

_WRITE = "contents: write"
_LARGEST = 30 << 20  # bytes of a file; GitHub takes 40 MB a request, and base64 adds a third
_INLINE = 1 << 20  # bytes of a file that goes along with a tree
_TOGETHER = 4 << 20  # bytes of all files that go along with one tree
_ENTRIES = 500  # of one request
_SUBMODULE = 0o160000

Entry = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SignedCommit:
    """A commit that GitHub made. `reason` is GitHub's word for why it isn't verified; empty if it is."""

    id: str
    reason: str


class CommitsApi(Api):
    """Makes commits in one repository. No ref leads to them yet, so nobody sees what is left of a failure."""

    def sign(self, objects: Objects, commit: PastCommit) -> SignedCommit:
        """Have GitHub make a commit anew, with its own author and time.

        Args:
            objects: hold the commit and its parent.
            commit: one whose only parent GitHub has.

        Raises:
            AccessError: the token may not write.
            PublishError: GitHub makes another tree of it, or a file is too large.
            SourceError: GitHub doesn't answer, or refuses.
        """
        (parent,) = commit.parents
        old, new = (objects.root(ObjectID(one.encode())) for one in (parent, commit.id))
        tree = self._upload(objects, old, new)
        # Neither author nor committer: GitHub signs only what is the token's own.
        body = {"message": commit.message, "tree": tree, "parents": [parent]}
        made = read_map(self._session.write("POST", self._at("/git/commits"), _WRITE, body))
        verification = read_map(made.get("verification"))
        reason = "" if verification.get("verified") is True else str(verification.get("reason") or "unsigned")
        return SignedCommit(id=read_text(made, "sha"), reason=reason)

    def _upload(self, objects: Objects, old: ObjectID, new: ObjectID) -> str:
        """Make a tree, from the difference to one that GitHub has."""
        tree = old.decode()
        for entries in _in_parts(self._describe(objects, _compare(objects, old, new))):
            tree = self._make_tree(entries, tree if tree != EMPTY_TREE.decode() else "")
        if tree != new.decode():  # of a folder that has become empty, GitHub's description says nothing
            tree = self._rebuild(objects, old, new)
        return tree

    def _rebuild(self, objects: Objects, old: ObjectID, new: ObjectID) -> str:
        """Make a tree folder by folder; the files are there already."""
        known = objects.tree(old) if old != EMPTY_TREE else {}
        entries = []
        for name, (mode, one) in objects.tree(new).items():
            there = known.get(name)
            if S_ISDIR(mode) and (there is None or there[1] != one):
                before = there[1] if there and S_ISDIR(there[0]) else EMPTY_TREE
                self._rebuild(objects, before, one)
            entries.append(_entry(decode(name), mode, one))
        tree = self._make_tree(entries, "")
        if tree != new.decode():
            raise PublishError(
                f"{self._repository}: GitHub's API makes the tree {tree}, and git makes {new.decode()}",
                fix=say("Set {verified: false}, so that git pushes the commit."),
            )
        return tree

    def _make_tree(self, entries: Sequence[Entry], base: str) -> str:
        body = {"tree": entries, **({"base_tree": base} if base else {})}
        return read_text(read_map(self._session.write("POST", self._at("/git/trees"), _WRITE, body)), "sha")

    def _describe(self, objects: Objects, changes: Iterable[_Change]) -> Iterator[tuple[Entry, int]]:
        """Yield entries of a tree, each with its size; what can't go along is uploaded before."""
        for change in changes:
            if change.object_id is None or change.mode == _SUBMODULE:
                yield _entry(change.path, change.mode, change.object_id), 0
                continue
            data = objects.blob(change.object_id, change.path)
            text = _as_text(data)
            if text is None:
                self._upload_blob(change.path, data)
                yield _entry(change.path, change.mode, change.object_id), 0
            else:
                yield (
                    {"path": change.path, "mode": f"{change.mode:06o}", "type": "blob", "content": text},
                    len(data),
                )

    def _upload_blob(self, path: str, data: bytes) -> None:
        if len(data) > _LARGEST:
            raise PublishError(
                f"{path!r} has {len(data) >> 20} MiB, and GitHub's API takes {_LARGEST >> 20}",
                fix=say("Set {verified: false}, so that git pushes the commit."),
            )
        body = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
        self._session.write("POST", self._at("/git/blobs"), _WRITE, body)


@dataclass(frozen=True)
class _Change:
    """A path that differs; `object_id` is None where it goes."""

    path: str
    mode: int
    object_id: ObjectID | None


def _compare(objects: Objects, old: ObjectID, new: ObjectID, folder: str = "") -> Iterator[_Change]:
    """Yield the files that differ, those that go before those that come: a file may become a folder."""
    before, after = (_items(objects, tree) for tree in (old, new))
    for name, (mode, one) in before.items():
        if after.get(name) == (mode, one):
            continue
        there, path = after.get(name), folder + decode(name)
        if S_ISDIR(mode):
            below = there[1] if there and S_ISDIR(there[0]) else EMPTY_TREE
            yield from _compare(objects, one, below, f"{path}/")
        elif there is None or S_ISDIR(there[0]):
            yield _Change(path, mode, None)
    for name, (mode, one) in after.items():
        if before.get(name) == (mode, one):
            continue
        there, path = before.get(name), folder + decode(name)
        if not S_ISDIR(mode):
            yield _Change(path, mode, one)
        elif there is None or not S_ISDIR(there[0]):
            yield from _compare(objects, EMPTY_TREE, one, f"{path}/")


def _items(objects: Objects, tree: ObjectID) -> Items:
    return {} if tree == EMPTY_TREE else objects.tree(tree)


def _entry(path: str, mode: int, object_id: ObjectID | None) -> Entry:
    kind = "tree" if S_ISDIR(mode) else "commit" if mode == _SUBMODULE else "blob"
    return {
        "path": path,
        "mode": f"{mode:06o}",
        "type": kind,
        "sha": object_id.decode() if object_id else None,
    }


def _as_text(data: bytes) -> str | None:
    """Return the content if it can stand in a tree's entry."""
    if not data or len(data) > _INLINE or b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _in_parts(entries: Iterable[tuple[Entry, int]]) -> Iterator[Sequence[Entry]]:
    """Yield entries in requests of a size that GitHub takes."""
    part: list[Entry] = []
    weight = 0
    for entry, size in entries:
        if part and (len(part) == _ENTRIES or weight + size > _TOGETHER):
            yield part
            part, weight = [], 0
        part.append(entry)
        weight += size
    if part:
        yield part
