"""The whole tree of a definition, for a folder: `fab install && fab generate` in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promotion.core.model import Folder, Snapshot
from promotion.steps.fab import render_with_fab
from promotion.steps.render import render
from promotion.steps.resolve import resolve
from promotion.steps.tools import Tools


def render_tree(
    root: Folder,
    snapshot: Snapshot,
    configs: Sequence[str],
    tools: Tools,
    *,
    engine: str = "native",
    hooks_allowed: bool,
    environment: Mapping[str, str],
    workers: int,
) -> dict[str, bytes]:
    """Path → manifest, as below Fabrikate's `generated/<configs>/`, without its empty files.

    Args:
        root: the folder of the definition's component file.
        snapshot: the root's source.
        configs: names of config layers, the most important first.
        tools: the edges.
        engine: `native` or `fab`.
        environment: holds the tokens whose variables access.yaml names.
        workers: how many components are rendered at once.

    Raises:
        PromotionError: why it can't be rendered.
    """
    if engine == "fab":
        parts = render_with_fab(
            root,
            snapshot,
            configs,
            tools.fab,
            fetcher=tools.fetcher,
            environment=environment,
            hooks_allowed=hooks_allowed,
            workers=workers,
        )
        return {part.path: part.manifest for part in parts}
    plan = resolve(
        root,
        snapshot,
        configs,
        fetcher=tools.fetcher,
        environment=environment,
        workspace=tools.workspace(snapshot) if hooks_allowed else None,
    )
    for remark in plan.remarks:
        tools.warn(str(remark), remark.where)
    return {part.path: part.manifest for part in render(plan, tools.helm, workers=workers)}
