"""Says by other means than the program what a part may make: on plain values, from the documented rules.

It knows neither nodes nor texts: who asks gives the values that a reader would see, all of them if readers
differ, and the rules as the file has them.
"""

from __future__ import annotations

import re
from typing import Any

SAFE = [
    "ConfigMap",
    "Secret",
    "Service",
    "ServiceAccount",
    "Pod",
    "PersistentVolumeClaim",
    "ReplicationController",
    "apps/Deployment",
    "apps/StatefulSet",
    "apps/DaemonSet",
    "apps/ReplicaSet",
    "batch/Job",
    "batch/CronJob",
    "autoscaling/HorizontalPodAutoscaler",
    "networking.k8s.io/Ingress",
    "networking.k8s.io/NetworkPolicy",
    "policy/PodDisruptionBudget",
]
OTHER = [
    "rbac.authorization.k8s.io/Role",
    "rbac.authorization.k8s.io/RoleBinding",
    "Endpoints",
    "ResourceQuota",
    "LimitRange",
    "discovery.k8s.io/EndpointSlice",
    "coordination.k8s.io/Lease",
]
CLUSTER_WIDE = {
    "ClusterRole": "rbac.authorization.k8s.io",
    "ClusterRoleBinding": "rbac.authorization.k8s.io",
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "APIService": "apiregistration.k8s.io",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io",
    "Namespace": "",
    "PriorityClass": "scheduling.k8s.io",
}
BUILTIN = {"", "apps", "batch", "policy", "autoscaling", *CLUSTER_WIDE.values()}
BUILTIN |= {name.partition("/")[0] for name in (*SAFE, *OTHER) if "/" in name}
APPLIERS = (
    "kustomize.toolkit.fluxcd.io/Kustomization",
    "helm.toolkit.fluxcd.io/HelmRelease",
    "argoproj.io/Application",
    "helm.cattle.io/HelmChart",
)
DNS = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")


