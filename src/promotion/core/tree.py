"""The component tree, as far as the sources at hand go, and the sources that it needs.

The walk is pure: a driver fetches what is missing and walks again (semantics: core/component.go:336-428).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from promotion.core.config import Config, merge
from promotion.core.model import Component, Definition, Folder, Source
from promotion.core.paths import flaw
from promotion.core.places import Content, Places, error_about
from promotion.core.reader import Reader, location
from promotion.core.visited import Key, Need, Visited, Walk
from promotion.errors import DefinitionError, Location, PromotionError, UsageError

COMMON = "common"
_DEEPEST = 100  # levels; no honest definition comes near, and a hostile one must end
_MOST = 20_000  # components


def walk(root: Folder, reader: Reader, layers: Sequence[str], *, ran: Collection[Key] | None = None) -> Walk:
    """Visit every component that can be reached through the sources at hand.

    Args:
        root: the folder of the definition; its source must be at hand.
        layers: names of config layers, the most important first; `common` is added.
        ran: None if hooks are denied. Else the components whose hooks have run: the walk goes no further
            below others, for their hooks may still change what lies there.

    Raises:
        DefinitionError: a file is malformed, or says something that can't be; the first in tree order.
        UsageError: a layer's name leads out of the config folder.
    """
    for layer in layers:
        if problem := flaw(layer):
            raise UsageError(
                f"the config {layer!r} {problem}", fix="Give names of files in config/, as `prod`."
            )
    walker = _Walker(root, reader, tuple(dict.fromkeys((*layers, COMMON))), ran)
    walker.visit_root()
    return Walk(visited=tuple(walker.visited))


@dataclass(frozen=True)
class _Loaded:
    """A component folder on the way, with the config that was handed down to it."""

    folder: Folder
    config: Config
    name: str


@dataclass(frozen=True, kw_only=True)
class _Spot:
    """Where the walk stands, with what comes from above."""

    key: Key = ()
    parent: Key | None = None
    folder: Folder
    folders: tuple[str, ...] = ()
    config: Config = field(default_factory=Config)
    access: Mapping[str, tuple[str, Location]] = field(default_factory=dict)
    above: tuple[_Loaded, ...] = ()


class _Walker:
    def __init__(
        self, root: Folder, reader: Reader, layers: tuple[str, ...], ran: Collection[Key] | None
    ) -> None:
        self._root, self._reader, self._layers, self._ran = root, reader, layers, ran
        self._places = Places(reader=reader, working_copy=None if ran is None else root.source)
        self.visited: list[Visited] = []

    def visit_root(self) -> None:
        """The root; one with `method: git` gives way to what it names (fab: core/component.go:564-604)."""
        spot, definition = self._load(_Spot(folder=self._root), None)
        if definition.type != "component" or definition.method != "git":
            self._visit(spot, definition)
            return
        with _naming(spot, definition):
            self._check(definition)
            inner = self._places.find_component(definition, spot.folder)
        need = _need(spot, definition, inner.source, _label(spot, definition))
        self._add(spot, definition, None, [need], replaced=True)
        if self._may_descend(spot) and self._reader.has(inner.source):
            below = _Spot(key=("root",), folder=inner, config=spot.config)
            self._visit(*self._load(below, definition))

    def _load(self, spot: _Spot, entry: Definition | None) -> tuple[_Spot, Definition]:
        """The component file of a folder, and the spot with what else the folder says.

        Its config goes below what is handed down, its access.yaml below those on the way.
        """
        definition = self._reader.component(spot.folder, asked=entry.location if entry else None)
        config = spot.config
        for layer in self._layers:
            config = merge(config, self._reader.config(spot.folder, layer))
        where = location(spot.folder, "access.yaml")
        own_access = {
            source: (variable, where) for source, variable in self._reader.access(spot.folder).items()
        }
        above = (*spot.above, _Loaded(spot.folder, spot.config, entry.name if entry else definition.name))
        return replace(spot, config=config, access={**own_access, **spot.access}, above=above), definition

    def _visit(self, spot: _Spot, definition: Definition) -> None:
        """A component whose config is complete, then those below it."""
        with _naming(spot, definition):
            self._check(definition)
            content = self._places.find_content(definition, spot.folder)
            needs = []
            if content is not None:
                _check_name(definition)
                source = content.source if isinstance(content, Folder) else content
                needs = [_need(spot, definition, source, _label(spot, definition))]
        children = list(self._children(spot, definition))
        needs += [
            _need(spot, e, at.source, "/".join(below.folders))
            for below, e, at in children
            if at and e.method == "git"
        ]
        self._add(spot, definition, content, needs)
        if self._may_descend(spot):
            for below, entry, folder in children:
                self._descend(below, entry, folder)

    def _children(
        self, spot: _Spot, definition: Definition
    ) -> Iterator[tuple[_Spot, Definition, Folder | None]]:
        """The entries that aren't disabled; for one by reference its folder, fetched or not."""
        for index, entry in enumerate(definition.subcomponents):
            config = spot.config.below(entry.name)
            if config.disabled:
                continue
            below = replace(spot, key=(*spot.key, f"{index}:{entry.name}"), parent=spot.key, config=config)
            if entry.type != "component":  # inlined: in its parent's folder, with no files of its own
                yield below, entry, None
                continue
            below = replace(below, folders=(*spot.folders, *(name for name in entry.name.split("/") if name)))
            with _naming(below, entry):
                if below.folders and (problem := flaw("/".join(below.folders))):
                    raise error_about(entry, f"the name {entry.name!r} {problem}", "Rename the subcomponent.")
                self._places.check(entry)
                folder = self._places.find_component(entry, spot.folder)
            yield replace(below, folder=folder), entry, folder

    def _descend(self, spot: _Spot, entry: Definition, folder: Folder | None) -> None:
        if folder is None:
            self._visit(spot, entry)
        elif self._reader.has(folder.source):
            with _naming(spot, entry):
                _check_circle(spot, entry)
                spot, definition = self._load(spot, entry)
            self._visit(spot, definition)

    def _may_descend(self, spot: _Spot) -> bool:
        return self._ran is None or spot.key in self._ran

    def _check(self, definition: Definition) -> None:
        self._places.check(definition)
        if definition.hooks and self._ran is None:
            raise hooks_denied(definition)

    def _add(
        self,
        spot: _Spot,
        definition: Definition,
        content: Content | None,
        needs: list[Need],
        *,
        replaced: bool = False,
    ) -> None:
        if len(self.visited) >= _MOST or len(spot.key) >= _DEEPEST:
            limit = (
                f"more than {_MOST} components"
                if len(spot.key) < _DEEPEST
                else f"more than {_DEEPEST} levels"
            )
            raise error_about(
                definition, f"the definition has {limit}", "Look for subcomponents that repeat themselves."
            )
        component = Component(
            name=definition.name,
            folders=spot.folders,
            definition=definition,
            folder=spot.folder,
            values=spot.config.values,
            namespace=spot.config.namespace,
            inject_namespace=spot.config.inject_namespace,
        )
        visited = Visited(
            key=spot.key,
            parent=spot.parent,
            component=component,
            content=content,
            needs=tuple(needs),
            replaced=replaced,
        )
        self.visited.append(visited)


