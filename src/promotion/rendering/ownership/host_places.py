"""Where resources name hosts that they take traffic of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml

from promotion.common.branch_patterns import matches
from promotion.rendering.ownership.breach import ADD, Breach, Suspect, show
from promotion.rendering.ownership.kind_catalogue import Kind
from promotion.rendering.ownership.node_search import EACH, find_all, show_path, text_of

Path = tuple[str, ...]

_RULES: Path = ("spec", "rules", EACH)
_ROUTE = (("spec", "hostnames", EACH),)
# Kind → the lists whose items name a host each, and the field that does (empty: the item itself). An item
# without the field, and a list that isn't there, stands for every host. Ingress: networking.k8s.io/v1,
# IngressRule; Gateway and routes: https://gateway-api.sigs.k8s.io/reference/spec/; Istio:
# https://istio.io/latest/docs/reference/config/networking/; HTTPProxy: https://projectcontour.io/docs/;
# Route: https://docs.openshift.com/container-platform/latest/rest_api/network_apis/route-route-openshift-io-v1.html
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
    ("route.openshift.io", "Route"): ((("spec",), "host"),),
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
# Annotations that give a Service or an Ingress further hosts, with commas between them
# (https://kubernetes-sigs.github.io/external-dns/; https://kubernetes.github.io/ingress-nginx/user-guide/).
_ANNOTATIONS = (
    "external-dns.alpha.kubernetes.io/hostname",
    "external-dns.alpha.kubernetes.io/internal-hostname",
    "nginx.ingress.kubernetes.io/server-alias",
)
_HOST = re.compile(r"(?:\*|[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")
_WILD = ("\x01", "\x01\x01.\x01")  # what a star in a host may stand for: no pattern's `?` takes both


def judge_hosts(suspect: Suspect) -> Iterator[Breach]:
    """Yield the hosts that the part may not have."""
    if suspect.rule.hosts is None:
        return
    kind, node = suspect.head.group_kind, suspect.head.node
    for path, field in _PLACES.get(kind, ()):
        shown = show_path(*path, *([field] if field else []))
        items = find_all(node, *path)
        if not items and kind not in _MAY_BE_EMPTY:
            yield _too_wide(suspect, shown, None)
        for item in items:
            named = find_all(item, field) if field else [item]
            if not named:
                yield _too_wide(suspect, shown, item)
            for host in named:
                yield from _judge(suspect, host, shown)
    for path in _MORE.get(kind, ()):
        for host in find_all(node, *path):
            yield from _judge(suspect, host, show_path(*path))
    if kind[1] == "Ingress":
        for name in ("defaultBackend", "backend"):
            yield from (_too_wide(suspect, f"spec.{name}", found) for found in find_all(node, "spec", name))
    yield from _judge_annotations(suspect)


def _judge_annotations(suspect: Suspect) -> Iterator[Breach]:
    for name in _ANNOTATIONS:
        for note in find_all(suspect.head.node, "metadata", "annotations", name):
            text = text_of(note)
            named = (text or "").split(",")
            hosts: list[str | None] = (
                [None] if text is None else [host.strip() for host in named if host.strip()]
            )
            for host in hosts:
                if host is None or not is_host_allowed(host, suspect):
                    yield _foreign(suspect, f'metadata.annotations["{name}"]', host, note)


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
    return is_service and any(matches(pattern, parts[1]) for pattern in suspect.namespaces)


def _judge(suspect: Suspect, host: yaml.Node, path: str) -> Iterator[Breach]:
    text = text_of(host)
    if text == "":
        yield _too_wide(suspect, path, host)
    elif text is None or not is_host_allowed(text, suspect):
        yield _foreign(suspect, path, text, host)


def _foreign(suspect: Suspect, path: str, host: str | None, node: yaml.Node) -> Breach:
    what = "isn't a text" if host is None else f"is {show(host)}"
    rule = suspect.cite("hosts", suspect.rule.hosts)
    return suspect.report(path, what, rule, f"Take one of these, {ADD}.", node)


def _too_wide(suspect: Suspect, path: str, node: yaml.Node | None) -> Breach:
    rule = suspect.cite("hosts", suspect.rule.hosts)
    return suspect.report(path, "names no host, which stands for every host", rule, "Name a host.", node)
