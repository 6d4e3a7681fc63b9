"""Changes of definitions that the laws make: each gives a new tree and leaves the old one as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from support.trees import Data, Part, Tree


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A part in a component folder: the component file's own where `path` is empty, else an entry in it.

    `names` are those of the entries that lead there.
    """

    key: str
    path: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    part: Part


def find_spots(tree: Tree) -> list[Spot]:
    """All parts."""
    return [
        spot
        for key, home in tree.homes.items()
        for spot in (Spot(key=key, part=home.part), *_below(Spot(key=key, part=home.part)))
    ]


def shuffle(tree: Tree, random: Random) -> Tree:
    """Siblings in another order, at every level."""
    homes = {key: replace(home, part=_shuffle(home.part, random)) for key, home in tree.homes.items()}
    return replace(tree, homes=homes)


def put(tree: Tree, spot: Spot, part: Part) -> Tree:
    """Another part in the place of one."""
    home = tree.homes[spot.key]
    return tree.with_home(spot.key, replace(home, part=_put(home.part, spot.path, part)))


def insert(tree: Tree, spot: Spot, index: int, part: Part) -> Tree:
    """One more entry below a part, before the entry with that index."""
    parts = spot.part.parts
    return put(tree, spot, replace(spot.part, parts=(*parts[:index], part, *parts[index:])))


def remove(tree: Tree, spot: Spot) -> Tree:
    """An entry, with those below it, is gone."""
    home = tree.homes[spot.key]
    return tree.with_home(spot.key, replace(home, part=_put(home.part, spot.path, None)))


def set_layer(tree: Tree, key: str, layer: str, config: Data) -> Tree:
    """Another config file."""
    home = tree.homes[key]
    return tree.with_home(key, replace(home, layers={**home.layers, layer: config}))


def find_config(config: Mapping[str, Any], names: Sequence[str]) -> Data | None:
    """What a config file says of the component that names lead to; None if it doesn't mention it."""
    found: Any = config
    for name in names:
        found = (found.get("subcomponents") or {}).get(name)
        if found is None:
            return None
    return dict(found)


def put_config(config: Mapping[str, Any], names: Sequence[str], data: Data) -> Data:
    """A config file that says something else of that component."""
    if not names:
        return data
    subcomponents = dict(config.get("subcomponents") or {})
    subcomponents[names[0]] = put_config(subcomponents.get(names[0]) or {}, names[1:], data)
    return {**config, "subcomponents": subcomponents}


def set_value(tree: Tree, key: str, layer: str, names: Sequence[str], name: str, value: Any) -> Tree:
    """A value in what a config file says of the component that names lead to; None removes it."""
    file = tree.homes[key].layers.get(layer, {})
    config = find_config(file, names) or {}
    values = {other: old for other, old in (config.get("config") or {}).items() if other != name}
    if value is not None:
        values[name] = value
    return set_layer(tree, key, layer, put_config(file, names, {**config, "config": values}))


def double_lists(config: Mapping[str, Any]) -> Data:
    """A config file with every list that merging joins written twice over."""
    doubled = dict(config)
    if config.get("config"):
        doubled["config"] = _double(config["config"])
    if config.get("subcomponents"):
        doubled["subcomponents"] = {
            name: double_lists(below) for name, below in config["subcomponents"].items()
        }
    return doubled


def has_nulls(config: Mapping[str, Any]) -> bool:
    """Whether a config file's own `config` has a null at its top."""
    return None in (config.get("config") or {}).values()


def disables(tree: Tree) -> bool:
    """Whether any config disables anything."""
    return any(_disables(config) for home in tree.homes.values() for config in home.layers.values())


def names_in(part: Part) -> set[str]:
    """The names in a component file."""
    return {part.name}.union(*(names_in(below) for below in part.parts))


def _below(spot: Spot) -> Iterator[Spot]:
    for index, part in enumerate(spot.part.parts):
        below = Spot(key=spot.key, path=(*spot.path, index), names=(*spot.names, part.name), part=part)
        yield below
        yield from _below(below)


def _shuffle(part: Part, random: Random) -> Part:
    parts = [_shuffle(below, random) for below in part.parts]
    random.shuffle(parts)
    return replace(part, parts=tuple(parts))


def _put(within: Part, path: Sequence[int], part: Part | None) -> Part:
    if not path:
        return part or within
    parts = list(within.parts)
    if part is None and len(path) == 1:
        del parts[path[0]]
    else:
        parts[path[0]] = _put(parts[path[0]], path[1:], part)
    return replace(within, parts=tuple(parts))


def _double(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _double(below) for key, below in value.items()}
    return [*value, *value] if isinstance(value, list) else value


def _disables(config: Mapping[str, Any]) -> bool:
    below = (config.get("subcomponents") or {}).values()
    return bool(config.get("disabled")) or any(_disables(each) for each in below)