def hooks_denied(definition: Definition) -> DefinitionError:
    """The error for a component that has hooks where they may not run."""
    return error_about(
        definition,
        "the component has hooks, shell commands of its repository, which are denied",
        "Remove them, or set `hooks: allow` if you trust every repository of the definition.",
    )


def _need(spot: _Spot, definition: Definition, source: Source, label: str) -> Need:
    variable, access = spot.access.get(definition.source, ("", None))
    return Need(source=source, label=label, where=definition.location, variable=variable, access=access)


def _check_name(definition: Definition) -> None:
    """A component with a manifest needs a name that can be a file's."""
    name = definition.name
    if name in (".", ".."):
        problem = "means a folder"
    else:
        problem = "holds a slash" if "/" in name else flaw(f"{name}.yaml") if name else "is empty"
    if problem:
        what = f"the name {name!r} {problem}, so it can't name the manifest's file"
        raise error_about(definition, what, "Rename the component.")


def _check_circle(spot: _Spot, entry: Definition) -> None:
    """A folder below itself, with nothing in its config that could end it, would go round for ever."""
    rounds = [index for index, loaded in enumerate(spot.above) if loaded.folder == spot.folder]
    if any(spot.above[index].config == spot.config for index in rounds):
        names = [*(loaded.name for loaded in spot.above[rounds[0] :]), entry.name]
        raise error_about(
            entry,
            f"the component leads back to itself in a circle: {' → '.join(names)}",
            "Check `source` and `path`; without either, an entry means its parent's own directory.",
        )


def _label(spot: _Spot, definition: Definition) -> str:
    folders, name = spot.folders, definition.name
    if folders and folders[-1] == name:
        return "/".join(folders)
    return "/".join((*folders, name)) or "the root component"


@contextmanager
def _naming(spot: _Spot, definition: Definition) -> Iterator[None]:
    """Errors inside are about this component."""
    try:
        yield
    except PromotionError as error:
        error.component = error.component or _label(spot, definition)
        raise
