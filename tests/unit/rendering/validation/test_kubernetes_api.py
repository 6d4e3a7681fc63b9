from __future__ import annotations

import pytest

from promotion.edges.kubernetes_schemas import SchemaStore
from support.validity import faults, known_api


@pytest.mark.parametrize(
    ("version", "api_version", "kind", "why"),
    [
        (
            "1.37",
            "extensions/v1beta1",
            "Ingress",
            "has no `Ingress` of `extensions/v1beta1`: it was removed in 1.22. Use networking.k8s.io/v1",
        ),
        ("1.37", "apps/v1beta2", "Deployment", "it was removed in 1.16. Use apps/v1"),
        ("1.37", "extensions/v1beta1", "DaemonSet", "it was removed in 1.16. Use apps/v1"),
        ("1.37", "batch/v1beta1", "CronJob", "it was removed in 1.25. Use batch/v1"),
        ("1.37", "policy/v1beta1", "PodSecurityPolicy", "it was removed in 1.25"),
        (
            "1.30",
            "autoscaling/v2beta2",
            "HorizontalPodAutoscaler",
            "it was removed in 1.26. Use autoscaling/v2",
        ),
        ("1.25", "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "it came with 1.30"),
        ("1.37", "apps/v1", "Deploymnet", "has no `Deploymnet` of `apps/v1`: did you mean `Deployment`?"),
        ("1.37", "v1", "Ingress", "has no `Ingress` of `v1`. Use networking.k8s.io/v1"),
        ("1.37", "apps/v1", "Cat", "Kubernetes 1.37 has no `Cat` of `apps/v1`"),
    ],
)
def test_kinds_that_a_version_does_not_have(version: str, api_version: str, kind: str, why: str) -> None:
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: web}}\n"
    [found] = faults(text, version=version)
    assert found.startswith(f"{kind} web: Kubernetes {version} has no ")
    assert found.endswith(why)


def test_every_version_has_its_schemas() -> None:
    assert "1.37" in SchemaStore().versions
    for version in SchemaStore().versions:
        api = known_api(version)
        assert not faults("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n", version=version)
        assert all(name in api.schemas for kinds in api.kinds.values() for name in kinds.values())


def test_namespaces() -> None:
    api = known_api()
    assert api.is_cluster_wide("rbac.authorization.k8s.io", "ClusterRole")
    assert not api.is_cluster_wide("rbac.authorization.k8s.io", "Role")
    assert not api.is_cluster_wide("pets.example", "Namespace")
