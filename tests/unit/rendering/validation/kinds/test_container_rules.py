from __future__ import annotations

import pytest

from support.validity import faults

POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {{{kind}: [{{{container}}}], {more}}}\n"
APP = "name: app, image: 'shop:1.0.0'"
OTHER = "containers: [{name: other, image: 'shop:1.0.0'}]"
VOLUMES = "volumes: [{name: tmp}, {name: data, persistentVolumeClaim: {claimName: data}}]"


def found(container: str, *, kind: str = "containers", more: str = VOLUMES) -> list[str]:
    """The faults of a pod's container, as they stand behind its place."""
    more = more if kind == "containers" else f"{OTHER}, {more}"
    text = POD.format(kind=kind, container=container, more=more)
    return [fault.removeprefix(f"Pod web: spec.{kind}[0]").removeprefix(".") for fault in faults(text)]


@pytest.mark.parametrize(
    "container",
    [
        APP,
        # The last one counts.
        f"{APP}, env: [{{name: A, value: a}}, {{name: A, value: b}}]",
        f"{APP}, env: [{{name: A}}, {{name: A-1.b c, value: ''}}]",
        f"{APP}, env: [{{name: A, value: '', valueFrom: {{fieldRef: {{fieldPath: metadata.name}}}}}}]",
        f"{APP}, envFrom: [{{secretRef: {{name: a}}}}, {{prefix: P_, configMapRef: {{name: b}}}}]",
        # Equal numbers only make the server warn.
        f"{APP}, ports: [{{containerPort: 80}}, {{containerPort: 80, name: http, hostPort: 0}}]",
        f"{APP}, volumeMounts: [{{name: tmp, mountPath: /a}}, {{name: tmp, mountPath: /b, subPath: c..d}}]",
        f"{APP}, volumeDevices: [{{name: data, devicePath: /dev/a}}]",
        f"{APP}, livenessProbe: {{exec: {{command: [a]}}, successThreshold: 1}}",
        f"{APP}, readinessProbe: {{httpGet: {{port: http, httpHeaders: [{{name: X-A, value: b}}]}}}}",
        f"{APP}, lifecycle: {{preStop: {{sleep: {{seconds: 1}}}}}}",
        f"{APP}, resources: {{limits: {{cpu: 1, a.b/c: 2}}, requests: {{cpu: 1000m, a.b/c: 2}}}}",
        f"{APP}, resources: {{limits: {{cpu: '${{CPU}}'}}, requests: {{cpu: 2}}}}",
        f"{APP}, resources: {{limits: {{hugepages-2Mi: 4Mi}}}}",
        f"{APP}, securityContext: {{allowPrivilegeEscalation: false, privileged: false, runAsUser: 0}}",
        f"{APP}, securityContext: {{seccompProfile: {{type: Localhost, localhostProfile: a.json}}}}",
        "name: '${NAME}', image: '${IMAGE}'",
    ],
)
def test_containers_that_a_cluster_takes(container: str) -> None:
    assert found(container) == []


