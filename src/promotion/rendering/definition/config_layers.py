"""The layers of a component's config, merged (fab: core/config.go, and the library conjungo)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.yaml_documents import Values, kind
from promotion.errors import DefinitionError, Location
from promotion.rendering.definition.spelling_remarks import Remark


@dataclass(frozen=True, kw_only=True)
class ConfigLayer:
    """What config files say of a component and of those below it.

    `disabled` is decided by the most important layer that mentions the component at all.
    `values_given` tells an empty map from none: into a map a layer below writes no nulls, but where there
    is none it is taken as a whole, with its nulls. The default is what an empty file says, and a missing one.
    `location` is the file, or where it mentions the subcomponent; None if there is no file, or several were
    merged. `remarks` are on a whole file.
    """

    namespace: str = ""
    inject_namespace: bool = False
    disabled: bool = False
    values: Values = field(default_factory=Values)
    values_given: bool = True
    subcomponents: Mapping[str, ConfigLayer] = field(default_factory=dict)
    location: Location | None = field(default=None, compare=False)
    remarks: tuple[Remark, ...] = field(default=(), compare=False)

    def below(self, name: str) -> ConfigLayer:
        """Return the config that is handed down to a subcomponent: `UNMENTIONED` if no layer mentions it."""
        return self.subcomponents.get(name, UNMENTIONED)


UNMENTIONED = ConfigLayer(values_given=False)


def merge(target: ConfigLayer, source: ConfigLayer) -> ConfigLayer:
    """Return a config from two layers, of which `target` is the more important; neither is changed.

    Maps are merged, lists joined with the target's items first; anything else is the target's, but a null
    gives way. The namespace comes with `injectNamespace` from the first layer that has a namespace.

    Raises:
        DefinitionError: a map or list of the target meets another kind of value; it names the path of the
            key and both places.
    """
    return _merge(target, source, ())


def _merge(target: ConfigLayer, source: ConfigLayer, path: tuple[str, ...]) -> ConfigLayer:
    pair = target if target.namespace else source
    values = source.values if source.values_given else target.values
    if target.values_given and source.values_given:
        values = _merge_maps(target.values, source.values, (*path, "config"))
    subcomponents = dict(source.subcomponents)
    for name, below in target.subcomponents.items():
        # A name that the source lacks is merged too: that is how a lone injectNamespace is lost.
        subcomponents[name] = _merge(below, source.below(name), (*path, "subcomponents", name))
    return ConfigLayer(
        namespace=pair.namespace,
        inject_namespace=pair.inject_namespace,
        disabled=target.disabled,
        values=values,
        values_given=target.values_given or source.values_given,
        subcomponents=subcomponents,
    )


def _merge_maps(target: Values, source: Values, path: tuple[str, ...]) -> Values:
    merged = Values(target, target.locations)
    for key, below in source.items():
        above = target.get(key)
        if below is None:
            continue
        if above is None:
            merged[key] = below
            merged.locations[key] = source.locations.get(key, Location(""))
        else:
            where = (target.locations.get(key), source.locations.get(key))
            merged[key] = _merge_values(above, below, (*path, key), where)
    return merged


def _merge_values(
    target: Any, source: Any, path: tuple[str, ...], where: tuple[Location | None, Location | None]
) -> Any:
    if isinstance(target, Values):
        if isinstance(source, Values):
            return _merge_maps(target, source, path)
        raise _conflict(target, source, path, where)
    if isinstance(target, list):
        if isinstance(source, list):
            return [*target, *source]
        raise _conflict(target, source, path, where)
    return target


def _conflict(
    target: Any, source: Any, path: tuple[str, ...], where: tuple[Location | None, Location | None]
) -> DefinitionError:
    above, below = where
    one, other = f"{kind(target)} in {above}", f"{kind(source)} in {below}"
    return DefinitionError(
        f"config layers disagree: {'.'.join(path)} is {one}, but {other}",
        where=below,
        fix="Give the key the same kind of value in both, or remove it from one.",
    )
