from __future__ import annotations

import base64

import pytest

from support.validity import define_cats, faults

MIB = 1024 * 1024
CRD = define_cats("{name: v1, served: true, storage: true}", "{name: v2, served: true, storage: false}")
HOOK = (
    "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: a}\n"
    "webhooks: [{admissionReviewVersions: [v1], sideEffects: None, HOOK}]\n"
)
CLIENT = "name: a.pets.example, clientConfig: {service: {name: a, namespace: b}}"


def found(kind: str, text: str) -> list[str]:
    return [
        fault.partition(": ")[2]
        for fault in faults(f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{text}")
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("data: {a.b_c-D: x, ..: z}", 'data[".."] has a key'),
        ("data: {a/b: x}", 'data["a/b"] has a key that must be letters, digits, `-`, `_` and `.`'),
        ("data: {a: x}\nbinaryData: {a: eA==}", "binaryData.a is in data as well"),
        ("data: {.a: x, a: ''}\nbinaryData: {b: eA==}", ""),
        ("data: {'${KEY}': x}", ""),
    ],
)
def test_the_keys_of_config_maps(text: str, fault: str) -> None:
    all_found = found("ConfigMap", text)
    assert len(all_found) == bool(fault)
    assert not fault or fault in all_found[0]


def test_the_size_of_config_maps() -> None:
    coded = base64.b64encode(b"x" * MIB).decode()
    assert not found("ConfigMap", f"data: {{a: {'x' * MIB}}}")
    assert not found("ConfigMap", f"binaryData: {{a: {coded}}}")
    lines = "\n    ".join(coded[at : at + 76] for at in range(0, len(coded), 76))
    assert not found("ConfigMap", f"binaryData:\n  a: |\n    {lines}\n")
    assert found("ConfigMap", f"data: {{a: {'x' * MIB}, b: z}}") == [
        f"data have {MIB + 1} bytes, and may have {MIB}"
    ]
    assert found("ConfigMap", f"data: {{a: z}}\nbinaryData: {{b: {coded}}}")
    # Bytes count, not letters.
    assert found("ConfigMap", f"data: {{a: {'ä' * (MIB // 2 + 1)}}}")


def test_the_size_of_secrets() -> None:
    coded = base64.b64encode(b"x" * MIB).decode()
    assert not found("Secret", f"data: {{a: {coded}}}")
    assert found("Secret", f"data: {{a: {coded}}}\nstringData: {{b: z}}")
    assert not found("Secret", f"data: {{a: {coded}}}\nstringData: {{a: z}}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("type: kubernetes.io/tls\ndata: {tls.crt: eA==, tls.key: eA==}", ""),
        # A null is an empty text.
        ("type: kubernetes.io/tls\ndata: {tls.crt: , tls.key: ''}", ""),
        ("type: kubernetes.io/tls\nstringData: {tls.crt: x}\ndata: {tls.key: eA==}", ""),
        ("type: kubernetes.io/tls\ndata: {tls.crt: eA==}", 'data["tls.key"] is missing, and the type'),
        ("type: kubernetes.io/dockerconfigjson\ndata: {}", 'data[".dockerconfigjson"] is missing'),
        ("type: kubernetes.io/basic-auth\nstringData: {password: x}", ""),
        ("type: kubernetes.io/basic-auth\nstringData: {}", "data.username is missing"),
        ("type: kubernetes.io/service-account-token", 'service-account.name"] is missing'),
        ("type: Opaque\nstringData: {a b: x}", "has a key that must be letters"),
        ("type: '${TYPE}'", ""),
    ],
)
def test_the_keys_of_secrets(text: str, fault: str) -> None:
    all_found = found("Secret", text)
    assert len(all_found) == bool(fault)
    assert not fault or fault in all_found[0]


def test_no_value_of_a_secret_is_told() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, labels: {b: hunter2 x}}\n"
    assert [fault for fault in faults(text) if "hunter2" in fault] == []
    assert faults(text)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("name: cats.pets", "name: cat.pets", "metadata.name must be `cats.pets.example`"),
        ("group: pets.example", "group: pets", "spec.group must be a domain with a dot"),
        ("storage: false", "storage: true", "spec.versions must have `storage: true` once, and have it 2"),
        ("storage: true", "storage: false", "spec.versions must have `storage: true` once, and have it 0"),
        ("name: v2", "name: v1", "spec.versions[1].name is the name of another version, `v1`"),
        ("name: v2", "name: 2", "spec.versions[1].name must be a text"),
        ("name: v2", "name: V2", "spec.versions[1].name must be small letters"),
        ("kind: Cat,", "kind: A Cat,", "spec.names.kind must be small letters"),
    ],
)
def test_definitions_that_a_cluster_refuses(old: str, new: str, fault: str) -> None:
    assert not faults(CRD)
    all_found = faults(CRD.replace(old, new, 1))
    assert any(fault in each for each in all_found), all_found


@pytest.mark.parametrize(
    ("hook", "fault"),
    [
        (CLIENT, ""),
        (CLIENT.replace("a.pets.example", "pets.example"), "name must be a domain with at least three parts"),
        (f"{CLIENT}, timeoutSeconds: 31", "timeoutSeconds must be at most 30"),
        ("name: a.pets.example, clientConfig: {}", "clientConfig must have one of url and service"),
    ],
)
def test_webhooks(hook: str, fault: str) -> None:
    all_found = faults(HOOK.replace("HOOK", hook))
    assert len(all_found) == bool(fault)
    assert not fault or fault in all_found[0]


@pytest.mark.parametrize(
    ("name", "value", "is_good"), [("a", 10**9, True), ("a", 10**9 + 1, False), ("system-x", 2 * 10**9, True)]
)
def test_priorities(name: str, value: int, is_good: bool) -> None:
    text = (
        f"apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {name}}}\nvalue: {value}\n"
    )
    assert (faults(text) == []) is is_good
