from __future__ import annotations

import pytest

from support.validity import faults

MODES = "accessModes: [ReadWriteOnce]"


@pytest.mark.parametrize("version", ["1.25", "1.37"])
@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        (f"{MODES}, resources: {{requests: {{storage: 1Gi}}}}", ""),
        (f"{MODES}, resources: {{requests: {{storage: '${{SIZE}}'}}}}", ""),
        ("resources: {requests: {storage: 1Gi}}", "accessModes is missing"),
        (MODES, "resources.requests.storage is missing"),
        (
            f"{MODES}, resources: {{requests: {{storage: 0}}}}",
            "resources.requests.storage must be more than 0",
        ),
        (
            "accessModes: [ReadWriteOnce, ReadWriteOncePod], resources: {requests: {storage: 1}}",
            "accessModes can have ReadWriteOncePod alone",
        ),
    ],
)
def test_claims(spec: str, fault: str, version: str) -> None:
    text = f"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: a}}\nspec: {{{spec}}}\n"
    wanted = [f"PersistentVolumeClaim a: spec.{fault}"] if fault else []
    assert faults(text, version=version) == wanted


def test_volumes_of_the_cluster() -> None:
    text = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {hostPath: {path: /a}, MORE}\n"
    assert not faults(text.replace("MORE", f"{MODES}, capacity: {{storage: 1Gi}}"))
    assert [fault.partition(": ")[2] for fault in faults(text.replace("MORE", ""))] == [
        "spec.accessModes is missing",
        "spec.capacity.storage is missing",
    ]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{configMap: {name: b}}, {secret: {name: c}}, {serviceAccountToken: {path: d}}", ""),
        ("{configMap: {name: b}, secret: {name: c}}", "has secret and configMap, and may have one source"),
        ("{configMap: {}}", "configMap.name is missing"),
        ("{configMap: {name: b, items: [{key: c, path: ..d}]}}", "path must not begin with `..`"),
        ("{serviceAccountToken: {path: d, expirationSeconds: 60}}", "expirationSeconds must be at least 600"),
    ],
)
def test_projected_volumes(source: str, fault: str) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}], VOLUMES}\n"
    )
    volume = f"volumes: [{{name: a, projected: {{sources: [{source}]}}}}]"
    all_found = faults(pod.replace("VOLUMES", volume))
    assert len(all_found) == bool(fault)
    assert not fault or fault in all_found[0]
