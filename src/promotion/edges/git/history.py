"""What a manifest branch was before: its commits, with their folders, without their files."""

from __future__ import annotations

from dulwich.objects import Commit, ObjectID

from promotion.core.history import History, PastCommit
from promotion.edges.git.branch import find_item
from promotion.edges.git.objects import Objects, is_file
from promotion.errors import SourceError


class BranchHistory:
    """The past of a branch. `Git.open_commit` gives the files of one of its commits.

    Args:
        objects: the repository that holds the commits and their folders.
        tip: where the branch is; None if there is no such branch.
    """

    def __init__(self, objects: Objects, tip: ObjectID | None) -> None:
        self._objects = objects
        commits = {} if tip is None else {one.id: one for one in _walk(objects, tip)}
        self.history = History(tip=tip.decode() if tip else "", commits=commits)

    def file_id(self, commit: str, path: str) -> str:
        """Git's id of a file's content in a commit of the history; empty where there is no such file."""
        item = find_item(self._objects, self._objects.root(ObjectID(commit.encode())), path)
        return item[1].decode() if item is not None and is_file(item) else ""


def _walk(objects: Objects, tip: ObjectID) -> list[PastCommit]:
    waiting, seen, found = [tip], {tip}, []
    while waiting:
        found.append(_read(objects, waiting.pop()))
        for parent in (ObjectID(one.encode()) for one in found[-1].parents):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return found


def _read(objects: Objects, commit: ObjectID) -> PastCommit:
    try:
        read = Commit.from_string(objects.read(commit, Commit)[1])
        return PastCommit(
            id=commit.decode(),
            time=read.commit_time,
            author=read.author.decode("utf-8", "replace"),
            message=read.message.decode("utf-8", "replace"),
            parents=tuple(parent.decode() for parent in read.parents),
        )
    except SourceError:
        raise
    except Exception as error:  # dulwich has many kinds for malformed commits
        raise SourceError(f"{objects.name}: commit {commit.decode()} can't be read: {error!r}") from error
