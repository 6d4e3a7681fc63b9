"""What a resource of an allowed kind would do to others: grants of rights, and traffic that isn't its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import yaml

from promotion.rendering.ownership.breach import ADD, Breach, Suspect, show
from promotion.rendering.ownership.host_places import is_host_allowed
from promotion.rendering.ownership.kind_catalogue import RBAC
from promotion.rendering.ownership.node_search import EACH, find_all, list_pairs, text_of

_CLUSTER_ROLE = (RBAC, "ClusterRole")
_AGGREGATE = "/aggregate-to-"
_USER, _GROUP = "system:serviceaccount:", "system:serviceaccounts:"
_POD_SECURITY = "pod-security.kubernetes.io/"


def judge_grants(suspect: Suspect) -> Iterator[Breach]:
    """Yield what the resource grants that its part may not."""
    kind = suspect.head.group_kind
    if kind in ((RBAC, "RoleBinding"), (RBAC, "ClusterRoleBinding")):
        yield from _judge_role(suspect)
        yield from _judge_subjects(suspect)
    elif kind == _CLUSTER_ROLE:
        yield from _judge_aggregation(suspect)
    elif kind == ("", "Service"):
        yield from _judge_service(suspect)
    elif kind == ("", "Namespace"):
        yield from _judge_pod_security(suspect)


def _judge_role(suspect: Suspect) -> Iterator[Breach]:
    """Judge the role that a binding gives: a Role lies in the binding's own namespace (rbac/v1: RoleRef)."""
    rule = suspect.rule
    for ref in find_all(suspect.head.node, "roleRef"):
        kinds = [text_of(node) for node in find_all(ref, "kind")] or [None]
        names = [text_of(node) for node in find_all(ref, "name")] or [None]
        for kind in kinds:
            for name in names:
                if kind == "Role" and name and rule.allows_kind((RBAC, "Role")):
                    continue
                if kind == "ClusterRole" and name and rule.allows_cluster_wide(_CLUSTER_ROLE, name):
                    continue
                what = f"gives the {kind or 'role'} {show(name or '')}"
                cited = suspect.cite("cluster-scoped", [entry.text for entry in rule.cluster_scoped])
                if kind == "Role":
                    cited = suspect.cite("kinds", [entry.text for entry in rule.kinds or ()])
                    right = f"Have `{RBAC}/Role` added there, to whom it may give its own roles."
                else:
                    right = f"Give a Role of its namespace, or have `ClusterRole/{name or '…'}` added there."
                yield suspect.report("roleRef", what, cited, right, ref)


def _judge_subjects(suspect: Suspect) -> Iterator[Breach]:
    """Judge to whom a binding gives it. Service accounts are users and groups as well
    (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects). Where a RoleBinding
    names no namespace of one, its own is meant (kubernetes: pkg/registry/rbac/validation/rule.go,
    appliesToUser); a ClusterRoleBinding must name one (kubernetes: pkg/apis/rbac/validation/validation.go,
    ValidateRoleBindingSubject).
    """
    implied = suspect.head.namespace if suspect.head.kind == "RoleBinding" else ""
    for subject in find_all(suspect.head.node, "subjects", EACH):
        kinds = [text_of(node) for node in find_all(subject, "kind")] or [None]
        names = [text_of(node) for node in find_all(subject, "name")] or [None]
        spaces = [text_of(node) for node in find_all(subject, "namespace")] or [""]
        spaces = [implied if space == "" else space for space in spaces]
        if all(_is_own_subject(*each, suspect) for each in product(kinds, names, spaces)):
            continue
        shown = f"{spaces[-1]}/{names[-1]}" if spaces[-1] else str(names[-1])
        what = f"names the {kinds[-1] or 'subject'} {show(shown)}"
        right = "Name service accounts of these namespaces."
        yield suspect.report("subjects[]", what, _cite_namespaces(suspect), right, subject)


def _is_own_subject(kind: str | None, name: str | None, namespace: str | None, suspect: Suspect) -> bool:
    if not name or namespace is None:
        return False
    if kind == "ServiceAccount":
        return _is_own(namespace, suspect)
    if kind == "User" and name.startswith(_USER):
        return _is_own(name.removeprefix(_USER).partition(":")[0], suspect)
    if kind == "Group" and name.startswith(_GROUP):
        return _is_own(name.removeprefix(_GROUP), suspect)
    return kind in ("User", "Group") and not name.startswith("system:")


def _is_own(namespace: str, suspect: Suspect) -> bool:
    return suspect.may_use(namespace)


def _judge_aggregation(suspect: Suspect) -> Iterator[Breach]:
    """Judge a role that collects others' rules, or whose rules go into another role
    (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles).
    """
    cited = suspect.cite("cluster-scoped", [entry.text for entry in suspect.rule.cluster_scoped])
    for node in find_all(suspect.head.node, "aggregationRule"):
        if text_of(node) == "":
            continue
        right = "Write its rules out; only a part that is `any` may collect them."
        yield suspect.report("aggregationRule", "collects the rules of others' roles", cited, right, node)
    for labels in find_all(suspect.head.node, "metadata", "labels"):
        for key, _ in list_pairs(labels):
            _, found, role = str(key.value).partition(_AGGREGATE)
            if found and not suspect.rule.allows_cluster_wide(_CLUSTER_ROLE, role):
                what = f"adds its rules to the ClusterRole {show(role)}"
                right = f"Leave out the label, or have `ClusterRole/{role}` added there."
                yield suspect.report("metadata.labels", what, cited, right, key)


def _judge_service(suspect: Suspect) -> Iterator[Breach]:
    """Refuse an alias for whatever it names, and addresses whose traffic is others' (CVE-2020-8554:
    https://github.com/kubernetes/kubernetes/issues/97076).
    """
    for node in find_all(suspect.head.node, "spec", "externalName"):
        text = text_of(node)
        if text == "" or (text and suspect.rule.hosts is not None and is_host_allowed(text, suspect)):
            continue
        cited = suspect.cite("hosts", suspect.rule.hosts)
        right = f"Leave it out, {ADD}, as `hosts`."
        yield suspect.report("spec.externalName", f"leads to {show(text or '')}", cited, right, node)
    for node in find_all(suspect.head.node, "spec", "externalIPs"):
        if text_of(node) == "" or (isinstance(node, yaml.SequenceNode) and not node.value):
            continue
        what = "take the traffic of these addresses, whoever's they are"
        right = "Leave them out; only a part that is `any` may have some."
        yield suspect.report("spec.externalIPs", what, "", right, node)


def _judge_pod_security(suspect: Suspect) -> Iterator[Breach]:
    """Judge labels that say what Pods of a namespace may do to a node
    (https://kubernetes.io/docs/concepts/security/pod-security-admission/).
    """
    head, rule = suspect.head, suspect.rule
    if rule.allows_cluster_wide(head.group_kind, head.name):
        return
    for labels in find_all(head.node, "metadata", "labels"):
        for key, _ in list_pairs(labels):
            if str(key.value).startswith(_POD_SECURITY):
                cited = suspect.cite("cluster-scoped", [entry.text for entry in rule.cluster_scoped])
                right = f"Leave out the label, or have `Namespace/{head.name}` added there."
                yield suspect.report("metadata.labels", f"sets {show(str(key.value))}", cited, right, key)


def _cite_namespaces(suspect: Suspect) -> str:
    return suspect.cite("namespaces", suspect.namespaces)
