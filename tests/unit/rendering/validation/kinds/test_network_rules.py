from __future__ import annotations

import pytest

from support.validity import faults

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{{}}}\n"
INGRESS = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web{}}}\nspec: {{{}}}\n"
POLICY = (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: web}}\n"
    "spec: {{podSelector: {{}}, ingress: [{{{}}}]}}\n"
)
BACKEND = "backend: {service: {name: web, port: {number: 80}}}"


def found(text: str) -> list[str]:
    return [fault.partition(" web: ")[2] for fault in faults(text)]


def rule(path: str, *, host: str = "") -> str:
    return f"rules: [{{{host}http: {{paths: [{{{path}}}]}}}}]"


@pytest.mark.parametrize(
    "spec",
    [
        "ports: [{port: 80}]",
        "ports: [{port: 80, name: a, targetPort: http}, {port: 80, protocol: UDP, name: b}]",
        "ports: [{port: 80, targetPort: 0, nodePort: 0}]",
        "clusterIP: None",
        "clusterIP: None, ports: [{port: 80}]",
        "type: NodePort, ports: [{port: 80, nodePort: 30000}], externalTrafficPolicy: Local",
        "type: LoadBalancer, ports: [{port: 80}], loadBalancerSourceRanges: [10.0.0.0/8]",
        "type: ExternalName, externalName: a.example.",
        "ports: [{port: 80}], loadBalancerSourceRanges: [], selector: {app: web}",
        "ports: [{port: 80}], sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {}}",
        "type: '${TYPE}', ports: [{port: 80, nodePort: 30000}]",
        "ports: [{port: '${PORT}', name: a}, {port: '${PORT}', name: b}]",
    ],
)
def test_services_that_a_cluster_takes(spec: str) -> None:
    assert found(SERVICE.format(spec)) == []


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("selector: {app: web}", "spec.ports is missing"),
        ("ports: [{port: 0}]", "spec.ports[0].port must be at least 1"),
        ("ports: [{port: 65536}]", "spec.ports[0].port must be at most 65535"),
        ("ports: [{port: 80, targetPort: 99999}]", "targetPort must be between 0 and 65535"),
        ("ports: [{port: 80, targetPort: '8080'}]", "targetPort must be at most 15 small letters"),
        ("ports: [{port: 80, name: a}, {port: 81}]", "spec.ports[1].name is missing"),
        ("ports: [{port: 80, name: a}, {port: 81, name: a}]", "spec.ports[1].name is the name of another"),
        (
            "ports: [{port: 80, name: a}, {port: 80, name: b}]",
            "spec.ports[1].port is there twice: 80 by `TCP`",
        ),
        ("ports: [{port: 80, nodePort: 30000}]", "nodePort can't be there with the type ClusterIP"),
        (
            "type: NodePort, ports: [{port: 1, nodePort: 300, name: a}, {port: 2, nodePort: 300, name: b}]",
            "spec.ports[1].nodePort is there twice: 300 by `TCP`",
        ),
        ("type: NodePort, clusterIP: None, ports: [{port: 1}]", "clusterIP can't be None with the type"),
        ("type: ExternalName", "externalName is missing"),
        ("type: ExternalName, externalName: 'http://a'", "externalName must be small letters"),
        ("ports: [{port: 80}], externalTrafficPolicy: Local", "externalTrafficPolicy can only be there with"),
        ("ports: [{port: 80}], loadBalancerSourceRanges: [10.0.0.0/8]", "can only be there with the type"),
        ("ports: [{port: 80}], sessionAffinityConfig: {clientIP: {}}", "can only be there with the session"),
        ("ports: [{port: 80}], externalIPs: [a.example]", "spec.externalIPs[0] must be an IP address"),
        ("ports: [{port: 80}], selector: {app: a b}", "spec.selector.app must be letters"),
    ],
)
def test_services_that_a_cluster_refuses(spec: str, fault: str) -> None:
    [only] = found(SERVICE.format(spec))
    assert fault in only


