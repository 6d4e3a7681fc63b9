"""Writing a folder of a commit as real files, trusting nothing that the commit holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Set
from pathlib import Path
from stat import S_ISDIR, S_ISLNK

from dulwich.objects import ObjectID

from promotion.common.paths import flaw
from promotion.edges.git.object_store import MOST_DEPTH, SUBMODULE, Item, Objects, decode
from promotion.errors import SourceError

MOST_FILES = 100_000
MOST_BYTES = 1 << 30
MOST_LINKS = 2_000  # followed in one export; a few links to folders of links make millions


class Exporter:
    """One export. Links become what they lead to, so nothing written can lead anywhere.

    Args:
        find: what a path of the commit leads to, through links.
        root: where the commit's root folder is to lie.
        exported: folders that lie there already, whole; they are left alone.
    """

    def __init__(
        self, find: Callable[[str], Item | None], objects: Objects, root: Path, exported: Set[str]
    ) -> None:
        self._find = find
        self._objects = objects
        self._name = objects.name
        self._root = root
        self._exported = exported
        self._folders: list[str] = []
        self._files: list[tuple[str, Item]] = []
        self._links = 0

    def run(self, path: str) -> None:
        """Write the folder at `path`; nothing is written if a check fails.

        Raises:
            SourceError: there is no such folder, or it holds what we don't write.
        """
        item = self._find(path)
        if item is None or not _is_folder(item):
            raise SourceError(f"{self._name}: there is no folder {path!r}")
        self._check(path)
        self._collect(path, item, ())
        self._objects.require(item[1] for _, item in self._files)  # what links lead to, all at once
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        for folder in self._folders:
            self._make(folder)
        room = MOST_BYTES
        for file, (mode, object_id) in self._files:
            data = self._objects.blob(object_id, file)
            room -= len(data)
            if room < 0:
                raise self._too_big()
            self._write(file, data, 0o755 if mode & 0o100 else 0o644)

    def _collect(self, path: str, item: Item, above: tuple[ObjectID, ...]) -> None:
        """Check a folder and all below it, and note what is to be written."""
        if len(above) > MOST_DEPTH:
            raise self._too_big()
        self._folders.append(path)
        if item[0] == SUBMODULE:
            return
        for name, entry in self._objects.tree(item[1]).items():
            child = f"{path}/{decode(name)}" if path else decode(name)
            if child in self._exported:
                continue
            self._check(child)
            found = self._follow(child, entry, (*above, item[1]))
            if _is_folder(found):
                self._collect(child, found, (*above, item[1]))
            else:
                self._files.append((child, found))
            if len(self._files) + len(self._folders) > MOST_FILES:
                raise self._too_big()

    def _follow(self, path: str, item: Item, above: tuple[ObjectID, ...]) -> Item:
        """Return what an entry is, or leads to."""
        if not S_ISLNK(item[0]):
            return item
        self._links += 1
        if self._links > MOST_LINKS:
            raise self._too_big()
        found = self._find(path)
        if found is None:
            raise SourceError(f"{self._name}: the link {path!r} leads nowhere")
        if found[1] in above:
            raise SourceError(f"{self._name}: the link {path!r} leads back to a folder that holds it")
        return found

    def _check(self, path: str) -> None:
        problem = flaw(path) if path else ""
        if problem:
            raise SourceError(f"{self._name}: the path {path!r} {problem}")

    def _make(self, path: str) -> None:
        # an earlier export from below this folder has made it
        known = not path or any(done.startswith(f"{path}/") for done in self._exported)
        try:
            (self._root / path).mkdir(exist_ok=known)
        except FileExistsError:
            raise self._collision(path) from None

    def _write(self, path: str, data: bytes, mode: int) -> None:
        try:
            descriptor = os.open(self._root / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise self._collision(path) from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)

    def _too_big(self) -> SourceError:
        return SourceError(
            f"{self._name}: the folder is too big: more than {MOST_FILES} files, {MOST_LINKS} links, "
            f"{MOST_DEPTH} levels or {MOST_BYTES >> 30} GiB",
            fix="Name a smaller folder, or look for links that repeat folders.",
        )

    def _collision(self, path: str) -> SourceError:
        return SourceError(
            f"{self._name}: {path!r} has a twin that this file system takes for the same name",
            fix="The names differ in case or Unicode form only: rename one.",
        )


def _is_folder(item: Item) -> bool:
    return S_ISDIR(item[0]) or item[0] == SUBMODULE