def glob(pattern: str, text: str) -> bool:
    out = ""
    for piece in re.findall(r"\*\*|.", pattern):
        out += {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return re.fullmatch(out, text, re.DOTALL) is not None


def at(value: Any, *path: str) -> list[Any]:
    """All that is found there; a list on the way stands for its items."""
    if isinstance(value, list):
        return [found for item in value for found in at(item, *path)]
    if not path:
        return [value]
    if not isinstance(value, dict) or path[0] not in value:
        return []
    return at(value[path[0]], *path[1:])


class Oracle:
    def __init__(self, entry: dict[str, Any], part: str, scopes: dict[str, str]) -> None:
        self.entry, self.scopes = entry, scopes
        self.spaces = [pattern.replace("{part}", part) for pattern in entry.get("namespaces", [])]

    def refuses(self, document: dict[str, Any], kind: str = "", version: str = "") -> bool:
        """Whether anything in a document, or in the list that it is, isn't allowed."""
        kind, version = document.get("kind") or kind, document.get("apiVersion") or version
        items = document.get("items")
        if isinstance(items, list):
            is_list = isinstance(kind, str) and kind.endswith("List")
            typed = (kind[:-4], version) if is_list and kind != "List" else ("", "")
            if is_list:
                own = not (isinstance(version, str) and version)
            else:
                own = self.refuses_one(document, kind, version)
            return own or any(self.refuses(item, *typed) for item in items)
        return self.refuses_one(document, kind, version)

    def refuses_one(self, document: dict[str, Any], kind: Any, version: Any) -> bool:
        if not (isinstance(kind, str) and kind and isinstance(version, str) and version):
            return True
        group = version.rpartition("/")[0]
        meta = document.get("metadata") or {}
        space, name = meta.get("namespace") or "", meta.get("name") or ""
        full = f"{group}/{kind}" if group else kind
        if not isinstance(space, str) or not isinstance(name, str) or (space and not DNS.match(space)):
            return True
        if re.search(r"[${}\s%*?/]", name):
            return True
        own_space = any(glob(pattern, space) for pattern in self.spaces)
        if self.has_namespace(full, group):
            if not self.kind_allowed(full, group, kind) or not space or not own_space:
                return True
        elif full == "Namespace":
            own = name and any(glob(pattern, name) for pattern in self.spaces)
            if not own and not self.cluster_allowed(group, kind, name):
                return True
        elif not self.cluster_allowed(group, kind, name) or (space and not own_space):
            return True
        return self.harms(full, document, name) or self.bad_host(full, document) or self.bad_image(document)

    def has_namespace(self, full: str, group: str) -> bool:
        if group in BUILTIN:
            return full in SAFE or full in OTHER
        return self.scopes.get(full) == "Namespaced"

    def kind_allowed(self, full: str, group: str, kind: str) -> bool:
        kinds = self.entry.get("kinds", SAFE)
        for written in kinds:
            first, dot, rest = written.partition(".")
            pattern = f"{rest}/{first}" if dot and "/" not in written else written
            if full in APPLIERS:
                if pattern == full:
                    return True
            elif pattern == "*":
                if group in BUILTIN:
                    return True
            elif "/" in pattern:
                if group and glob(pattern.partition("/")[0], group) and glob(pattern.partition("/")[2], kind):
                    return True
            elif pattern == full:
                return True
        return False

    def cluster_allowed(self, group: str, kind: str, name: Any) -> bool:
        for pattern in self.entry.get("cluster-scoped", []):
            head, _, names = pattern.partition("/")
            first, dot, rest = head.partition(".")
            there = rest if dot else CLUSTER_WIDE.get(first)
            if (first, there) == (kind, group) and name and isinstance(name, str) and glob(names, name):
                return True
        return False

    def harms(self, full: str, document: dict[str, Any], name: str) -> bool:
        rbac = "rbac.authorization.k8s.io"
        if full in (f"{rbac}/RoleBinding", f"{rbac}/ClusterRoleBinding"):
            for ref in at(document, "roleRef"):
                role, kind = ref.get("name"), ref.get("kind")
                if kind == "Role" and self.kind_allowed(f"{rbac}/Role", rbac, "Role"):
                    continue
                if kind != "ClusterRole" or not self.cluster_allowed(rbac, "ClusterRole", role):
                    return True
            spaces = at(document, "metadata", "namespace") if full == f"{rbac}/RoleBinding" else []
            implied = str(spaces[-1]) if spaces else ""
            return not all(self.own_subject(subject, implied) for subject in at(document, "subjects"))
        labels = (document.get("metadata") or {}).get("labels") or {}
        if full == f"{rbac}/ClusterRole":
            if document.get("aggregationRule") is not None:
                return True
            targets = [key.partition("/aggregate-to-")[2] for key in labels if "/aggregate-to-" in key]
            return not all(self.cluster_allowed(rbac, "ClusterRole", target) for target in targets)
        if full == "Namespace" and not self.cluster_allowed("", "Namespace", name):
            return any(key.startswith("pod-security.kubernetes.io/") for key in labels)
        if full == "Service":
            hosts = self.entry.get("hosts")
            for alias in at(document, "spec", "externalName"):
                if alias and (hosts is None or not self.host_allowed(alias)):
                    return True
            return bool(at(document, "spec", "externalIPs"))
        return False

    def own_subject(self, subject: dict[str, Any], implied: str) -> bool:
        kind, name, space = subject.get("kind"), subject.get("name", ""), subject.get("namespace") or implied
        if kind == "ServiceAccount":
            return bool(space) and any(glob(pattern, space) for pattern in self.spaces)
        if not name or kind not in ("User", "Group"):
            return False
        if not name.startswith("system:"):
            return True
        words = name.split(":")
        expected = {"User": "serviceaccount", "Group": "serviceaccounts"}[kind]
        return len(words) >= 3 and words[1] == expected and any(glob(p, words[2]) for p in self.spaces)

    def host_allowed(self, host: Any) -> bool:
        if not isinstance(host, str) or not re.fullmatch(r"[a-z0-9*._-]+", host.lower()):
            return False
        host = host.lower()
        stand_ins = [host.replace("*", "x"), host.replace("*", "xx.yy")]
        return any(all(glob(pattern, one) for one in stand_ins) for pattern in self.entry["hosts"])

    def bad_host(self, full: str, document: dict[str, Any]) -> bool:
        if "hosts" not in self.entry:
            return False
        if full == "networking.k8s.io/Ingress":
            rules = at(document, "spec", "rules")
            hosts = [rule.get("host") for rule in rules] + at(document, "spec", "tls", "hosts")
            if at(document, "spec", "defaultBackend"):
                return True
            return not all(self.host_allowed(host) for host in hosts)
        if full == "gateway.networking.k8s.io/HTTPRoute":
            hosts = at(document, "spec", "hostnames")
            return not hosts or not all(self.host_allowed(host) for host in hosts)
        if full == "gateway.networking.k8s.io/Gateway":
            hosts = [listener.get("hostname") for listener in at(document, "spec", "listeners")]
            return not hosts or not all(self.host_allowed(host) for host in hosts)
        return False

    def bad_image(self, document: dict[str, Any]) -> bool:
        """Whether some container, of whatever kind, runs an image that isn't allowed."""
        if "images" not in self.entry:
            return False
        todo: list[Any] = [document]
        while todo:
            value = todo.pop()
            if isinstance(value, dict):
                for key, below in value.items():
                    if key in ("containers", "initContainers", "ephemeralContainers"):
                        images = at(below, "image")
                        if not all(image is None or self.image_allowed(image) for image in images):
                            return True
                    todo.append(below)
            elif isinstance(value, list):
                todo += value
        return False

    def image_allowed(self, image: str) -> bool:
        name = image.split("@", maxsplit=1)[0]
        if ":" in name.split("/")[-1]:
            name = name.rpartition(":")[0]
        if not re.fullmatch(r"[A-Za-z0-9._/:-]+", name):
            return False
        return any(glob(full_image(pattern), full_image(name)) for pattern in self.entry["images"])


def full_image(name: str) -> str:
    first, slash, rest = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    if first in ("index.docker.io", "docker.io"):
        return f"docker.io/{rest if '/' in rest else f'library/{rest}'}"
    if "." in first or ":" in first or first == "localhost":
        return f"{first.lower()}/{rest}"
    return f"docker.io/{name}"
