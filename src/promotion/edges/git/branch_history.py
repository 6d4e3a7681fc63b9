"""What a manifest branch was before: its commits, with their folders, without their files."""

from __future__ import annotations

from collections.abc import Iterator
from stat import S_ISDIR

from dulwich.objects import Commit, ObjectID

from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.edges.git.object_store import EMPTY_TREE, MOST_DEPTH, Item, Objects, decode, is_file
from promotion.errors import SourceError


def read_history(objects: Objects, tip: ObjectID | None) -> CommitHistory:
    """Return the past of a branch. `Git.open_commit` gives the files of one of its commits.

    Args:
        objects: the repository that holds the commits and their folders; of a long history the latest.
        tip: where the branch is; None if there is no such branch.
    """
    if tip is None:
        return CommitHistory()
    commits = {one.id: one for one in _walk(objects, tip)}

    def changes(commit: str) -> frozenset[str]:
        parents = commits[commit].parents
        if parents and parents[0] not in commits:
            return frozenset()
        before = objects.root(ObjectID(parents[0].encode())) if parents else EMPTY_TREE
        return frozenset(_compare(objects, before, objects.root(ObjectID(commit.encode()))))

    return CommitHistory(tip=tip.decode(), commits=commits, changes=changes)


def _walk(objects: Objects, tip: ObjectID) -> list[PastCommit]:
    waiting, seen, found = [tip], {tip}, []
    while waiting:
        found.append(read_commit(objects, waiting.pop()))
        for parent in (ObjectID(one.encode()) for one in found[-1].parents):
            if parent not in seen and objects.has(parent):
                seen.add(parent)
                waiting.append(parent)
    return found


def _compare(
    objects: Objects, before: ObjectID, after: ObjectID, folder: str = "", depth: int = 0
) -> Iterator[str]:
    """Yield the files that differ between two trees; folders that are the same aren't looked at."""
    if depth > MOST_DEPTH:
        raise SourceError(f"{objects.name}: folders lie more than {MOST_DEPTH} levels deep")
    old, new = objects.tree(before), objects.tree(after)
    for name in old.keys() | new.keys():
        one, other = old.get(name), new.get(name)
        if one == other:
            continue
        path = f"{folder}/{decode(name)}" if folder else decode(name)
        if _is_file(one) or _is_file(other):
            yield path
        yield from _compare(objects, _folder(one), _folder(other), path, depth + 1)


def _is_file(item: Item | None) -> bool:
    return item is not None and is_file(item)


def _folder(item: Item | None) -> ObjectID:
    return item[1] if item is not None and S_ISDIR(item[0]) else EMPTY_TREE


def read_commit(objects: Objects, commit: ObjectID) -> PastCommit:
    """Return a commit that is here.

    Raises:
        SourceError: it isn't, or is damaged.
    """
    try:
        read = Commit.from_string(objects.read(commit, Commit)[1])
        return PastCommit(
            id=commit.decode(),
            time=read.commit_time,
            author=read.author.decode("utf-8", "replace"),
            committer=read.committer.decode("utf-8", "replace"),
            message=read.message.decode("utf-8", "replace"),
            parents=tuple(parent.decode() for parent in read.parents),
        )
    except SourceError:
        raise
    except Exception as error:  # dulwich has many kinds for malformed commits
        raise SourceError(f"{objects.name}: commit {commit.decode()} can't be read: {error!r}") from error