@pytest.mark.parametrize(
    "spec",
    [
        f"default{BACKEND.replace('b', 'B', 1)}",
        rule(f"path: /, pathType: Prefix, {BACKEND}", host="host: '*.a.example', "),
        rule(f"pathType: ImplementationSpecific, {BACKEND}"),
        rule(f"path: '/a/(.*)//b', pathType: ImplementationSpecific, {BACKEND}"),
        rule("path: /, pathType: Exact, backend: {service: {name: web, port: {name: http}}}"),
        rule(f"path: '${{PATH}}', pathType: Prefix, {BACKEND}", host="host: '${HOST}', "),
        rule(f"path: /, pathType: Prefix, {BACKEND}") + ", tls: [{hosts: [a.b, '*.c'], secretName: tls}]",
    ],
)
def test_ingresses_that_a_cluster_takes(spec: str) -> None:
    assert found(INGRESS.format("", spec)) == []


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("ingressClassName: nginx", "spec.rules is missing, and so is defaultBackend"),
        ("rules: [{http: {paths: []}}]", "http.paths is missing"),
        (rule(f"path: a, pathType: Prefix, {BACKEND}"), "path must begin with `/`"),
        (rule(f"pathType: Exact, {BACKEND}"), "path must begin with `/`"),
        (rule(f"path: a, pathType: ImplementationSpecific, {BACKEND}"), "path must begin with `/`"),
        (rule(f"path: /a//b, pathType: Prefix, {BACKEND}"), "path must not have `//` in it"),
        (rule(f"path: /a/.., pathType: Prefix, {BACKEND}"), "path must not end in `/.` or `/..`"),
        (rule("path: /, pathType: Prefix, backend: {}"), "backend.service is missing"),
        (rule("path: /, pathType: Prefix, backend: {service: {name: a, port: {}}}"), "port must have one of"),
        (
            rule("path: /, pathType: Prefix, backend: {service: {name: a, port: {name: b, number: 1}}}"),
            "port must have one of name and number",
        ),
        (rule(f"path: /, pathType: Prefix, {BACKEND}", host="host: 10.0.0.1, "), "host must be a name"),
        (
            rule(f"path: /, pathType: Prefix, {BACKEND}", host="host: 'a.*.b', "),
            "may have a `*` as its first",
        ),
        (rule(f"path: /, pathType: Prefix, {BACKEND}", host="host: 'https://a', "), "host must be small"),
        (rule(f"path: /, pathType: Prefix, {BACKEND}") + ", tls: [{hosts: [A]}]", "tls[0].hosts must be"),
    ],
)
def test_ingresses_that_a_cluster_refuses(spec: str, fault: str) -> None:
    [only] = found(INGRESS.format("", spec))
    assert fault in only


def test_an_ingress_has_one_class() -> None:
    spec = f"ingressClassName: nginx, {rule(f'path: /, pathType: Prefix, {BACKEND}')}"
    annotated = ", annotations: {{kubernetes.io/ingress.class: {}}}"
    assert not found(INGRESS.format(annotated.format("nginx"), spec))
    [fault] = found(INGRESS.format(annotated.format("traefik"), spec))
    assert fault.endswith("must be ingressClassName, `nginx`, and is `traefik`")


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("from: [{podSelector: {}}], ports: [{port: 80}, {port: http}, {port: 1, endPort: 2}, {}]", ""),
        ("from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]", ""),
        ("from: [{ipBlock: {cidr: '${CIDR}'}}]", ""),
        ("from: [{}]", "from[0] must have a podSelector"),
        ("from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]", "from[0] can't have another peer"),
        ("from: [{ipBlock: {cidr: 10.0.0.0}}]", "from[0].ipBlock.cidr must be a range"),
        ("from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}]", "must be within the range"),
        ("from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['::/64']}}]", "must be within the range"),
        ("ports: [{port: 0}]", "ports[0].port must be between 1 and 65535"),
        ("ports: [{port: 5, endPort: 4}]", "ports[0].endPort must be at least port"),
        ("ports: [{port: http, endPort: 4}]", "ports[0].endPort needs a number as port"),
    ],
)
def test_network_policies(spec: str, fault: str) -> None:
    all_found = found(POLICY.format(spec))
    assert len(all_found) == bool(fault)
    assert not fault or fault in all_found[0]
