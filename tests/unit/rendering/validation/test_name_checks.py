from __future__ import annotations

import pytest

from promotion.rendering.validation.key_spellings import find_label_fault
from promotion.rendering.validation.name_checks import find_name_fault
from support.validity import faults

RBAC = "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("group", "kind", "name"),
    [
        ("", "ConfigMap", "kube-root-ca.crt"),
        ("", "ConfigMap", "a" * 253),
        ("", "Namespace", "cats-1"),
        (RBAC, "ClusterRole", "system:Node_Reader"),
        ("batch", "CronJob", "a" * 52),
        ("networking.k8s.io", "IPAddress", "2001:db8::1"),
    ],
)
def test_names_that_can_be(group: str, kind: str, name: str) -> None:
    assert not find_name_fault(group, kind, name, is_custom=False)


@pytest.mark.parametrize(
    ("group", "kind", "name"),
    [
        ("", "ConfigMap", "Web"),
        ("", "ConfigMap", "web_1"),
        ("", "ConfigMap", "web-"),
        ("", "ConfigMap", "a..b"),
        ("", "ConfigMap", "a" * 254),
        ("", "Namespace", "cats.dogs"),
        ("", "Service", "a" * 64),
        (RBAC, "ClusterRole", "a/b"),
        (RBAC, "ClusterRole", ".."),
        ("batch", "CronJob", "a" * 53),
    ],
)
def test_names_that_can_not_be(group: str, kind: str, name: str) -> None:
    assert find_name_fault(group, kind, name, is_custom=False)


def test_names_of_custom_resources() -> None:
    assert find_name_fault("pets.example", "Cat", "Tom", is_custom=True)
    assert not find_name_fault("pets.example", "Cat", "Tom", is_custom=False)


def test_namespaces_are_labels() -> None:
    assert not find_label_fault("cats")
    assert find_label_fault("cats.dogs")
    assert find_label_fault("Cats")


@pytest.mark.parametrize(
    ("kind", "beginning", "is_good"),
    [
        *(("ConfigMap", "web-", True), ("ConfigMap", "web.", True), ("ConfigMap", "Web-", False)),
        *(("ConfigMap", "${NAME}-", True), ("ConfigMap", "a" * 300, True), ("Service", "a.b-", False)),
    ],
)
def test_what_names_are_made_of(kind: str, beginning: str, is_good: bool) -> None:
    text = f"apiVersion: v1\nkind: {kind}\nmetadata: {{generateName: '{beginning}'}}\n"
    found = [fault for fault in faults(text) if "metadata.generateName" in fault]
    assert (found == []) is is_good
