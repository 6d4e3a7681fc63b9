"""The definition's files as the walk asks for them: found, parsed once, with where they came from."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar

from promotion.common.addresses import without_credentials
from promotion.errors import DefinitionError, Location, SourceError
from promotion.rendering.definition.component_file import parse_access, parse_component, parse_config
from promotion.rendering.definition.config_layers import ConfigLayer
from promotion.rendering.definition.spelling_remarks import Remark
from promotion.rendering.model import Definition, Folder, Snapshot
from promotion.rendering.sources.source_interface import Source

_READ = ("yaml", "json")  # the first one that is there
_ENDINGS = (*_READ, "yml")

_K = TypeVar("_K")
_T = TypeVar("_T")


class Reader:
    """Component, config and access files of the sources at hand; each file is parsed once.

    Args:
        snapshots: the sources at hand. The caller may add more between two walks, but never change one.
    """

    def __init__(self, snapshots: Mapping[Source, Snapshot]) -> None:
        self._snapshots = snapshots
        self._components: dict[Folder, Definition] = {}
        self._configs: dict[tuple[Folder, str], ConfigLayer] = {}
        self._accesses: dict[Folder, Mapping[str, str]] = {}
        self._names: dict[Folder, frozenset[str]] = {}

    def has(self, source: Source) -> bool:
        """Return whether the source is at hand."""
        return source in self._snapshots

    def has_folder(self, folder: Folder) -> bool:
        """Return whether a folder of a source at hand exists."""
        return self._snapshots[folder.source].list(folder.path) is not None

    def component(self, folder: Folder, *, asked: Location | None) -> Definition:
        """Return a folder's component file: `component.yaml`, else `component.json` (fab:
        core/component.go:97).

        Its remarks are on files beside it, too, that look like one and aren't read.

        Args:
            asked: the entry that leads here, for the error.

        Raises:
            DefinitionError: there is neither, or it is malformed.
        """

        def load() -> Definition:
            data, where, json = self._find(folder, "component")
            if data is not None:
                definition = parse_component(data, where, json=json)
                unread = [*self._unread(folder, "component"), *self._unread(folder, "access", ("yaml",))]
                return replace(definition, remarks=(*definition.remarks, *unread))
            misnamed = "component.yml" in self._files(folder, "")
            place = f"{where.file} of {where.repository}" if where.repository else where.file
            place = "the definition's folder" if place == "." else place
            inputs = "`source`, `path` and `branch`" if asked else "the definition's address, ref and path"
            raise DefinitionError(
                f"there is no component.yaml or component.json in {place}",
                where=asked,
                fix="Rename component.yml to component.yaml."
                if misnamed
                else f"Check {inputs}; other file names are not looked for.",
            )

        return _once(self._components, folder, load)

    def config(self, folder: Folder, layer: str) -> ConfigLayer:
        """Read `config/<layer>.yaml`, else `.json`; none is as good as an empty one (fab: core/config.go).

        Without a file it has no `location`. Its remarks are as of `component`.

        Raises:
            DefinitionError: it is malformed.
        """

        def load() -> ConfigLayer:
            data, where, json = self._find(folder, f"config/{layer}")
            config = ConfigLayer() if data is None else parse_config(data, where, json=json)
            return replace(config, remarks=(*config.remarks, *self._unread(folder, f"config/{layer}")))

        return _once(self._configs, (folder, layer), load)

    def layers(self, folder: Folder) -> list[str]:
        """Return the config layers that a folder has files of."""
        names = [name.rsplit(".", 1) for name in sorted(self._files(folder, "config")) if "." in name]
        return [stem for stem, ending in names if ending in _READ]

    def access(self, folder: Folder) -> Mapping[str, str]:
        """Read `access.yaml`: the variable with the token of each source; empty where there is no such file.

        Raises:
            DefinitionError: it is malformed.
        """

        def load() -> Mapping[str, str]:
            data = self._snapshots[folder.source].read(_join(folder.path, "access.yaml"))
            return {} if data is None else parse_access(data, location(folder, "access.yaml"))

        return _once(self._accesses, folder, load)

    def _find(self, folder: Folder, stem: str) -> tuple[bytes | None, Location, bool]:
        snapshot = self._snapshots[folder.source]
        for ending in _READ:
            data = snapshot.read(_join(folder.path, f"{stem}.{ending}"))
            if data is not None:
                where = replace(location(folder, f"{stem}.{ending}"), revision=snapshot.revision)
                return data, where, ending == "json"
        return None, location(folder), False

    def _unread(self, folder: Folder, stem: str, endings: Collection[str] = _READ) -> tuple[Remark, ...]:
        """Return remarks on files that one of this name, with another ending, keeps from being read."""
        below, name = posixpath.split(stem)
        found = [ending for ending in _ENDINGS if f"{name}.{ending}" in self._files(folder, below)]
        read = next((ending for ending in endings if ending in found), "")
        names = " or ".join(f"`{name}.{ending}`" for ending in endings)
        reason = f"`{name}.{read}` is" if read else f"the name must be {names}"
        return tuple(
            Remark(
                what=f"`{name}.{ending}` is not read: {reason}", where=location(folder, f"{stem}.{ending}")
            )
            for ending in found
            if ending != read
        )

    def _files(self, folder: Folder, below: str) -> frozenset[str]:
        """Return the names in a folder, or in one below it."""
        path = Folder(folder.source, _join(folder.path, below))

        def load() -> frozenset[str]:
            try:
                entries = self._snapshots[path.source].list(path.path) or ()
            except SourceError:  # a link that leads out of the source, say: no reason to fail by itself
                return frozenset()
            return frozenset(entry.name for entry in entries if not entry.is_folder)

        return _once(self._names, path, load)


def location(folder: Folder, file: str = "") -> Location:
    """Return a file of a folder, or the folder itself, as errors name it."""
    return Location(_join(folder.path, file) or ".", repository=without_credentials(folder.source.address))


def _once(known: dict[_K, _T], key: _K, load: Callable[[], _T]) -> _T:
    if key not in known:
        known[key] = load()
    return known[key]


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}".strip("/")
