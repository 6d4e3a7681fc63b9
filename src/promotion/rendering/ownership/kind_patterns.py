"""What `kinds` and `cluster-scoped` may name, and what that is for.

`Service` is a kind of the core, `Ingress.networking.k8s.io` and `networking.k8s.io/Ingress` one of a group,
`apps/*` all of a group, `*` all that Kubernetes has built in with a namespace. What applies others' manifests
is matched by its whole name only, never by a pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from promotion.common.branch_patterns import is_pattern, matches
from promotion.rendering.ownership.kind_catalogue import (
    APPLIER_KINDS,
    CLUSTER_KINDS,
    NAMESPACED_KINDS,
    Kind,
)

_KIND = r"[A-Za-z*?][A-Za-z0-9*?]*"
_GROUP = r"[a-z0-9*?][a-z0-9*?-]*(?:\.[a-z0-9*?-]+)*"
_BEFORE = re.compile(rf"(?P<group>{_GROUP})/(?P<kind>{_KIND})")
_BEHIND = re.compile(rf"(?P<kind>{_KIND})(?:\.(?P<group>{_GROUP}))?")
_CLUSTER = re.compile(r"(?P<kind>[A-Za-z][A-Za-z0-9]*)(?:\.(?P<group>[a-z0-9.-]+))?/(?P<name>[^\s/]+)")


@dataclass(frozen=True, kw_only=True)
class KindPattern:
    """A pattern of kinds; `text` is how it is written."""

    text: str
    group: str
    kind: str

    def covers(self, kind: Kind) -> bool:
        """Return whether the pattern is for a kind."""
        if kind in APPLIER_KINDS:
            return (self.group, self.kind) == kind
        if self.text == "*":
            return kind in NAMESPACED_KINDS
        return matches(self.group, kind[0]) and matches(self.kind, kind[1])


@dataclass(frozen=True, kw_only=True)
class ClusterPattern:
    """A kind and a pattern of names of what has no namespace; `text` is how it is written."""

    text: str
    group: str
    kind: str
    name: str

    def covers(self, kind: Kind, name: str) -> bool:
        """Return whether the pattern is for a resource."""
        return (self.group, self.kind) == kind and matches(self.name, name)


def parse_kind(text: str) -> KindPattern | str:
    """Return the pattern of an entry of `kinds`, or why it is none."""
    if text == "*":
        return KindPattern(text=text, group="*", kind="*")
    found = _BEFORE.fullmatch(text) or _BEHIND.fullmatch(text)
    if found is None:
        return "it isn't `Kind`, `Kind.group`, `group/Kind` or `group/*`"
    group, kind = found["group"] or "", found["kind"]
    return _find_flaw(group, kind) or KindPattern(text=text, group=group, kind=kind)


def _find_flaw(group: str, kind: str) -> str:
    if not group and is_pattern(kind):
        return "a pattern of kinds needs a group, as `apps/*`; `*` alone is all that Kubernetes has built in"
    if group and not group.strip("*?."):
        return "it names no group: kinds that Kubernetes hasn't built in are allowed group by group"
    if CLUSTER_KINDS.get(kind) == group:
        return f"{kind} has no namespace. Name it in `cluster-scoped`, as `{kind}/cat-*`"
    if not group and (group, kind) not in NAMESPACED_KINDS:
        known = sorted(other for other, name in NAMESPACED_KINDS if name == kind and other != "extensions")
        hint = f": write `{known[0]}/{kind}`" if known else ". Name its group, as `cert-manager.io/Issuer`"
        return f"the core of Kubernetes has no kind {kind}{hint}"
    return ""


def parse_cluster_scoped(text: str) -> ClusterPattern | str:
    """Return the pattern of an entry of `cluster-scoped`, or why it is none."""
    found = _CLUSTER.fullmatch(text)
    if found is None:
        return "it isn't a kind and a name, as `ClusterRole/cat-*` or `ClusterIssuer.cert-manager.io/cats`"
    kind, group = found["kind"], found["group"]
    if group is None:
        if kind not in CLUSTER_KINDS:
            return f"Kubernetes has no kind {kind} without a namespace. Name its group, as `{kind}.acme.io/…`"
        group = CLUSTER_KINDS[kind]
    if (group, kind) in NAMESPACED_KINDS:
        return f"{kind} has a namespace. Name it in `kinds`"
    return ClusterPattern(text=text, group=group, kind=kind, name=found["name"])
