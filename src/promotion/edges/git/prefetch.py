"""Getting what will be read, where a repository has only a part of its objects, in few requests."""

from __future__ import annotations

from collections.abc import Iterator
from stat import S_ISDIR, S_ISLNK

from dulwich.objects import ObjectID

from promotion.edges.git.object_store import FILES, SUBMODULE, Item, Objects

MOST_FILES = 100_000  # nobody reads more of a folder


def prefetch(objects: Objects, tree: ObjectID) -> None:
    """Get a folder, with all that is in it."""
    _get_files(objects, [item for item in _walk(objects, tree, left_out="") if not S_ISDIR(item[0])])


def prefetch_direct(objects: Objects, tree: ObjectID) -> None:
    """Get the files that lie in a folder itself."""
    _get_files(objects, list(objects.tree(tree).values()))


def prefetch_links(objects: Objects, tree: ObjectID) -> None:
    """Get the folders in a folder, and the links there."""
    _get_files(objects, [item for item in _walk(objects, tree, left_out=FILES) if S_ISLNK(item[0])])


def _walk(objects: Objects, tree: ObjectID, *, left_out: str) -> Iterator[Item]:
    """Yield all entries below a folder. Visit each folder once, and fetch those of a level together."""
    level, seen = [tree], {tree}
    while level:
        objects.require(level, left_out=left_out)
        items = [item for one in level for item in objects.tree(one).values()]
        yield from items
        level = [item[1] for item in items if S_ISDIR(item[0]) and item[1] not in seen]
        level = list(dict.fromkeys(level))
        seen.update(level)


def _get_files(objects: Objects, items: list[Item]) -> None:
    ids = [item[1] for item in items if not S_ISDIR(item[0]) and item[0] != SUBMODULE]
    if len(ids) <= MOST_FILES:  # else whoever reads them says that they are too many
        objects.require(ids)
