"""The kinds that a version of Kubernetes has built in, and what became of those that it hasn't."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property

from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.definition.spelling_remarks import find_close, show
from promotion.rendering.validation.field_checks import Schema
from promotion.rendering.validation.kinds.limit_rules import add_limits
from promotion.rendering.validation.kubernetes_versions import minor_of

_MATURITY = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
# Kinds without a namespace; the published schemas don't say it.
_CLUSTER_KINDS = frozenset(
    {
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IPAddress",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PodSecurityPolicy",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    }
)


@dataclass(frozen=True, kw_only=True)
class KubernetesApi:
    """What one version of Kubernetes takes.

    `kinds`: by API version and kind the name of its schema in `schemas`. `history`: for `API version kind`,
    or a whole API version, the first and the last version that had it; the first may be empty.
    """

    version: str
    kinds: Mapping[str, Mapping[str, str]]
    schemas: Mapping[str, Schema]
    history: Mapping[str, tuple[str, str]]

    def find_schema(self, api_version: str, kind: str) -> Schema | None:
        """Return the schema of a built-in kind, by its name, or None if there is no such kind."""
        name = self.kinds.get(api_version, {}).get(kind)
        return None if name is None else {"$ref": name}

    def has_group(self, group: str) -> bool:
        """Return whether a group is built in, in whatever version."""
        return group in self._groups

    def is_cluster_wide(self, group: str, kind: str) -> bool:
        """Return whether a built-in kind has no namespace."""
        return kind in _CLUSTER_KINDS and self.has_group(group)

    def explain(self, api_version: str, kind: str) -> str:
        """Return why a kind of a built-in group isn't there, and what to use instead."""
        what = f"Kubernetes {self.version} has no {show(kind)} of {show(api_version)}"
        others = self._find_api_versions(kind, api_version)
        use = f". Use {others[0]}" if others else ""
        span = self.history.get(f"{api_version} {kind}")
        if span is None and others:
            span = self.history.get(api_version)
        if span and span[0] and minor_of(span[0]) > minor_of(self.version):
            return f"{what}: it came with {span[0]}"
        if span:
            return f"{what}: it was removed in 1.{minor_of(span[1]) + 1}{use}"
        meant = find_close(kind, self.kinds.get(api_version, ()))
        return what + (f": did you mean {show(meant)}?" if meant else use)

    def _find_api_versions(self, kind: str, api_version: str) -> list[str]:
        """Return where else a kind is: in its group first, the most mature first."""
        group = api_version.rpartition("/")[0]

        def rank(candidate: str) -> tuple[bool, bool, int, int]:
            other, _, version = candidate.rpartition("/")
            found = _MATURITY.fullmatch(version)
            stage = ("", "beta", "alpha").index(found[2] or "") if found else 3
            return other != group, stage > 0, stage, -int(found[1]) if found else 0

        return sorted((name for name, kinds in self.kinds.items() if kind in kinds), key=rank)

    @cached_property
    def _groups(self) -> frozenset[str]:
        names = (*self.kinds, *(name.partition(" ")[0] for name in self.history))
        return frozenset(name.rpartition("/")[0] for name in names)


def read_api(version: str, schemas: bytes, history: bytes) -> KubernetesApi:
    """Return the version from the files that `.ci/schemas.py` writes."""
    content = json.loads(schemas)
    spans = {name: (span[0], span[1]) for name, span in json.loads(history).items()}
    return KubernetesApi(
        version=version, kinds=content["kinds"], schemas=add_limits(content["schemas"]), history=spans
    )
