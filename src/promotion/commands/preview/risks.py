"""The risks of a change that deserve a second look before it reaches a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from promotion.common.yaml.yaml_nodes import canonical, get, text_at
from promotion.rendering.manifests.resource_changes import ManifestDifference
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.manifests.resources import Described

_SELECTING = {
    *(("apps", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
    ("batch", "Job"),
}
_SCALED = {
    *(("apps", kind) for kind in ("Deployment", "StatefulSet", "ReplicaSet")),
    ("", "ReplicationController"),
}
_CLAIM = ("", "PersistentVolumeClaim")
_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
_RIGHTS = {
    ("rbac.authorization.k8s.io", kind)
    for kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
}
_LOSSES: Mapping[tuple[str, str], str] = {
    ("", "Namespace"): "is deleted, and everything in it",
    _CLAIM: "is deleted; its data goes, too, unless its volume is retained",
    _DEFINITION: "is deleted, and every resource of the kind that it defines",
}


@dataclass(frozen=True, kw_only=True)
class Risk:
    """A reason to check a resource again; `what` continues a sentence that starts with its name."""

    resource: Resource
    component: str
    what: str

    def __str__(self) -> str:
        return f"{self.resource} {self.what}"


def find_risks(differences: Iterable[ManifestDifference]) -> tuple[Risk, ...]:
    """Return the risks of a change, deletions first."""
    found = [
        Risk(resource=difference.change.resource, component=difference.change.component, what=what)
        for difference in differences
        for what in _judge(difference)
    ]
    return tuple(sorted(found, key=lambda risk: not risk.what.startswith("is deleted")))


def _judge(difference: ManifestDifference) -> Iterator[str]:
    resource = difference.change.resource
    kind = (resource.group, resource.kind)
    if difference.change.action == "removed":
        yield _LOSSES.get(kind, "is deleted")
        return
    if kind in _RIGHTS:
        yield "gives or takes rights"
    before, after = difference.before, difference.after
    if before is not None and after is not None:
        yield from _compare(kind, before, after)


def _compare(kind: tuple[str, str], before: Described, after: Described) -> Iterator[str]:
    """Yield changes that Kubernetes refuses (immutable fields) or that disturb running workloads."""

    def changes(*keys: str) -> bool:
        return _content(before.node, *keys) != _content(after.node, *keys)

    if kind in _SELECTING and changes("spec", "selector"):
        yield "has another selector, which Kubernetes refuses to change: it has to be deleted first"
    if kind == ("", "Service") and changes("spec", "selector"):
        yield "sends its traffic to other pods"
    if kind == ("batch", "Job") and changes("spec", "template"):
        yield "is a Job with another template, which Kubernetes refuses to change: give it a new name"
    if kind == ("apps", "StatefulSet") and changes("spec", "volumeClaimTemplates"):
        yield "has other volume claims, which Kubernetes refuses to change: it has to be deleted first"
    if kind == _CLAIM and changes("spec"):
        yield "is a volume claim, of which Kubernetes lets hardly anything be changed"
    if kind == _DEFINITION and changes("spec"):
        yield "defines its kind anew: resources that are there may not fit"
    if kind in _SCALED and changes("spec", "replicas") and text_at(after.node, "spec", "replicas") == "0":
        yield "is scaled to 0: nothing of it runs"


def _content(node: yaml.Node, *keys: str) -> object:
    found = get(node, *keys)
    return None if found is None else canonical(found)
