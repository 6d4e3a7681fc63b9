"""Where resources name hosts that they take traffic of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from promotion.common.branch_patterns import matches
from promotion.rendering.ownership.breach import ADD, Breach, Suspect, show
from promotion.rendering.ownership.kind_catalogue import Kind
from promotion.rendering.ownership.node_search import (
    EACH,
    Text,
    find_all,
    list_pairs,
    may_be_missing,
    show_path,
    text_of,
)
from promotion.rendering.ownership.resource_heads import Head

Path = tuple[str, ...]

_RULES: Path = ("spec", "rules", EACH)
_ROUTE = (("spec", "hostnames", EACH),)
_ROUTE_OF_OPENSHIFT: Kind = ("route.openshift.io", "Route")
# Kind → the lists whose items name a host each, and the field that does (empty: the item itself). An item
# without the field, and a list that isn't there, counts as every host, though that isn't so of all: OpenShift
# makes up a name, and a VirtualService without hosts is part of another. Ingress: networking.k8s.io/v1,
# IngressRule; Gateway and routes: https://gateway-api.sigs.k8s.io/reference/spec/; Istio:
# https://istio.io/latest/docs/reference/config/networking/ (istio/api: networking/v1alpha3/gateway.proto,
# Server.hosts; virtual_service.proto); HTTPProxy: https://projectcontour.io/docs/1.26/config/virtual-hosts/;
# Route: openshift/api: route/v1/types.go, RouteSpec.
_PLACES: Mapping[Kind, tuple[tuple[Path, str], ...]] = {
    ("networking.k8s.io", "Ingress"): ((_RULES, "host"),),
    ("extensions", "Ingress"): ((_RULES, "host"),),
    ("gateway.networking.k8s.io", "Gateway"): ((("spec", "listeners", EACH), "hostname"),),
    ("gateway.networking.k8s.io", "HTTPRoute"): ((_ROUTE[0], ""),),
    ("gateway.networking.k8s.io", "GRPCRoute"): ((_ROUTE[0], ""),),
    ("gateway.networking.k8s.io", "TLSRoute"): ((_ROUTE[0], ""),),
    ("networking.istio.io", "Gateway"): ((("spec", "servers", EACH, "hosts", EACH), ""),),
    ("networking.istio.io", "VirtualService"): ((("spec", "hosts", EACH), ""),),
    ("networking.istio.io", "ServiceEntry"): ((("spec", "hosts", EACH), ""),),
    ("networking.istio.io", "DestinationRule"): ((("spec",), "host"),),
    ("projectcontour.io", "HTTPProxy"): ((("spec", "virtualhost"), "fqdn"),),
    _ROUTE_OF_OPENSHIFT: ((("spec",), "host"),),
}
# Without a list these take no traffic at all, by the field at least.
_MAY_BE_EMPTY = frozenset(
    {("networking.k8s.io", "Ingress"), ("extensions", "Ingress"), ("projectcontour.io", "HTTPProxy")}
)
# More places that may name hosts, and name none where they aren't.
_MORE: Mapping[Kind, tuple[Path, ...]] = {
    ("networking.k8s.io", "Ingress"): (("spec", "tls", EACH, "hosts", EACH),),
    ("extensions", "Ingress"): (("spec", "tls", EACH, "hosts", EACH),),
    ("networking.istio.io", "VirtualService"): (("spec", "tls", EACH, "match", EACH, "sniHosts", EACH),),
}
# Annotations that give a resource further hosts, with commas between them. ExternalDNS has had another prefix
# since 0.22 (https://kubernetes-sigs.github.io/external-dns/v0.23.0/docs/annotations/annotations/); whoever
# runs it may choose one, which nobody knows here. The last is ingress-nginx' (kubernetes/ingress-nginx:
# internal/ingress/annotations/alias/main.go).
_ANNOTATIONS = (
    "external-dns.alpha.kubernetes.io/hostname",
    "external-dns.alpha.kubernetes.io/internal-hostname",
    "external-dns.kubernetes.io/hostname",
    "external-dns.kubernetes.io/internal-hostname",
    "nginx.ingress.kubernetes.io/server-alias",
)
_HOST = re.compile(r"(?:\*|[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")
_WILD = ("\x01", "\x01\x01.\x01")  # what a star in a host may stand for: no pattern's `?` takes both


def judge_hosts(suspect: Suspect) -> Iterator[Breach]:
    """Yield the hosts that the part may not have."""
    if suspect.rule.hosts is None:
        return
    for named in list_hosts(suspect.head):
        if named.text == "":
            yield _too_wide(suspect, named.path, named.node)
        elif named.text is None or not is_host_allowed(named.text, suspect):
            yield _foreign(suspect, named)


@dataclass(frozen=True, kw_only=True)
class NamedHost:
    """A host that a resource names, or that a field of it means.

    `text` is empty for every host, None for what is no text.
    """

    path: str
    text: Text
    verb: str = "is"
    node: yaml.Node | None = None


def list_hosts(head: Head) -> Iterator[NamedHost]:
    """Yield the hosts that a resource takes traffic of."""
    kind, node = head.group_kind, head.node
    for path, field in _PLACES.get(kind, ()):
        shown = show_path(*path, *([field] if field else []))
        items = find_all(node, *path)
        if kind not in _MAY_BE_EMPTY and may_be_missing(node, *path):
            yield NamedHost(path=shown, text="")
        for item in items:
            named = find_all(item, field) if field else [item]
            if not named:
                yield NamedHost(path=shown, text="", node=item)
            yield from (NamedHost(path=shown, text=text_of(host), node=host) for host in named)
    for path in _MORE.get(kind, ()):
        for host in find_all(node, *path):
            yield NamedHost(path=show_path(*path), text=text_of(host), node=host)
    if kind[1] == "Ingress":
        for name in ("defaultBackend", "backend"):
            for found in find_all(node, "spec", name):
                yield NamedHost(path=f"spec.{name}", text="", node=found)
    if kind == _ROUTE_OF_OPENSHIFT:
        yield from _list_subdomains(node)
    yield from _list_annotated(head)


def _list_subdomains(route: yaml.Node) -> Iterator[NamedHost]:
    """Yield what a Route takes beside its host: for `www.acme.test` and the policy `Subdomain` that is
    `*.acme.test` (openshift/api: route/v1/types.go, WildcardPolicySubdomain).
    """
    for policy in find_all(route, "spec", "wildcardPolicy"):
        if text_of(policy) in ("", "None"):
            continue
        for host in find_all(route, "spec", "host"):
            _, _, domain = (text_of(host) or "").partition(".")
            text = f"*.{domain}" if domain else ""
            yield NamedHost(path="spec.wildcardPolicy", text=text, verb="stands for", node=policy)


def _list_annotated(head: Head) -> Iterator[NamedHost]:
    for notes in find_all(head.node, "metadata", "annotations"):
        for key, note in list_pairs(notes):
            if key.value in _ANNOTATIONS:
                text, path = text_of(note), f'metadata.annotations["{key.value}"]'
                hosts = [host.strip() for host in (text or "").split(",") if host.strip()]
                found: list[Text] = [None] if text is None else [*hosts]
                yield from (NamedHost(path=path, text=host, node=note) for host in found)


def is_host_allowed(host: str, suspect: Suspect) -> bool:
    """Return whether a host, or what a host with a star stands for, is among those of the part.

    A Service of a namespace of the part is its own: `web`, `web.cats.svc.cluster.local`.
    """
    name = host.lower().rstrip(".")
    kind = suspect.head.group_kind
    if kind[0] == "networking.istio.io":
        # `namespace/host` in a Gateway; the namespace says only whose services get the traffic.
        name = name.rpartition("/")[2] if kind[1] == "Gateway" else name
        if _is_own_service(name, suspect):
            return True
    if not _HOST.fullmatch(name):
        return False
    forms = [name.replace("*", wild) for wild in _WILD] if "*" in name else [name]
    return any(all(matches(pattern, form) for form in forms) for pattern in suspect.rule.hosts or ())


def _is_own_service(name: str, suspect: Suspect) -> bool:
    parts = name.split(".")
    if "*" in name or not _HOST.fullmatch(name):
        return False
    if len(parts) == 1:
        return True
    is_service = len(parts) >= 3 and parts[2] == "svc" and parts[3:] in ([], ["cluster", "local"])
    return is_service and suspect.may_use(parts[1])


def _foreign(suspect: Suspect, named: NamedHost) -> Breach:
    what = "isn't a text" if named.text is None else f"{named.verb} {show(named.text)}"
    rule = suspect.cite("hosts", suspect.rule.hosts)
    return suspect.report(named.path, what, rule, f"Take one of these, {ADD}.", named.node)


def _too_wide(suspect: Suspect, path: str, node: yaml.Node | None) -> Breach:
    rule = suspect.cite("hosts", suspect.rule.hosts)
    return suspect.report(path, "names no host, which stands for every host", rule, "Name a host.", node)
