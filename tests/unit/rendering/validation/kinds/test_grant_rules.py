from __future__ import annotations

import pytest

from support.validity import faults

API = "apiVersion: rbac.authorization.k8s.io/v1\n"
RBAC = "rbac.authorization.k8s.io"


def found(kind: str, text: str) -> list[str]:
    return [fault.partition(": ")[2] for fault in faults(f"{API}kind: {kind}\nmetadata: {{name: a}}\n{text}")]


@pytest.mark.parametrize(
    ("kind", "rule", "fault"),
    [
        ("Role", "apiGroups: [''], resources: [pods], verbs: [get]", ""),
        ("Role", "apiGroups: [''], resources: [a, b], resourceNames: [c, d], verbs: [get]", ""),
        ("ClusterRole", "nonResourceURLs: [/metrics], verbs: [get]", ""),
        (
            "Role",
            "nonResourceURLs: [/metrics], verbs: [get]",
            "nonResourceURLs can only be there in a Cluster",
        ),
        ("Role", "apiGroups: [''], resources: [pods], verbs: []", "verbs is missing"),
        ("Role", "resources: [pods], verbs: [get]", "apiGroups is missing"),
        ("Role", "apiGroups: [''], verbs: [get]", "resources is missing"),
        ("ClusterRole", "nonResourceURLs: [/a], resources: [b], verbs: [get]", "resources can't be there"),
    ],
)
def test_rules_of_roles(kind: str, rule: str, fault: str) -> None:
    all_found = found(kind, f"rules: [{{{rule}}}]\n")
    assert [each.partition(".")[2][: len(fault)] for each in all_found] == ([fault] if fault else [])


def test_a_cluster_role_may_have_its_rules_from_others() -> None:
    assert not found("ClusterRole", "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\n")


@pytest.mark.parametrize(
    ("kind", "subject", "fault"),
    [
        ("RoleBinding", "kind: ServiceAccount, name: a", ""),
        ("RoleBinding", f"kind: Group, name: 'system:a', apiGroup: {RBAC}", ""),
        ("ClusterRoleBinding", "kind: ServiceAccount, name: a, namespace: b", ""),
        ("ClusterRoleBinding", "kind: ServiceAccount, name: a", "namespace is missing"),
        ("RoleBinding", f"kind: ServiceAccount, name: a, apiGroup: {RBAC}", "apiGroup must be empty"),
        ("RoleBinding", "kind: ServiceAccount, name: A", "name must be small letters"),
        ("RoleBinding", "kind: User, name: a, apiGroup: apps", "apiGroup must be rbac"),
        ("RoleBinding", "kind: User, name: ''", "name is missing"),
    ],
)
def test_subjects(kind: str, subject: str, fault: str) -> None:
    role = f"roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: a}}\n"
    all_found = found(kind, f"{role}subjects: [{{{subject}}}]\n")
    assert [each.partition(".")[2][: len(fault)] for each in all_found] == ([fault] if fault else [])


def test_a_binding_names_a_role() -> None:
    role = "roleRef: {apiGroup: apps, kind: Role, name: ''}\n"
    assert [each.split()[0] for each in found("RoleBinding", role)] == ["roleRef.apiGroup", "roleRef.name"]
    assert "must be ClusterRole here" in str(found("ClusterRoleBinding", role))
