"""Subtrees: the parts of a tree that a source decides, so that they can be kept while it doesn't change.

A subtree is a component by reference with `method: git` and all below it, or the content of one component
that comes from git, a chart repository or the web; and the tree as a whole. Subtrees lie within each other. A
subtree's digest covers all that is handed down to it. So what a subtree comes to is decided by its digest, by
what its sources hold, and by the subtrees within it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from promotion.rendering.definition.access_grants import Grant
from promotion.rendering.definition.config_layers import ConfigLayer
from promotion.rendering.definition.tree_position import TreePosition
from promotion.rendering.definition.tree_visit import Need, Subtree
from promotion.rendering.lock.input_digest import digest_fields
from promotion.rendering.model import Definition
from promotion.rendering.sources.credential_reach import Reach


class SubtreeDigests:
    """Notes the subtrees of a walk. `kept` are those that it leaves out, each as often as the tree has it.

    Args:
        known: digests of subtrees that needn't be visited.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._needs: dict[str, Need | None] = {}
        self._within: dict[str, dict[str, None]] = {}
        self.kept: list[tuple[str, Need]] = []

    def begin(self, subtree: str) -> None:
        """Begin with the subtree of the root."""
        self._needs[subtree] = None

    def keep(self, subtree: str, need: Need, *, within: str) -> bool:
        """Note a subtree, and tell whether it is known, so that it isn't visited."""
        self._within.setdefault(within, {})[subtree] = None
        if subtree in self._known:
            self.kept.append((subtree, need))
            return True
        self._needs[subtree] = need
        return False

    def visited(self) -> dict[str, Subtree]:
        """Return the subtrees that were visited, by digest."""
        return {
            digest: Subtree(need=need, subtrees=tuple(self._within.get(digest, ())))
            for digest, need in self._needs.items()
        }


def digest_component(spot: TreePosition, entry: Definition) -> str:
    """Return the digest of a component by reference.

    What lies above it counts only by what is handed down. The chain of folders on the way could end in a
    circle, but a component that has come to its end once is in none, wherever it stands.

    Args:
        spot: at the component, with the config that is handed down to it.
        entry: what refers to it.
    """
    return digest_fields(
        {
            "unit": "component",
            "entry": _describe(entry),
            "config": _describe_config(spot.config),
            "folders": spot.folders,
            "access": {source: _describe_grant(grant) for source, grant in spot.access.items()},
            "depth": str(len(spot.key)),
            "part": spot.part,
            "origin": spot.origin,
            "reach": spot.folder.source.reach,
        }
    )


def digest_content(spot: TreePosition, definition: Definition, reach: Reach = Reach.OWN) -> str:
    """Return the digest of one component's own content.

    Args:
        spot: at the component, its config complete.
        reach: whether credentials of ours go to its source.
    """
    return digest_fields(
        {
            "unit": "content",
            "component": {**_describe(definition), "subcomponents": []},
            "folders": spot.folders,
            "values": spot.config.values,
            "namespace": spot.config.namespace,
            "inject": spot.config.inject_namespace,
            "access": _describe_grant(spot.access.get(definition.source)),
            "part": spot.part,
            "reach": reach,
        }
    )


def _describe_grant(grant: Grant | None) -> dict[str, Any]:
    if grant is None:
        return {}
    return {"variable": grant.variable, "trusted": grant.trusted, "permitted": grant.permitted}


def _describe(definition: Definition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "type": definition.type,
        "method": definition.method,
        "source": definition.source,
        "path": definition.path,
        "version": definition.version,
        "branch": definition.branch,
        "subcomponents": [_describe(entry) for entry in definition.subcomponents],
    }


def _describe_config(config: ConfigLayer) -> dict[str, Any]:
    return {
        "namespace": config.namespace,
        "inject": config.inject_namespace,
        "disabled": config.disabled,
        "values": config.values if config.values_given else None,
        "subcomponents": {name: _describe_config(below) for name, below in config.subcomponents.items()},
    }
