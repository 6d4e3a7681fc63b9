"""Random manifests with what an attacker tries, each with what the readers of it would see."""

from __future__ import annotations

import json
from random import Random
from typing import Any

Documents = list[dict[str, Any]]

RBAC = "rbac.authorization.k8s.io"
_KINDS = (
    "v1 ConfigMap,v1 Secret,v1 Service,v1 ServiceAccount,apps/v1 Deployment,batch/v1 CronJob,"
    "batch/v1 Job,v1 Pod,"
    f"networking.k8s.io/v1 Ingress,{RBAC}/v1 Role,{RBAC}/v1 RoleBinding,{RBAC}/v1 ClusterRole,"
    f"{RBAC}/v1 ClusterRoleBinding,v1 Namespace,apiextensions.k8s.io/v1 CustomResourceDefinition,"
    "apiregistration.k8s.io/v1 APIService,admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration,"
    "kustomize.toolkit.fluxcd.io/v1 Kustomization,helm.toolkit.fluxcd.io/v2 HelmRelease,"
    "argoproj.io/v1alpha1 Application,helm.cattle.io/v1 HelmChart,acme.io/v1 Kennel,acme.io/v1 Shelter,"
    "other.io/v1 Thing,gateway.networking.k8s.io/v1 HTTPRoute,gateway.networking.k8s.io/v1 Gateway,"
    "v1 Endpoints,v1 ResourceQuota,v1 configmap,v1 Deployment,rbac.authorization.k8s.io/v1 clusterrole,"
    "v1 DeploymentList,apps/v1 deployment,scheduling.k8s.io/v1 PriorityClass,"
    "discovery.k8s.io/v1 EndpointSlice"
).split(",")
_SAFE = [*_KINDS[:9], "apps/v1 Deployment", "acme.io/v1 Kennel"]
_FOCUS = [
    "v1 Namespace",
    "networking.k8s.io/v1 Ingress",
    "v1 Service",
    *(f"{RBAC}/v1 {kind}" for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")),
]
_SPACES = (
    "cats",
    "cats",
    "cats",
    "cats-dev",
    "dogs",
    "kube-system",
    "",
    None,
    7,
    "catsx",
    "flux-system",
    "${NS}",
)
_NAMES = (
    "cat",
    "cat-web",
    "cat:x",
    "dog",
    "view",
    "cluster-admin",
    "cats",
    "",
    None,
    "cat-${X}",
    "cat-1.acme.io",
)
_HOSTS = (
    "cats.example.com",
    "CATS.example.com",
    "a.cats.example.com",
    "*.cats.example.com",
    "dogs.example.com",
    "*.example.com",
    "",
    None,
    "*",
    "cats.example.com.evil.com",
    "${H}.cats.example.com",
)
_IMAGES = (
    "ghcr.io/acme/cat-web:1",
    "ghcr.io/acme/cat-web@sha256:" + "0" * 64,
    "ghcr.io/acme/dog",
    "nginx",
    "docker.io/library/nginx:1",
    "nginx.evil.io/nginx",
    "ghcr.io/acme/cat-x/y",
    "localhost:5000/nginx",
    "GHCR.IO/acme/cat-web",
    None,
    "library/nginx",
    "ghcr.io/acme/cat-${T}",
    "index.docker.io/nginx",
)
_ENTRIES: tuple[dict[str, Any], ...] = (
    {"namespaces": ["{part}"]},
    {"namespaces": ["cats", "cats-*"], "hosts": ["cats.example.com", "*.cats.example.com"]},
    {"namespaces": ["cats"], "images": ["ghcr.io/acme/cat-*", "nginx"]},
    {"namespaces": ["cats"], "kinds": ["*"], "cluster-scoped": ["ClusterRole/cat*", "Namespace/cats"]},
    {
        "namespaces": ["cats", "dogs"],
        "kinds": ["apps/*", "Service", "ConfigMap", "acme.io/*", "*.toolkit.fluxcd.io/*"],
    },
    {
        "namespaces": ["c?ts"],
        "kinds": [f"{RBAC}/*", "argoproj.io/*", "Kustomization.kustomize.toolkit.fluxcd.io"],
        "cluster-scoped": [
            "ClusterRole/view",
            "ClusterRoleBinding/cat*",
            "CustomResourceDefinition/*.acme.io",
        ],
    },
    {
        "namespaces": ["*"],
        "kinds": ["*", "acme.io/Kennel", "gateway.networking.k8s.io/*"],
        "cluster-scoped": ["Shelter.acme.io/cat*", "Thing.other.io/cat*"],
        "hosts": ["*.example.com"],
        "images": ["ghcr.io/acme/*"],
    },
    {
        "namespaces": ["cats"],
        "hosts": ["?.cats.example.com", "cats.example.com"],
        "kinds": ["*"],
        "cluster-scoped": ["ClusterRole/*", "ClusterRoleBinding/*"],
    },
    {"namespaces": [], "cluster-scoped": ["ClusterRole/*", "APIService/cat*", "PriorityClass/cat"]},
)
SCOPES = {
    "acme.io/Kennel": "Namespaced",
    "acme.io/Shelter": "Cluster",
    "gateway.networking.k8s.io/HTTPRoute": "Namespaced",
    "gateway.networking.k8s.io/Gateway": "Namespaced",
    "helm.cattle.io/HelmChart": "Namespaced",
    "kustomize.toolkit.fluxcd.io/Kustomization": "Namespaced",
    "helm.toolkit.fluxcd.io/HelmRelease": "Namespaced",
    "argoproj.io/Application": "Namespaced",
}


def pick_entry(random: Random) -> dict[str, Any]:
    return random.choice(_ENTRIES)


def make_resource(random: Random) -> dict[str, Any]:
    """A resource, as its readers see it; half of them try nothing bad at first."""
    is_good = random.random() < 0.5
    kinds = _SAFE if is_good else _FOCUS if random.random() < 0.4 else _KINDS
    version, kind = random.choice(kinds).split()
    metadata: dict[str, Any] = {"name": random.choice(_NAMES[:3] if is_good else _NAMES)}
    space = random.choice(_SPACES[:3] if is_good else _SPACES)
    if space != "" or random.random() < 0.5:
        metadata["namespace"] = space
    if random.random() < 0.1:
        metadata["generateName"] = "cat-"
    if random.random() < 0.1:
        metadata.pop("name", None)
    if random.random() < 0.2:
        labels = (
            "app",
            f"{RBAC}/aggregate-to-admin",
            f"{RBAC}/aggregate-to-view",
            "my.io/aggregate-to-cat",
            "pod-security.kubernetes.io/enforce",
        )
        metadata["labels"] = {random.choice(labels): "true"}
    resource: dict[str, Any] = {"apiVersion": version, "kind": kind, "metadata": metadata}
    resource |= _body(random, kind)
    return resource


def _body(random: Random, kind: str) -> dict[str, Any]:
    if kind in ("RoleBinding", "ClusterRoleBinding"):
        ref = {
            "kind": random.choice(("Role", "ClusterRole", "clusterrole")),
            "name": random.choice(_NAMES[:6]),
        }
        return {"roleRef": ref, "subjects": [_subject(random) for _ in range(random.randrange(3))]}
    if kind == "ClusterRole" and random.random() < 0.3:
        return {"aggregationRule": {"clusterRoleSelectors": []}}
    if kind == "Service":
        spec: dict[str, Any] = {"ports": []}
        if random.random() < 0.3:
            spec |= {"type": "ExternalName", "externalName": random.choice(_HOSTS)}
        if random.random() < 0.1:
            spec["externalIPs"] = ["10.0.0.1"]
        return {"spec": spec}
    if kind == "Ingress":
        spec = {"rules": [_host(random, "host") for _ in range(random.randrange(3))]}
        if random.random() < 0.3:
            spec["tls"] = [{"hosts": [random.choice(_HOSTS)]}]
        if random.random() < 0.1:
            spec["defaultBackend"] = {"service": {"name": "x"}}
        return {"spec": spec}
    if kind == "HTTPRoute":
        return {"spec": {"hostnames": [random.choice(_HOSTS) for _ in range(random.randrange(3))]}}
    if kind == "Gateway":
        return {"spec": {"listeners": [_host(random, "hostname") for _ in range(random.randrange(3))]}}
    pod = {
        name: [{"name": "c", "image": random.choice(_IMAGES)} for _ in range(random.randrange(1, 3))]
        for name in random.sample(
            ("containers", "initContainers", "ephemeralContainers"), random.randrange(1, 3)
        )
    }
    if kind == "Pod":
        return {"spec": pod}
    if kind == "CronJob":
        return {"spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}}
    if kind in ("Deployment", "Job", "Kennel", "deployment"):
        return {"spec": {"template": {"spec": pod}}}
    return {"data": {"a": "b"}} if random.random() < 0.5 else {}


def _host(random: Random, name: str) -> dict[str, Any]:
    return {"port": 1} if random.random() < 0.15 else {name: random.choice(_HOSTS)}


def _subject(random: Random) -> dict[str, Any]:
    kind = random.choice(("ServiceAccount", "ServiceAccount", "User", "Group"))
    if kind == "ServiceAccount":
        found = {
            "kind": kind,
            "name": "default",
            "namespace": random.choice(("cats", "dogs", "kube-system", "")),
        }
        return found if random.random() < 0.9 else {"kind": kind, "name": "default"}
    names = (
        "alice",
        "system:masters",
        "system:serviceaccount:dogs:x",
        "system:serviceaccount:cats:x",
        "system:serviceaccounts",
        "system:serviceaccounts:cats",
        "system:serviceaccounts:dogs",
        "system:authenticated",
    )
    return {"kind": kind, "name": random.choice(names)}


def wrap(random: Random, resources: Documents) -> dict[str, Any]:
    """The resources in a list of some kind, or the first alone."""
    choice = random.random()
    if choice < 0.6 or not resources:
        return resources[0]
    if choice < 0.8:
        return {"apiVersion": "v1", "kind": "List", "items": resources}
    if choice < 0.85:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "x", "namespace": random.choice(("cats", "dogs"))},
            "items": resources,
        }
    if choice < 0.9:
        return {"apiVersion": "v1", "kind": "List", "items": [wrap(random, resources)]}
    first = dict(resources[0])
    version, kind = first.pop("apiVersion"), first.pop("kind")
    return {"apiVersion": version, "kind": f"{kind}List", "items": [first]}