@pytest.mark.parametrize(
    ("container", "fault"),
    [
        ("name: app", "image is missing"),
        ("name: app, image: ''", "image is missing"),
        ("name: App, image: a", "name must be small letters, digits and `-`, with no `-` at an end"),
        ("ports: [{containerPort: 0}]", "ports[0].containerPort must be at least 1"),
        ("ports: [{containerPort: 70000}]", "ports[0].containerPort must be at most 65535"),
        ("ports: [{containerPort: 80, hostPort: 70000}]", "ports[0].hostPort must be at most 65535"),
        ("ports: [{containerPort: 80, name: my_port}]", "ports[0].name must be at most 15 small letters"),
        ("ports: [{containerPort: 80, name: a-name-too-long}]", ""),
        ("ports: [{containerPort: 80, name: a-name-too-long-1}]", "ports[0].name must be at most 15 small"),
        (
            "ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]",
            "ports[1].name has the name of",
        ),
        ("env: [{value: a}]", "env[0].name is missing"),
        ("env: [{name: 'A=B'}]", "env[0].name must be printable ASCII characters without `=`"),
        ("env: [{name: A, valueFrom: {}}]", "env[0].valueFrom must have one of fieldRef, resourceFieldRef"),
        (
            "env: [{name: A, value: a, valueFrom: {secretKeyRef: {name: b, key: c}}}]",
            "env[0].value can't be there beside valueFrom",
        ),
        (
            "env: [{name: A, valueFrom: {secretKeyRef: {name: b, key: c}, fieldRef: {fieldPath: a}}}]",
            "env[0].valueFrom has fieldRef and secretKeyRef, and may have one",
        ),
        ("env: [{name: A, valueFrom: {secretKeyRef: {key: c}}}]", "secretKeyRef.name is missing"),
        ("env: [{name: A, valueFrom: {secretKeyRef: {name: b, key: c/d}}}]", "secretKeyRef.key must be"),
        ("env: [{name: A, valueFrom: {configMapKeyRef: {name: B, key: c}}}]", "configMapKeyRef.name must be"),
        ("envFrom: [{prefix: A}]", "envFrom[0] must have one of configMapRef and secretRef"),
        ("envFrom: [{secretRef: {}}]", "envFrom[0].secretRef.name is missing"),
        ("volumeMounts: [{name: temp, mountPath: /a}]", "volumeMounts[0].name is `temp`, and the pod has no"),
        ("volumeMounts: [{name: tmp}]", "volumeMounts[0].mountPath is missing"),
        ("volumeMounts: [{name: tmp, mountPath: /a}, {name: data, mountPath: /a}]", "is the path of another"),
        ("volumeMounts: [{name: tmp, mountPath: /a, subPath: /b}]", "subPath must be a relative path"),
        ("volumeMounts: [{name: tmp, mountPath: /a, subPath: b/../c}]", "subPath must be a relative path"),
        ("volumeMounts: [{name: tmp, mountPath: /a, subPath: b, subPathExpr: c}]", "subPathExpr can't be"),
        ("volumeDevices: [{name: disk, devicePath: /a}]", "volumeDevices[0].name is `disk`"),
        ("livenessProbe: {}", "must have one of exec, httpGet, tcpSocket, grpc, and has none"),
        ("livenessProbe: {exec: {command: [a]}, httpGet: {port: 80}}", "and has exec and httpGet"),
        ("livenessProbe: {exec: {}}", "livenessProbe.exec.command is missing"),
        ("livenessProbe: {tcpSocket: {port: 1}, successThreshold: 2}", "successThreshold must be 1 here"),
        ("livenessProbe: {tcpSocket: {port: 1}, periodSeconds: -1}", "periodSeconds must be at least 0"),
        ("livenessProbe: {httpGet: {port: 0}}", "livenessProbe.httpGet.port must be between 1 and 65535"),
        ("livenessProbe: {httpGet: {port: '80'}}", "httpGet.port must be at most 15 small letters"),
        (
            "readinessProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 5}",
            "terminationGracePeriodSeconds can't be there in a readinessProbe",
        ),
        (
            "lifecycle: {preStop: {}}",
            "lifecycle.preStop must have one of exec, httpGet, tcpSocket, sleep, and",
        ),
        ("resources: {limits: {cpus: 1}}", "resources.limits.cpus is none of cpu, memory, ephemeral-storage"),
        ("resources: {limits: {cpu: -1}}", "resources.limits.cpu must be at least 0"),
        ("resources: {limits: {memory: 1Gi}, requests: {memory: 1.5Gi}}", "must be at most the limit, 1Gi"),
        ("resources: {requests: {a.b/gpu: 1}}", 'requests["a.b/gpu"] needs a limit that is the same'),
        ("resources: {limits: {a.b/gpu: 2}, requests: {a.b/gpu: 1}}", "must be the limit, 2, and is `1`"),
        ("securityContext: {runAsUser: -1}", "securityContext.runAsUser must be at least 0"),
        (
            "securityContext: {allowPrivilegeEscalation: false, privileged: true}",
            "allowPrivilegeEscalation can't be false for a privileged container",
        ),
        (
            "securityContext: {allowPrivilegeEscalation: false, capabilities: {add: [CAP_SYS_ADMIN]}}",
            "allowPrivilegeEscalation can't be false with CAP_SYS_ADMIN",
        ),
        ("securityContext: {seccompProfile: {type: Localhost}}", "localhostProfile is missing"),
    ],
)
def test_containers_that_a_cluster_refuses(container: str, fault: str) -> None:
    prefix = "" if container.startswith("name:") else f"{APP}, "
    if not fault:
        assert not found(prefix + container)
        return
    [only] = found(prefix + container)
    assert fault in only


def test_an_init_container_is_not_probed() -> None:
    probe = f"{APP}, readinessProbe: {{tcpSocket: {{port: 1}}}}"
    assert found(probe, kind="initContainers") == [
        "readinessProbe can't be there in an initContainer without `restartPolicy: Always`"
    ]
    assert not found(f"{probe}, restartPolicy: Always", kind="initContainers")
