from __future__ import annotations

import pytest

from support.validity import faults

LONG = "a" * 63


def found(metadata: str) -> list[str]:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, {metadata}}}\n"
    return [fault.removeprefix("ConfigMap a: metadata.") for fault in faults(text)]


@pytest.mark.parametrize(
    "metadata",
    [
        f"labels: {{a: b, helm.sh/chart: web-1.0.0_build, A_.-z: '', {LONG}: {LONG}}}",
        "labels: {a: null, b: '${VALUE}', '${KEY}': c}",
        "annotations: {a: any text - at all, Example.com/A: b}",
        "finalizers: [kubernetes, foregroundDeletion, a.example/b]",
    ],
)
def test_metadata_that_a_cluster_takes(metadata: str) -> None:
    assert found(metadata) == []


@pytest.mark.parametrize(
    ("metadata", "fault"),
    [
        ("labels: {a: 1.0.0+build}", "labels.a must be letters, digits, `-`, `_` and `.`"),
        ("labels: {a: b c}", "labels.a must be letters"),
        ("labels: {a: -b}", "labels.a must be letters"),
        (f"labels: {{a: {LONG}a}}", "labels.a must be at most 63 characters long"),
        (f"labels: {{{LONG}a: b}}", "has a key that must have at most 63 characters"),
        ("labels: {a/b/c: d}", 'labels["a/b/c"] has a key that must have a domain before its only `/`'),
        ("labels: {/a: d}", "must have a domain before its only `/`"),
        ("labels: {A.b/c: d}", "must have a domain before its only `/`"),
        ("labels: {a/: d}", "has a key that must be letters"),
        ("annotations: {a b: c}", 'annotations["a b"] has a key that must be letters'),
        ("finalizers: [a b]", "finalizers must be letters"),
    ],
)
def test_metadata_that_a_cluster_refuses(metadata: str, fault: str) -> None:
    [only] = found(metadata)
    assert fault in only


def test_annotations_have_256_kib() -> None:
    most = 256 * 1024
    assert not found(f"annotations: {{a: {'x' * (most - 1)}}}")
    assert found(f"annotations: {{a: {'x' * most}}}") == [
        f"annotations take {most + 1} bytes, and may take {most}"
    ]


def test_labels_of_custom_resources_and_of_templates() -> None:
    [fault, *_] = faults("apiVersion: a.b/v1\nkind: Cat\nmetadata: {name: a, labels: {c: d e}}\n")
    assert fault.startswith("Cat a: metadata.labels.c must be letters")
