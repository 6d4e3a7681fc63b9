"""Which API versions a chart sees for a version of Kubernetes."""

from __future__ import annotations

import json

import pytest

from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.rendering.charts.api_versions import doubt_api_versions, list_api_versions, print_version

KNOWN = ("1.25", "1.26", "1.27")
SPANS = {
    "v1 Pod": ["1.25", "1.27"],
    "v1 PodList": ["1.25", "1.27"],
    "policy/v1beta1 PodSecurityPolicy": ["", "1.24"],
    "apps/v1beta1": ["", "1.15"],
    "autoscaling/v2beta2 HorizontalPodAutoscaler": ["1.25", "1.25"],
    "storage.k8s.io/v1beta1 CSIStorageCapacity": ["1.25", "1.26"],
    "storage.k8s.io/v1beta1 VolumeAttributesClass": ["1.26", "1.27"],
    "admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicy": ["1.26", "1.27"],
    "flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema": ["1.26", "1.27"],
}
HISTORY = json.dumps(SPANS).encode()


def listed(version: str) -> list[str]:
    return list(list_api_versions(version, KNOWN, HISTORY))


def test_a_version_has_its_group_versions_and_kinds() -> None:
    assert listed("1.25") == [
        "autoscaling/v2beta2",
        "autoscaling/v2beta2/HorizontalPodAutoscaler",
        "storage.k8s.io/v1beta1",
        "storage.k8s.io/v1beta1/CSIStorageCapacity",
        "v1",
        "v1/Pod",
    ]


def test_alpha_and_new_beta_kinds_are_off_in_a_cluster_and_old_beta_kinds_are_on() -> None:
    assert listed("v1.26.3") == [
        "flowcontrol.apiserver.k8s.io/v1beta3",
        "flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema",
        "storage.k8s.io/v1beta1",
        "storage.k8s.io/v1beta1/CSIStorageCapacity",
        "v1",
        "v1/Pod",
    ]


def test_a_newer_version_has_what_the_newest_known_has_and_of_an_older_one_nothing_is_known() -> None:
    assert listed("1.30") == listed("1.27")
    assert listed("1.9") == []
    assert listed("latest") == []


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1.25", ""),
        ("v1.27.1-gke.100", ""),
        ("latest", ""),
        ("1.30", "charts see the APIs of Kubernetes 1.27, since those of 1.30 aren't known"),
        ("1.9", "charts see all APIs that Helm knows, newer ones too, since those of Kubernetes 1.9 aren't"),
    ],
)
def test_what_is_not_known_is_told(version: str, words: str) -> None:
    doubt = doubt_api_versions(version, KNOWN)
    assert words in doubt
    assert bool(doubt) == bool(words)


@pytest.mark.parametrize("version", SchemaStore().versions)
def test_every_known_version_has_what_every_cluster_has(version: str) -> None:
    """No version from 1.25 has PodDisruptionBudgets of v1beta1; all have those of v1."""
    schemas = SchemaStore()
    found = list_api_versions(version, schemas.versions, schemas.history)
    wanted = {"v1/Pod", "apps/v1", "batch/v1/CronJob", "networking.k8s.io/v1/Ingress", "policy/v1"}
    wanted |= {"apiextensions.k8s.io/v1/CustomResourceDefinition", "apiregistration.k8s.io/v1/APIService"}
    assert wanted <= set(found)
    assert "policy/v1beta1" not in found
    assert not any("alpha" in name or name.endswith("List") for name in found)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{ .Capabilities.KubeVersion }}", "{{ .Capabilities.KubeVersion.String }}"),
        ("{{- $.Capabilities.KubeVersion -}}", "{{- $.Capabilities.KubeVersion.String -}}"),
        ("{{.top.Capabilities.KubeVersion}}", "{{.top.Capabilities.KubeVersion.String}}"),
        ("{{ .Capabilities.KubeVersion.Minor }}", "{{ .Capabilities.KubeVersion.Minor }}"),
        ('{{ if typeIs "string" .Capabilities.KubeVersion }}',) * 2,
        ("{{ .Values.KubeVersion }}",) * 2,
    ],
)
def test_a_version_that_is_printed_as_it_is(text: str, printed: str) -> None:
    assert print_version(text.encode()) == printed.encode()
