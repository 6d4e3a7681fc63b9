from __future__ import annotations

import pytest

from support.validity import faults

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [CONTAINERS]\n"
APP = "{name: app, image: 'shop:1.0.0'}"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PORTS = "{name: NAME, image: a, ports: [{containerPort: 80, hostPort: PORT}]}"


def found(spec: str = "", *, containers: str = APP) -> list[str]:
    text = POD.replace("CONTAINERS", containers) + (f"  {spec}\n" if spec else "")
    return [fault.removeprefix("Pod web: spec.") for fault in faults(text)]


def port(name: str, number: int) -> str:
    return PORTS.replace("NAME", name).replace("PORT", str(number))


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "volumes: [{name: a}, {name: b, emptyDir: {}}, {name: c, configMap: {name: x, defaultMode: 0644}}]",
        "nodeSelector: {kubernetes.io/os: linux}",
        "tolerations: [{operator: Exists}, {key: a, value: b}, {key: a, operator: Exists}]",
        "tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]",
        "hostAliases: [{ip: '::1', hostnames: [a.b]}, {ip: 127.0.0.01, hostnames: [c]}]",
        "dnsPolicy: None\n  dnsConfig: {nameservers: [1.1.1.1]}",
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]",
        "securityContext: {runAsUser: 65534, fsGroup: 0, supplementalGroups: [1]}",
        "initContainers: [{name: init, image: a}]",
        "serviceAccountName: ''",
    ],
)
def test_pods_that_a_cluster_takes(spec: str) -> None:
    assert found(spec) == []


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("volumes: [{name: a}, {name: a}]", "volumes[1].name is the name of another volume, `a`"),
        ("volumes: [{name: A_1}]", "volumes[0].name must be small letters"),
        ("volumes: [{emptyDir: {}}]", "volumes[0].name is missing"),
        (
            "volumes: [{name: a, emptyDir: {}, secret: {secretName: b}}]",
            "volumes[0] has `emptyDir` and `secret`",
        ),
        ("volumes: [{name: a, secret: {}}]", "volumes[0].secret.secretName is missing"),
        ("volumes: [{name: a, configMap: {name: b, defaultMode: 644}}]", "defaultMode must be at most 511"),
        ("volumes: [{name: a, hostPath: {path: /a/../b}}]", "hostPath.path must not have `..` in it"),
        (
            "volumes: [{name: a, configMap: {name: b, items: [{key: c, path: /d}]}}]",
            "items[0].path must be a relative path, and is `/d`",
        ),
        (
            "initContainers: [{name: app, image: a}]",
            "initContainers[0].name is the name of another container",
        ),
        ("nodeSelector: {a b: c}", 'nodeSelector["a b"] has a key that must be letters'),
        ("nodeSelector: {a: b c}", "nodeSelector.a must be letters"),
        ("tolerations: [{value: a}]", "tolerations[0].operator must be Exists where there is no key"),
        ("tolerations: [{key: a, operator: Exists, value: b}]", "tolerations[0].value can't be there"),
        ("tolerations: [{key: a, tolerationSeconds: 1}]", "tolerations[0].effect must be NoExecute"),
        ("hostAliases: [{ip: localhost}]", "hostAliases[0].ip must be an IP address, and is `localhost`"),
        ("dnsPolicy: None", "dnsConfig.nameservers is missing"),
        ("activeDeadlineSeconds: 0", "activeDeadlineSeconds must be at least 1"),
        ("hostname: a.b", "hostname must be small letters"),
        ("serviceAccountName: Web", "serviceAccountName must be small letters"),
        ("securityContext: {fsGroup: -5}", "securityContext.fsGroup must be at least 0"),
        (
            f"affinity: {{podAntiAffinity: {{{REQUIRED}: [{{topologyKey: ''}}]}}}}",
            "[0].topologyKey is missing",
        ),
        (
            f"affinity: {{nodeAffinity: {{{REQUIRED}: {{nodeSelectorTerms: []}}}}}}",
            "nodeSelectorTerms is missing",
        ),
    ],
)
def test_pods_that_a_cluster_refuses(spec: str, fault: str) -> None:
    [only] = found(spec)
    assert fault in only


def test_a_pod_has_containers_each_with_a_name_of_its_own() -> None:
    assert found(containers="") == ["containers is missing"]
    assert found(containers=f"{APP}, {APP}") == ["containers[1].name is the name of another container, `app`"]


def test_a_port_of_the_machine_is_taken_once() -> None:
    assert not found(containers=f"{port('a', 80)}, {port('b', 81)}")
    assert found(containers=f"{port('a', 80)}, {port('b', 80)}") == [
        "containers[1].ports[0].hostPort is the port of another container, 80"
    ]


def test_in_the_network_of_the_machine_its_port_is_the_containers() -> None:
    assert not found("hostNetwork: true", containers=port("a", 80))
    assert found("hostNetwork: true", containers=port("a", 81)) == [
        "containers[0].ports[0].hostPort must be containerPort, since `hostNetwork` is true"
    ]


def test_a_volume_that_is_not_known_may_be_any() -> None:
    mounting = "{name: app, image: a, volumeMounts: [{name: tmp, mountPath: /a}]}"
    assert found("volumes: [{name: data}]", containers=mounting)
    assert not found("volumes: [{name: '${VOLUME}'}]", containers=mounting)
