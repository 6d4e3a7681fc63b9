"""Judge the parts of a cluster as it would be published, in the words of its other checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from promotion.rendering.lock.value_origins import describe_line
from promotion.rendering.manifests.cluster_findings import ClusterFinding
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.model import RenderedComponent
from promotion.rendering.ownership.kind_catalogue import is_builtin_group
from promotion.rendering.ownership.ownership_judge import PartManifest, judge_parts
from promotion.rendering.ownership.part_rules import Ownership
from promotion.rendering.validation.duplicates import KeptComponent

_CRD = "CustomResourceDefinition"


def find_breaches(
    components: Sequence[RenderedComponent],
    kept: Sequence[KeptComponent],
    former: Iterable[KeptComponent],
    ownership: Ownership,
    owners: Mapping[str, str],
) -> Iterator[ClusterFinding]:
    """Yield what components do that their parts may not.

    What is kept was judged before. It is read for the custom kinds that it defines; and where such a
    definition has changed or is gone, what isn't built in is judged again.

    Args:
        owners: the part of each resource of the last commit.
    """
    by_path = {part.path: part for part in components}
    manifests = [
        PartManifest(part=part.part, path=part.path, data=part.manifest) for part in by_path.values()
    ]
    judged = set(by_path)
    is_moved = any(_has_definitions(part.resources) for part in former)
    for part in kept:
        has_customs = is_moved and any(not is_builtin_group(each.group) for each in part.resources)
        if has_customs and not part.is_pinned:
            judged.add(part.path)
        if part.path in judged or _has_definitions(part.resources):
            manifests.append(PartManifest(part=part.part, path=part.path, data=part.read() or b""))
    others = {resource.identity: part.part for part in kept for resource in part.resources if part.part}
    labels = {part.path: part.label for part in kept}
    for manifest, breach in judge_parts(manifests, ownership, owners, others):
        if manifest.path not in judged:
            continue
        component = by_path.get(manifest.path)
        place = describe_line(component.origins if component else (), manifest.path, breach.line)
        yield ClusterFinding(
            component=component.label if component else labels[manifest.path],
            path=manifest.path,
            what=breach.tell(place),
            fix=breach.right,
        )


def _has_definitions(resources: Iterable[Resource]) -> bool:
    return any(each.kind == _CRD for each in resources)
