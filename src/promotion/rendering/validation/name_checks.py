"""What every resource has, and which names Kubernetes takes. Only rules of all its versions are here."""

from __future__ import annotations

from collections.abc import Iterator

from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.validation.field_checks import SUBSTITUTED, FieldFault
from promotion.rendering.validation.key_spellings import find_label_fault, find_subdomain_fault
from promotion.rendering.validation.manifest_items import Item

_SUBDOMAIN_KINDS = {
    "": "ConfigMap Endpoints LimitRange PersistentVolume PersistentVolumeClaim Pod PodTemplate "
    "ReplicationController ResourceQuota Secret ServiceAccount",
    "admissionregistration.k8s.io": "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apps": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling": "HorizontalPodAutoscaler",
    "batch": "CronJob Job",
    "coordination.k8s.io": "Lease",
    "discovery.k8s.io": "EndpointSlice",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io": "Ingress IngressClass NetworkPolicy",
    "node.k8s.io": "RuntimeClass",
    "policy": "PodDisruptionBudget",
    "scheduling.k8s.io": "PriorityClass",
    "storage.k8s.io": "StorageClass",
}
_SUBDOMAINS = {(group, kind) for group, kinds in _SUBDOMAIN_KINDS.items() for kind in kinds.split()}
_LABELS = {("", "Namespace"), ("", "Service")}
_LONGEST = {("batch", "CronJob"): 52}  # its jobs' names are longer by 11


def find_head_faults(item: Item, *, is_custom: bool) -> Iterator[FieldFault]:
    """Yield what is wrong with a resource's version, kind, name and namespace.

    Args:
        is_custom: the kind is defined by a CustomResourceDefinition.
    """
    if not item.api_version:
        yield FieldFault(("apiVersion",), "is missing", item.line)
    if not item.kind:
        yield FieldFault(("kind",), "is missing", item.line)
    if not (item.name or item.generated):
        yield FieldFault(("metadata", "name"), "is missing", item.line)
    elif SUBSTITUTED not in item.name and (
        problem := find_name_fault(item.group, item.kind, item.name, is_custom=is_custom)
    ):
        yield FieldFault(("metadata", "name"), f"{problem}, and is {show(item.name)}", item.line)
    if SUBSTITUTED not in item.generated and (problem := _find_beginning_fault(item, is_custom=is_custom)):
        yield FieldFault(("metadata", "generateName"), f"{problem}, and is {show(item.generated)}", item.line)
    if item.namespace and SUBSTITUTED not in item.namespace and (problem := find_label_fault(item.namespace)):
        yield FieldFault(("metadata", "namespace"), f"{problem}, and is {show(item.namespace)}", item.line)


def _find_beginning_fault(item: Item, *, is_custom: bool) -> str:
    """Return why the server can't make names that begin so; it cuts what is too long."""
    name = f"{item.generated[:200]}a" if item.generated else ""
    return "" if item.name else find_name_fault(item.group, item.kind, name, is_custom=is_custom)


def find_name_fault(group: str, kind: str, name: str, *, is_custom: bool) -> str:
    """Return why a name can't be; empty if it can."""
    if not name:
        return ""
    if name in (".", "..") or "/" in name or "%" in name:
        return "can't be `.` or `..`, or have `/` or `%` in it"
    if (group, kind) in _LABELS:
        return find_label_fault(name)
    if is_custom or (group, kind) in _SUBDOMAINS:
        longest = _LONGEST.get((group, kind), 253)
        if len(name) > longest:
            return f"must be at most {longest} characters long"
        return find_subdomain_fault(name)
    return ""
