"""Resources that are defined more than once in a cluster: what is applied last would win, each time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import field

from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.validation.field_checks import SUBSTITUTED
from promotion.rendering.validation.manifest_items import Item


@dataclass(frozen=True, kw_only=True)
class KeptComponent:
    """A component as it stands in the last commit, and was judged then.

    `read` gives the manifest, or None if there is none. One that `is_pinned` stays whatever is said of it.
    `part` is the part of the definition that it belongs to, empty if that isn't known.
    """

    label: str
    path: str
    resources: tuple[Resource, ...]
    read: Callable[[], bytes | None] = field(repr=False)
    is_pinned: bool = False
    part: str = ""


_Key = tuple[str, str, str, str]


def find_duplicates(
    items: Iterable[Item],
    kept: Sequence[KeptComponent],
    is_cluster_wide: Callable[[str, str], bool],
    judged_again: Collection[tuple[str, str]] = (),
) -> Iterator[tuple[Item, str, str]]:
    """Yield each resource that one before it, or one of a kept component, defines as well; where that
    is; and the path of that manifest.

    Two resources are the same if group, kind, namespace and name are; the version in the group is not part
    of it. A namespace that isn't written is one of its own.

    Args:
        is_cluster_wide: whether a group's kind has no namespace.
        judged_again: the groups and kinds of which those of kept components are among the items.
    """

    def make_key(group: str, kind: str, namespace: str, name: str) -> _Key:
        return group, kind, "" if is_cluster_wide(group, kind) else namespace, name

    owners: dict[_Key, tuple[str, str]] = {}
    for component in kept:
        for resource in component.resources:
            if (resource.group, resource.kind) in judged_again and not component.is_pinned:
                continue
            key = make_key(resource.group, resource.kind, resource.namespace, resource.name)
            owners[key] = (f"component {component.label}, {component.path}", component.path)
    first: dict[_Key, Item] = {}
    for item in items:
        if not item.name or SUBSTITUTED in item.name + item.namespace:
            continue
        key = make_key(item.group, item.kind, item.namespace, item.name)
        if key in first:
            other = first[key]
            label = "" if other.manifest is item.manifest else f"component {other.manifest.label}, "
            yield item, f"{label}{other.place}", other.manifest.path
        elif key in owners:
            yield item, *owners[key]
        else:
            first[key] = item
