"""The remarks of a walk: those on files, and those that only the tree as a whole can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from promotion.common.reserved_names import find_caution
from promotion.common.text import count
from promotion.rendering.definition.config_layers import ConfigLayer
from promotion.rendering.definition.spelling_remarks import Remark, find_close, find_close_name, show
from promotion.rendering.model import Component, Definition

_MOST = 100  # remarks; nobody reads more
_MOST_NAMES = 100  # that are looked at in one map; a hostile one could have a million


class SpellingCheck:
    """Collects remarks in tree order, each once, however often a file is used.

    Args:
        layers: the config layers that must have a file somewhere.
    """

    def __init__(self, layers: Sequence[str]) -> None:
        self._missing = dict.fromkeys(layers)
        self._available: dict[str, None] = {}
        self._found: dict[Remark, Remark] = {}

    def add(self, remarks: Iterable[Remark], component: str) -> None:
        """Return remarks on what is said of a component."""
        for remark in remarks:
            self._found.setdefault(remark, replace(remark, component=component))

    def check_path(self, component: Component) -> None:
        """Look for another tool that takes the name of a component's manifest for its own."""
        if caution := find_caution(component.manifest_path):
            what = f"its manifest {component.manifest_path} {caution}"
            self.add([Remark(what=what, where=component.definition.location)], component.label)

    def see_layers(self, found: Iterable[str]) -> None:
        """Note the config layers that a component has files of."""
        for layer in found:
            self._missing.pop(layer, None)
            self._available[layer] = None

    def check_names(
        self, mentions: Iterable[ConfigLayer], entries: Sequence[Definition], component: str
    ) -> None:
        """Look for config that is meant for a subcomponent and has another name.

        Args:
            mentions: what the files say of the component and of those below it, not merged.
            entries: its subcomponents. One that a file mentions by its name isn't what another name in the
                same place stands for.
        """
        names = dict.fromkeys(entry.name for entry in entries)
        for config in mentions:
            unknown = {name: below for name, below in config.subcomponents.items() if name not in names}
            free = [name for name in names if name not in config.subcomponents]
            for name, below in islice(unknown.items(), _MOST_NAMES if free else 0):
                if meant := find_close_name(name, free):
                    what = f"the config of {show(name)} is ignored, for there is no such subcomponent"
                    what = f"{what}: did you mean {show(meant)}?"
                    self.add([Remark(what=what, where=below.location)], component)

    def remarks(self, *, complete: bool = True) -> tuple[Remark, ...]:
        """Return all of them, but no more than anybody would read.

        Args:
            complete: whether the whole tree was seen; else a layer may have a file elsewhere.
        """
        missing = self._missing if complete else ()
        found = [*self._found.values(), *map(self._remark_on_layer, missing)]
        left = len(found) - _MOST
        if left <= 0:
            return tuple(found)
        what = f"{'there is' if left == 1 else 'there are'} {count(left, 'more remark')}"
        return (*found[:_MOST], Remark(what=what))

    def _remark_on_layer(self, layer: str) -> Remark:
        meant = find_close(layer, self._available)
        hint = f": did you mean {show(meant)}?" if meant else ", so this config changes nothing"
        what = f"no component has a file config/{layer}.yaml or config/{layer}.json{hint}"
        return Remark(what=what, absent="" if meant else layer)