def write(random: Random, document: dict[str, Any]) -> tuple[str, Documents | None]:
    """A text of the document, and what else its readers may see; None if they must not be asked at all."""
    style = random.random()
    if style < 0.1:
        return json.dumps(document) + "\n", []
    if style < 0.85:
        return "\n".join(_block(random, document, 0)) + "\n", []
    return _disguise(random, document)


def _disguise(random: Random, document: dict[str, Any]) -> tuple[str, Documents | None]:
    """Write it so that some reader sees something else."""
    lines = _block(random, document, 0)
    trick = random.randrange(6)
    if trick == 0:  # a key twice, of which the first counts for some and the last for others
        other = dict(document, kind="ClusterRole", apiVersion=f"{RBAC}/v1")
        return "\n".join([*lines, "kind: ClusterRole"]) + "\n", None if "kind" in document else [other]
    if trick == 1:
        return "\n".join([*lines, "Kind: ClusterRole"]) + "\n", None
    if trick == 2:  # `kind`, as base64
        lines = [line for line in lines if not line.startswith(("kind:", "'kind':", '"kind":'))]
        return "\n".join(["!!binary a2luZA==: ClusterRole", *lines]) + "\n", None
    if trick == 3:  # a merge key that brings a namespace beside its own
        base = "x-base: &base {namespace: dogs}"
        other = {**document, "metadata": {**(document.get("metadata") or {}), "namespace": "dogs"}}
        lines = [
            "metadata: {<<: *base, namespace: cats, name: cat}" if line.startswith("metadata") else line
            for line in _flat(document)
        ]
        return "\n".join([base, *lines]) + "\n", None if "metadata" in document else [other]
    if trick == 4:  # aliases, which every reader follows
        text = json.dumps(document.get("metadata", {"name": "x"}))
        rest = {key: value for key, value in document.items() if key != "metadata"}
        lines = [f"x-copy: &copy {text}", *_flat(rest)]
        if "metadata" in document:
            lines.append("metadata: *copy")
        return "\n".join(lines) + "\n", []
    spec = document.get("spec")  # a field of the spec twice
    if not isinstance(spec, dict) or not spec:
        return "\n".join(lines) + "\n", []
    other = _body(random, document["kind"])
    if not isinstance(other.get("spec"), dict):
        return "\n".join(lines) + "\n", []
    twice = dict(document, spec=other["spec"])
    return "\n".join([*_flat(document), f"spec: {json.dumps(other['spec'])}"]) + "\n", [twice]


def _flat(document: dict[str, Any]) -> list[str]:
    return [f"{key}: {json.dumps(value)}" for key, value in document.items()]


def _block(random: Random, value: dict[str, Any], depth: int) -> list[str]:
    lines = []
    indent = "  " * depth
    keys = list(value)
    random.shuffle(keys)
    for key in keys:
        below = value[key]
        shown = key if random.random() < 0.8 and not set(key) & set("/:") else json.dumps(key)
        if isinstance(below, dict) and below and random.random() < 0.8:
            lines += [f"{indent}{shown}:", *_block(random, below, depth + 1)]
        elif isinstance(below, list) and below and all(isinstance(part, dict) and part for part in below):
            lines.append(f"{indent}{shown}:")
            for part in below:
                inner = _block(random, part, depth + 1)
                lines += [f"{indent}- {inner[0].lstrip()}", *inner[1:]]
        else:
            lines.append(f"{indent}{shown}: {json.dumps(below)}")
    return lines
