"""Find the files of a folder that Flux applies.

Where a folder has a kustomization file, that alone says what is taken; elsewhere every YAML file is, and each
folder below is looked at in the same way (fluxcd/pkg: kustomize/kustomize_generator.go).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from typing import Any

from promotion.common.reserved_names import KUSTOMIZATIONS
from promotion.common.yaml.plain_yaml import PlainYamlError, load_plain

# What Flux leaves out of a repository before anything else (fluxcd/pkg: sourceignore/sourceignore.go).
_IGNORED = (
    *(".git/*", ".github/*", ".circleci/*", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml"),
    *("cloudbuild.yaml", "codeship-services.yml", "codeship-steps.yml"),
    *(".goreleaser.yml", ".sops.yaml", ".flux.yaml"),
)
_LISTS = ("resources", "bases", "components")


class Coverage:
    """The files of a repository that a Flux Kustomization applies.

    Args:
        files: all paths.
        folder: its `path`, `""` for the root.
        read: a file's content.

    Attributes:
        taken: the paths that are applied.
        faults: what Flux would stop at, each with the file that is the reason.
        instructions: the kustomization files that decide.
    """

    def __init__(self, files: Iterable[str], folder: str, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._files = {path for path in files if not is_ignored(path)}
        self.taken: set[str] = set()
        self.faults: list[tuple[str, str]] = []
        self.instructions: list[str] = []
        self._visited: set[str] = set()
        self._walk(folder)

    def _walk(self, folder: str) -> None:
        """Visit a folder as Flux does: by its kustomization file, or all of it."""
        if self._find_instructions(folder):
            self._follow(folder)
            return
        folders: set[str] = set()
        for path in self._below(folder):
            inside = path[len(folder) + 1 :] if folder else path
            name, slash, _ = inside.partition("/")
            if slash:
                folders.add(posixpath.join(folder, name))
            elif name.endswith((".yaml", ".yml")):
                self.taken.add(path)
        for inner in sorted(folders):
            self._walk(inner)

    def _follow(self, folder: str) -> None:
        """Visit what a folder's kustomization file names."""
        path = self._find_instructions(folder)
        if not path:
            self.faults.append((folder or ".", "is named as a resource, and has no kustomization file"))
            return
        if path in self._visited:
            return
        self._visited.add(path)
        self.instructions.append(path)
        for entry in self._entries(path):
            if "://" in entry or entry.startswith("git@"):
                continue  # elsewhere
            target = posixpath.normpath(posixpath.join(folder, entry))
            target = "" if target == "." else target
            if target in self._files:
                self.taken.add(target)
            elif any(True for _ in self._below(target)):
                self._follow(target)
            else:
                self.faults.append((path, f"names {entry}, which isn't there"))

    def _entries(self, path: str) -> Iterator[str]:
        try:
            content: Any = load_plain(self._read(path))
        except PlainYamlError as error:
            self.faults.append((path, f"can't be read: {error}"))
            return
        for key in _LISTS if isinstance(content, dict) else ():
            entries = content.get(key)
            yield from (entry for entry in entries or () if isinstance(entry, str))

    def _find_instructions(self, folder: str) -> str:
        paths = (posixpath.join(folder, name) for name in KUSTOMIZATIONS)
        return next((path for path in paths if path in self._files), "")

    def _below(self, folder: str) -> Iterator[str]:
        return (path for path in sorted(self._files) if not folder or path.startswith(f"{folder}/"))


def is_ignored(path: str) -> bool:
    """Return whether Flux never sees a file, whatever a `.sourceignore` says."""
    return any(fnmatch(path, pattern) or fnmatch(path, f"*/{pattern}") for pattern in _IGNORED)
