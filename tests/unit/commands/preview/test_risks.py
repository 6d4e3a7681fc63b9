from __future__ import annotations

import pytest

from promotion.commands.preview.risks import find_risks
from promotion.rendering.manifests.resource_changes import FileChange, compare_closely


def manifest(kind: str, body: str = "", version: str = "v1", name: str = "cat") -> str:
    return f"---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: pets}}\n{body}\n"


def risks(before: str, after: str) -> list[str]:
    file = FileChange(path="cat.yaml", component="cat", before=before.encode(), after=after.encode())
    return [str(risk) for risk in find_risks(compare_closely([file]))]


RBAC = "rbac.authorization.k8s.io/v1"
CRD = "apiextensions.k8s.io/v1"


@pytest.mark.parametrize(
    ("kind", "version", "before", "after", "what"),
    [
        ("Deployment", "apps/v1", "spec: {selector: {a: b}}", "spec: {selector: {a: c}}", "another selector"),
        ("StatefulSet", "apps/v1", "spec: {selector: {a: b}}", "spec: {}", "another selector"),
        ("DaemonSet", "apps/v1", "spec: {}", "spec: {selector: {a: b}}", "another selector"),
        ("Job", "batch/v1", "spec: {selector: {a: b}}", "spec: {selector: {a: c}}", "another selector"),
        ("Job", "batch/v1", "spec: {template: {a: b}}", "spec: {template: {a: c}}", "another template"),
        ("Service", "v1", "spec: {selector: {a: b}}", "spec: {selector: {a: c}}", "traffic to other pods"),
        (
            "StatefulSet",
            "apps/v1",
            "spec: {volumeClaimTemplates: [{a: 1Gi}]}",
            "spec: {volumeClaimTemplates: [{a: 2Gi}]}",
            "other volume claims",
        ),
        ("PersistentVolumeClaim", "v1", "spec: {a: 1Gi}", "spec: {a: 2Gi}", "volume claim"),
        ("CustomResourceDefinition", CRD, "spec: {a: 1}", "spec: {a: 2}", "defines its kind anew"),
        ("ClusterRole", RBAC, "rules: [a]", "rules: [b]", "rights"),
        ("RoleBinding", RBAC, "subjects: [a]", "subjects: [b]", "rights"),
        ("Deployment", "apps/v1", "spec: {replicas: 3}", "spec: {replicas: 0}", "scaled to 0"),
        ("StatefulSet", "apps/v1", "spec: {}", "spec: {replicas: 0}", "scaled to 0"),
    ],
)
def test_a_change_to_look_at_twice(kind: str, version: str, before: str, after: str, what: str) -> None:
    (risk,) = risks(manifest(kind, before, version), manifest(kind, after, version))
    assert risk.startswith(f"{kind} pets/cat ")
    assert what in risk


@pytest.mark.parametrize(
    ("kind", "version", "before", "after"),
    [
        ("Deployment", "apps/v1", "spec: {selector: {a: b, c: d}}", "spec: {b: 1, selector: {c: d, a: b}}"),
        ("Deployment", "apps/v1", "spec: {replicas: 0}", "spec: {replicas: 0, a: b}"),
        ("Deployment", "apps/v1", "spec: {replicas: 0}", "spec: {replicas: 1}"),
        ("Deployment", "apps/v1", "spec: {template: {a: b}}", "spec: {template: {a: c}}"),
        ("PersistentVolumeClaim", "v1", "a: b", "a: c"),
        ("Role", "iam.example.com/v1", "rules: [a]", "rules: [b]"),
        ("Job", "example.com/v1", "spec: {template: {a: b}}", "spec: {template: {a: c}}"),
    ],
)
def test_a_change_like_any_other(kind: str, version: str, before: str, after: str) -> None:
    assert risks(manifest(kind, before, version), manifest(kind, after, version)) == []


@pytest.mark.parametrize(
    ("kind", "version", "what"),
    [
        ("ConfigMap", "v1", "is deleted"),
        ("Namespace", "v1", "is deleted, and everything in it"),
        ("PersistentVolumeClaim", "v1", "is deleted; its data goes, too, unless its volume is retained"),
        ("CustomResourceDefinition", CRD, "is deleted, and every resource of the kind that it defines"),
        ("Role", RBAC, "is deleted"),
    ],
)
def test_deletions(kind: str, version: str, what: str) -> None:
    assert risks(manifest(kind, "", version), "") == [f"{kind} pets/cat {what}"]


def test_new_rights_are_a_risk_and_other_new_resources_are_not() -> None:
    assert risks("", manifest("Role", "", RBAC)) == ["Role pets/cat gives or takes rights"]
    assert risks("", manifest("Deployment", "spec: {replicas: 0}", "apps/v1")) == []


def test_deletions_stand_first() -> None:
    before = manifest("Role", "rules: [a]", RBAC) + manifest("Service", name="old")
    after = manifest("Role", "rules: [b]", RBAC)
    assert [risk.split()[0] for risk in risks(before, after)] == ["Service", "Role"]


def test_resources_in_a_list_are_looked_at_one_by_one() -> None:
    items = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n"
    assert risks(items + "- {apiVersion: v1, kind: Namespace, metadata: {name: b}}\n", items) == [
        "Namespace b is deleted, and everything in it"
    ]
