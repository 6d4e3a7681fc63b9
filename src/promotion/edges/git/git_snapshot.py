"""The files of one commit, read without a working tree."""

from __future__ import annotations

import posixpath
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from stat import S_ISDIR, S_ISLNK

from dulwich.objects import ObjectID

from promotion.edges.git.object_store import (
    MOST_DEPTH,
    SUBMODULE,
    Item,
    Items,
    Objects,
    decode,
    encode,
    is_file,
)
from promotion.edges.git.prefetch import prefetch, prefetch_direct, prefetch_links
from promotion.edges.git.working_copy import Exporter
from promotion.errors import SourceError
from promotion.rendering.model import Entry

_MOST_LINKS = 40  # as Linux, when it follows links
_MOST_READ = 256 * 2**20  # bytes of files, which stay in memory until the run's end


class GitSnapshot:
    """One commit's files: `promotion.rendering.model.Snapshot` on git objects.

    Links are followed within the tree. A submodule is an empty folder, as in a clone without submodules.

    Args:
        objects: the repository.
        commit: the commit's id.
        export_root: an empty or missing folder of its own for `export`.
    """

    def __init__(self, objects: Objects, commit: ObjectID, export_root: Path) -> None:
        self._objects = objects
        self._commit = commit
        self._root: Item = (0o040000, objects.root(commit))
        self._export_root = export_root
        self._exporting = threading.Lock()
        self._exported: set[str] = set()
        self._read = 0

    @property
    def revision(self) -> str:
        """The commit id."""
        return self._commit.decode()

    @property
    def repository(self) -> Path:
        """The bare repository that holds the commit."""
        return self._objects.folder

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None where there is no such file.

        Raises:
            SourceError: a link on the way leaves the repository or goes round, or the path is in a submodule;
                the file is too large, or all that were read are.
        """
        if self._objects.is_partial:
            self._prefetch_around(path)
        item = self.find(path)
        if item is None or not is_file(item):
            return None
        data = self._objects.blob(item[1], path)
        self._read += len(data)
        if self._read > _MOST_READ:
            raise SourceError(
                f"{self._objects.name}: more than {_MOST_READ // 2**20} MiB of its files are used",
                fix="Look for components that use the same large files again and again.",
            )
        return data

    def list(self, path: str) -> Sequence[Entry] | None:
        """Return a folder's entries in byte order of their names, or None where there is no such folder.

        Raises:
            SourceError: as for `read`.
        """
        items = self.folder(path)
        if items is None:
            return None
        return [Entry(decode(name), self._is_folder(path, name, items[name])) for name in sorted(items)]

    def folder(self, path: str) -> Items | None:
        """Return a folder's raw entries, or None where there is no such folder."""
        item = self.find(path)
        if item is None or is_file(item):
            return None
        if item[0] == SUBMODULE:
            raise self._refuse_submodule(path, path)
        if self._objects.is_partial and item != self._root and not self._objects.has(item[1]):
            prefetch(self._objects, item[1])
        return self._objects.tree(item[1])

    def prefetch(self, path: str) -> None:
        """Get a folder with all that is in it at once, where only a part of the repository is here.

        It is a hint: whatever is read later and isn't here is fetched then.
        """
        item = self.find(path) if self._objects.is_partial else None
        if item is not None and S_ISDIR(item[0]):
            prefetch(self._objects, item[1])

    def digest(self, path: str) -> str:
        """Return a digest of a file's or folder's content (names, modes and bytes).

        A folder with links that leave it is given the whole commit's digest beside its own.

        Raises:
            SourceError: there is no such file or folder, or as for `read`.
        """
        item = self.find(path)
        if item is None:
            raise SourceError(f"{self._objects.name}: there is no {path!r} at {self.revision}")
        if self._objects.is_partial and S_ISDIR(item[0]):
            prefetch_links(self._objects, item[1])
        own = f"{item[0]:o} {item[1].decode()}"
        if S_ISDIR(item[0]) and self._leaks(item[1], 0, set()):
            own += f" in {self._root[1].decode()}"
        return own

    def export(self, path: str) -> Path:
        """Return the folder as real files in our scratch space; links become what they lead to.

        Raises:
            SourceError: there is no such folder, it holds names or links that we don't write, or is too big.
        """
        clean = "/".join(name for name in path.split("/") if name not in ("", "."))
        with self._exporting:
            lies_in = {
                "",
                *(clean[:end] for end in range(len(clean) + 1) if clean[end : end + 1] in ("", "/")),
            }
            if not lies_in & self._exported:
                self.prefetch(clean)
                Exporter(self.find, self._objects, self._export_root, self._exported).run(clean)
                self._exported.add(clean)
        return self._export_root / clean

    def find(self, path: str) -> Item | None:
        """Return mode and id of what a path leads to, through links; None where there is nothing.

        Raises:
            SourceError: as for `read`.
        """
        todo = deque((name, path) for name in path.split("/"))  # each with the link that it comes from
        trail: list[tuple[str, Item]] = [("", self._root)]
        links = 0
        while todo:
            name, origin = todo.popleft()
            here, item = trail[-1]
            if name in ("", "."):
                continue
            if name == "..":
                if len(trail) == 1:
                    raise SourceError(f"{self._objects.name}: {origin!r} leads out of the repository")
                trail.pop()
                continue
            if item[0] == SUBMODULE:
                raise self._refuse_submodule(path, here)
            found = self._objects.tree(item[1]).get(encode(name)) if S_ISDIR(item[0]) else None
            if found is None:
                return None
            full = f"{here}/{name}" if here else name
            if S_ISLNK(found[0]):
                links += 1
                target = self._target(full, found[1], len(trail) - 1, links)
                todo.extendleft((name, full) for name in reversed(target.split("/")))
            else:
                trail.append((full, found))
        return trail[-1][1]

    def _refuse_submodule(self, path: str, submodule: str) -> SourceError:
        what = f"{path!r} is {'a submodule' if path == submodule else f'in the submodule {submodule!r}'}"
        return SourceError(
            f"{self._objects.name}: {what}, which is not fetched",
            fix="Name the submodule's own repository as the source.",
        )

    def _target(self, link: str, object_id: ObjectID, depth: int, links: int) -> str:
        """Return what a link holds; refused if it leads out of the repository at once or goes round."""
        target = decode(self._objects.blob(object_id, link))
        if links > _MOST_LINKS:
            raise SourceError(f"{self._objects.name}: the link {link!r} goes round in a circle")
        if target.startswith("/") or _climbs(target) > depth:
            raise SourceError(
                f"{self._objects.name}: the link {link!r} leads out of the repository, to {target!r}",
                fix="Only links within the repository are followed.",
            )
        return target

    def _prefetch_around(self, path: str) -> None:
        """Get the folder that a file is in, for others in it will be read as well; of the root, its files."""
        folder = self.find(posixpath.dirname(path))
        if folder is None or not S_ISDIR(folder[0]):
            return
        get = prefetch_direct if folder == self._root else prefetch
        if folder != self._root and not self._objects.has(folder[1]):
            get(self._objects, folder[1])
        item = self.find(path)
        if item is not None and is_file(item) and not self._objects.has(item[1]):
            get(self._objects, folder[1])

    def _is_folder(self, path: str, name: bytes, item: Item) -> bool:
        if not S_ISLNK(item[0]):
            return not is_file(item)
        try:
            found = self.find(f"{path}/{decode(name)}")
        except SourceError:
            return False  # whoever reads the link gets the error; a neighbour of it is not at fault
        return found is not None and not is_file(found)

    def _leaks(self, tree: ObjectID, depth: int, seen: set[tuple[ObjectID, int]]) -> bool:
        """Return whether a link in this tree, `depth` folders down, may lead out of the folder we started at.

        A few trees that hold each other many times make billions of folders: each is looked at once a depth.
        """
        if (tree, depth) in seen:
            return False
        seen.add((tree, depth))
        if depth > MOST_DEPTH:
            raise SourceError(f"{self._objects.name}: folders lie more than {MOST_DEPTH} levels deep")
        for mode, object_id in self._objects.tree(tree).values():
            if S_ISDIR(mode) and self._leaks(object_id, depth + 1, seen):
                return True
            if S_ISLNK(mode):
                names = decode(self._objects.blob(object_id)).split("/")
                leading = next((n for n, name in enumerate(names) if name != ".."), len(names))
                # after another name, which may be a link itself, `..` can lead anywhere
                if leading > depth or ".." in names[leading:]:
                    return True
        return False


def _climbs(target: str) -> int:
    """Return how many folders above its own a link reaches."""
    level = lowest = 0
    for name in target.split("/"):
        level += -1 if name == ".." else name not in ("", ".")
        lowest = min(lowest, level)
    return -lowest
