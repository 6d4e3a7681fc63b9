"""The whole tree of a definition, for a folder: `fab install && fab generate` in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from promotion.common.addresses import without_credentials
from promotion.rendering.component_rendering import render_changed
from promotion.rendering.definition.remark_reporting import tell, telling_at_failure
from promotion.rendering.definition.render_plan import RenderPlan
from promotion.rendering.definition.resolution import resolve_definition
from promotion.rendering.definition.source_rights import SourceRights
from promotion.rendering.lock.reuse import NOTHING
from promotion.rendering.materialize_request import Policy
from promotion.rendering.model import Folder, Manifests, Snapshot
from promotion.rendering.ownership.ownership_lookup import find_ownership
from promotion.rendering.rendering_tools import RenderingTools
from promotion.rendering.validation.cluster_policy import ClusterState, inspect_cluster

ANYTHING_GOES = Policy(validate="off", secrets="allow", determinism="off")


def render_tree(
    root: Folder,
    snapshot: Snapshot,
    configs: Sequence[str],
    tools: RenderingTools,
    *,
    engine: str = "native",
    hooks_allowed: bool,
    environment: Mapping[str, str],
    workers: int,
    policy: Policy = ANYTHING_GOES,
) -> dict[str, bytes]:
    """Return manifests by path, as below Fabrikate's `generated/<configs>/`, without its empty files.

    Args:
        root: the folder of the definition's component file.
        snapshot: the root's source.
        configs: names of config layers, the most important first.
        tools: the edges.
        engine: `native` or `fab`.
        environment: holds the tokens whose variables access.yaml names.
        workers: how many components are rendered at once.
        policy: what is judged of it; but determinism is not.

    Raises:
        PromotionError: why it can't be rendered, or what the policy refuses.
    """
    with telling_at_failure(tools.warn):
        made = render_definition(
            root,
            snapshot,
            configs,
            tools,
            engine=engine,
            hooks_allowed=hooks_allowed,
            environment=environment,
            workers=workers,
        )
    cluster = ClusterState(components=made.rendered, bare=made.bare, policy=policy, schemas=tools.schemas)
    inspect_cluster(cluster, warn=tools.warn)
    return {part.path: part.manifest for part in made.rendered}


def render_definition(
    root: Folder,
    snapshot: Snapshot,
    configs: Sequence[str],
    tools: RenderingTools,
    *,
    engine: str,
    hooks_allowed: bool,
    environment: Mapping[str, str],
    workers: int,
    rights: SourceRights | None = None,
    note: Callable[[RenderPlan], object] = bool,
) -> Manifests:
    """Return the manifests with the parts that they belong to; arguments and errors as of `render_tree`.

    Args:
        rights: as of `resolve_definition`; else what the definition's ownership file says.
        note: is told the plan.
    """
    if engine == "fab":
        from promotion.rendering.fab.fab_rendering import render_with_fab

        rendered = render_with_fab(
            root,
            snapshot,
            configs,
            tools.fab,
            fetcher=tools.fetcher,
            environment=environment,
            hooks_allowed=hooks_allowed,
            workers=workers,
        )
        return Manifests(rendered=rendered, kept={})
    tools.helm.prepare()
    if rights is None:
        _, ownership = find_ownership(snapshot, without_credentials(root.source.address), uses_fab=False)
        rights = SourceRights(ownership=ownership, expand=tools.address)
    plan = resolve_definition(
        root,
        snapshot,
        configs,
        fetcher=tools.fetcher,
        environment=environment,
        workspace=tools.workspace(snapshot) if hooks_allowed else None,
        rights=rights,
    )
    note(plan)
    tell(plan.remarks, tools.warn)
    return render_changed(plan, tools.helm, NOTHING, workers=workers)
