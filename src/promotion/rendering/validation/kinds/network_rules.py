"""Services, and what leads to them (core/validation, networking/validation)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.validation.field_checks import FieldFault
from promotion.rendering.validation.key_spellings import find_subdomain_fault
from promotion.rendering.validation.kinds.container_rules import find_repeated
from promotion.rendering.validation.kinds.label_rules import judge_labels
from promotion.rendering.validation.kinds.part import Part

_OUTSIDE = ("LoadBalancer", "NodePort")
_STEPS, _ENDINGS = ("//", "/./", "/../", "%2f", "%2F"), ("/..", "/.")
_CLASS = "kubernetes.io/ingress.class"


def judge_service(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a Service (ValidateService)."""
    yield from judge_labels(part, "selector")
    if part.has("type") and not part.text("type"):
        return  # not known
    kind, address = part.text("type") or "ClusterIP", part.text("clusterIP")
    if kind == "ExternalName":
        yield from _judge_name_outside(part)
    elif not part.has("ports") and address != "None" and not part.has("clusterIPs"):
        yield part.fault("is missing", "ports")
    if kind in _OUTSIDE and address == "None":
        yield part.fault(f"can't be None with the type {kind}", "clusterIP")
    for name in ("loadBalancerSourceRanges", "allocateLoadBalancerNodePorts"):
        if kind != "LoadBalancer" and part.has(name):
            yield part.fault("can only be there with the type LoadBalancer", name)
    if kind not in _OUTSIDE and part.has("externalTrafficPolicy") and not part.has("externalIPs"):
        yield part.fault("can only be there with the type LoadBalancer or NodePort", "externalTrafficPolicy")
    is_known = not part.has("sessionAffinity") or part.text("sessionAffinity")
    if is_known and part.text("sessionAffinity") != "ClientIP" and "sessionAffinityConfig" in part.fields:
        yield part.fault("can only be there with the sessionAffinity ClientIP", "sessionAffinityConfig")
    yield from _judge_ports(part, kind)


def _judge_name_outside(part: Part) -> Iterator[FieldFault]:
    name = part.text("externalName")
    if not part.has("externalName"):
        yield part.fault("is missing, and the type ExternalName needs it", "externalName")
    elif name and (problem := find_subdomain_fault(name.removesuffix("."))):
        yield part.fault(f"{problem}{part.shown(name)}", "externalName")
    if part.has("clusterIP"):
        yield part.fault("can't be there with the type ExternalName", "clusterIP")


def _judge_ports(part: Part, kind: str) -> Iterator[FieldFault]:
    ports = part.parts("ports")
    yield from find_repeated(ports, "name", "is the name of another port")
    seen: dict[str, set[object]] = {"port": set(), "nodePort": set()}
    for port in ports:
        if len(ports) > 1 and not port.has("name"):
            yield port.fault("is missing, and of several ports each has a name", "name")
        if port.has("protocol") and not port.text("protocol"):
            continue
        protocol = port.text("protocol") or "TCP"
        for name, found in seen.items():
            number = port.number(name)
            if number and (protocol, number) in found:
                yield port.fault(f"is there twice: {number} by {show(protocol)}", name)
            found.add((protocol, number))
        if kind == "ClusterIP" and port.number("nodePort"):
            yield port.fault("can't be there with the type ClusterIP", "nodePort")


def judge_ingress_class(part: Part) -> Iterator[FieldFault]:
    """Yield the fault of an Ingress that names its class twice, and not the same."""
    annotations, spec = part.part("metadata", "annotations"), part.part("spec")
    old, new = annotations.text(_CLASS), spec.text("ingressClassName")
    if old and new and old != new:
        yield annotations.fault(f"must be ingressClassName, {show(new)}{part.shown(old)}", _CLASS)


def judge_ingress(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of an Ingress (ValidateIngressSpec)."""
    if not part.has("rules") and "defaultBackend" not in part.fields:
        yield part.fault("is missing, and so is defaultBackend", "rules")
    for tls in part.parts("tls"):
        for host in tls.texts("hosts"):
            if host and (problem := _find_host_fault(host)):
                yield tls.fault(f"{problem}{part.shown(host)}", "hosts")


def judge_ingress_rule(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what an Ingress does with one host."""
    host = part.text("host")
    if host and _is_ip(host):
        yield part.fault(f"must be a name, and is an IP address, {show(host)}", "host")
    elif host and (problem := _find_host_fault(host)):
        yield part.fault(f"{problem}{part.shown(host)}", "host")
    if "http" in part.fields and not part.part("http").has("paths"):
        yield part.part("http").fault("is missing", "paths")


def judge_ingress_path(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a path of an Ingress (validateHTTPIngressPath)."""
    path, kind = part.text("path"), part.text("pathType")
    if kind in ("Exact", "Prefix"):
        if not part.has("path") or (path and not path.startswith("/")):
            yield part.fault("must begin with `/`", "path")
        elif wrong := [text for text in _STEPS if text in path]:
            yield part.fault(f"must not have {show(wrong[0])} in it", "path")
        elif path.endswith(_ENDINGS):
            yield part.fault("must not end in `/.` or `/..`", "path")
    elif kind and path and not path.startswith("/"):
        yield part.fault("must begin with `/`", "path")


def judge_ingress_backend(part: Part) -> Iterator[FieldFault]:
    """Yield faults of where an Ingress leads (validateIngressBackend)."""
    if "service" in part.fields and "resource" in part.fields:
        yield part.fault("must have one of service and resource")
    elif "service" not in part.fields and "resource" not in part.fields:
        yield part.fault("is missing", "service")
    elif "service" in part.fields:
        service = part.part("service")
        port = service.part("port")
        named = [name for name in ("name", "number") if port.has(name) and port.value(name) != 0]
        if not service.has("name"):
            yield service.fault("is missing", "name")
        if len(named) != 1:
            yield service.fault("must have one of name and number", "port")


def judge_policy_port(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a port of a NetworkPolicy (ValidateNetworkPolicyPort)."""
    if "endPort" not in part.fields:
        return
    port, last = part.number("port"), part.number("endPort")
    if "port" not in part.fields or part.text("port"):
        yield part.fault("needs a number as port", "endPort")
    elif port is not None and last is not None and last < port:
        yield part.fault("must be at least port", "endPort")


def judge_policy_peer(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a peer, whom a NetworkPolicy is about (ValidateNetworkPolicyPeer)."""
    if not part.fields:
        yield part.fault("must have a podSelector, namespaceSelector or ipBlock")
    elif "ipBlock" in part.fields and len(part.fields) > 1:
        yield part.fault("can't have another peer beside ipBlock")


def judge_address_block(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a range of addresses without some (ValidateIPBlock)."""
    if not part.has("cidr"):
        yield part.fault("is missing", "cidr")
    try:
        outer = ipaddress.ip_network(part.text("cidr"), strict=False)
        inner = [ipaddress.ip_network(text, strict=False) for text in part.texts("except") if text]
    except ValueError:
        return  # told elsewhere
    for each in inner:
        if each.version != outer.version or each == outer or not each.subnet_of(outer):  # type: ignore[arg-type]
            yield part.fault(f"must be within the range, and is {show(str(each))}", "except")


def _find_host_fault(host: str) -> str:
    if "*" in host and not host.startswith("*."):
        return "may have a `*` as its first part only"
    return find_subdomain_fault(host.removeprefix("*."))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
