"""Write the schemas of Kubernetes that `validate` takes: `src/promotion/schemas`. `make schemas` calls it.

They are what the API server publishes (api/openapi-spec/swagger.json of Kubernetes, Apache-2.0), as the
package kubernetes-validate carries it, which the tests' lock pins by its hash. Descriptions go, and all else
that decides nothing; what stays has the words of a CRD's structural schema, and `$ref`.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parents[1] / "src/promotion/schemas"
SOURCE = "kubernetes-json-schema"

_CORE, _APPS, _BATCH, _META = "api.core.v1", "api.apps.v1", "api.batch.v1", "apimachinery.pkg.apis.meta.v1"
_ADMISSION = "api.admissionregistration.v1"
_CRD = "apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResource"
_PULL, _PROTOCOLS = ("Always", "IfNotPresent", "Never"), ("SCTP", "TCP", "UDP")
_ENDING = ("FallbackToLogsOnError", "File")
_UPDATE = ("OnDelete", "RollingUpdate")
_PREEMPTION = ("Never", "PreemptLowerPriority")
# The server refuses other values; the published definitions don't list them (k8s.io/api: the constants of
# types that are marked +enum). Those of a list are its items'.
VALUES: Mapping[str, tuple[str, ...]] = {
    f"{_CORE}.Container.imagePullPolicy": _PULL,
    f"{_CORE}.EphemeralContainer.imagePullPolicy": _PULL,
    f"{_CORE}.Container.terminationMessagePolicy": _ENDING,
    f"{_CORE}.EphemeralContainer.terminationMessagePolicy": _ENDING,
    f"{_CORE}.PodSpec.restartPolicy": ("Always", "Never", "OnFailure"),
    f"{_CORE}.PodSpec.dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    f"{_CORE}.PodSpec.preemptionPolicy": _PREEMPTION,
    "api.scheduling.v1.PriorityClass.preemptionPolicy": _PREEMPTION,
    f"{_CORE}.ContainerPort.protocol": _PROTOCOLS,
    f"{_CORE}.ServicePort.protocol": _PROTOCOLS,
    "api.networking.v1.NetworkPolicyPort.protocol": _PROTOCOLS,
    "api.networking.v1.NetworkPolicySpec.policyTypes": ("Egress", "Ingress"),
    "api.networking.v1.HTTPIngressPath.pathType": ("Exact", "ImplementationSpecific", "Prefix"),
    f"{_CORE}.ServiceSpec.type": ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    f"{_CORE}.ServiceSpec.sessionAffinity": ("ClientIP", "None"),
    f"{_CORE}.ServiceSpec.externalTrafficPolicy": ("Cluster", "Local"),
    f"{_CORE}.ServiceSpec.internalTrafficPolicy": ("Cluster", "Local"),
    f"{_CORE}.ServiceSpec.ipFamilyPolicy": ("PreferDualStack", "RequireDualStack", "SingleStack"),
    f"{_CORE}.HTTPGetAction.scheme": ("HTTP", "HTTPS"),
    f"{_CORE}.Toleration.effect": ("NoExecute", "NoSchedule", "PreferNoSchedule"),
    f"{_CORE}.NodeSelectorRequirement.operator": ("DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"),
    f"{_CORE}.TopologySpreadConstraint.whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    f"{_CORE}.PersistentVolumeClaimSpec.volumeMode": ("Block", "Filesystem"),
    f"{_CORE}.PersistentVolumeClaimSpec.accessModes": (
        "ReadOnlyMany",
        "ReadWriteMany",
        "ReadWriteOnce",
        "ReadWriteOncePod",
    ),
    f"{_CORE}.PersistentVolumeSpec.persistentVolumeReclaimPolicy": ("Delete", "Recycle", "Retain"),
    "api.storage.v1.StorageClass.reclaimPolicy": ("Delete", "Retain"),
    "api.storage.v1.StorageClass.volumeBindingMode": ("Immediate", "WaitForFirstConsumer"),
    f"{_META}.LabelSelectorRequirement.operator": ("DoesNotExist", "Exists", "In", "NotIn"),
    f"{_APPS}.DeploymentStrategy.type": ("Recreate", "RollingUpdate"),
    f"{_APPS}.DaemonSetUpdateStrategy.type": _UPDATE,
    f"{_APPS}.StatefulSetUpdateStrategy.type": _UPDATE,
    f"{_APPS}.StatefulSetSpec.podManagementPolicy": ("OrderedReady", "Parallel"),
    f"{_BATCH}.CronJobSpec.concurrencyPolicy": ("Allow", "Forbid", "Replace"),
    f"{_BATCH}.JobSpec.completionMode": ("Indexed", "NonIndexed"),
    "api.rbac.v1.RoleRef.kind": ("ClusterRole", "Role"),
    "api.rbac.v1.Subject.kind": ("Group", "ServiceAccount", "User"),
    f"{_ADMISSION}.MutatingWebhook.failurePolicy": ("Fail", "Ignore"),
    f"{_ADMISSION}.ValidatingWebhook.failurePolicy": ("Fail", "Ignore"),
    f"{_ADMISSION}.MutatingWebhook.sideEffects": ("None", "NoneOnDryRun"),
    f"{_ADMISSION}.ValidatingWebhook.sideEffects": ("None", "NoneOnDryRun"),
    f"{_CRD}DefinitionSpec.scope": ("Cluster", "Namespaced"),
    f"{_CRD}Conversion.strategy": ("None", "Webhook"),
}
# What the oldest schemas have no more, with the version that had it last, by Kubernetes' "Deprecated API
# Migration Guide"; a name without kind is a whole API version.
GONE = {
    "apps/v1beta1": "1.15",
    "apps/v1beta2": "1.15",
    "extensions/v1beta1": "1.15",
    "extensions/v1beta1 Ingress": "1.21",
    "networking.k8s.io/v1beta1": "1.21",
    "admissionregistration.k8s.io/v1beta1": "1.21",
    "apiextensions.k8s.io/v1beta1": "1.21",
    "apiregistration.k8s.io/v1beta1": "1.21",
    "authentication.k8s.io/v1beta1": "1.21",
    "authorization.k8s.io/v1beta1": "1.21",
    "certificates.k8s.io/v1beta1": "1.21",
    "coordination.k8s.io/v1beta1": "1.21",
    "rbac.authorization.k8s.io/v1beta1": "1.21",
    "scheduling.k8s.io/v1beta1 PriorityClass": "1.21",
    "storage.k8s.io/v1beta1": "1.21",
    "autoscaling/v2beta1": "1.24",
    "batch/v1beta1 CronJob": "1.24",
    "discovery.k8s.io/v1beta1": "1.24",
    "events.k8s.io/v1beta1": "1.24",
    "node.k8s.io/v1beta1": "1.24",
    "policy/v1beta1": "1.24",
    "policy/v1beta1 PodSecurityPolicy": "1.24",
}


def read_versions() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each version as `1.33`, the oldest first, with its definitions."""
    folders = {}
    for folder in files("kubernetes_validate").joinpath(SOURCE).iterdir():
        if found := re.fullmatch(r"v1\.(\d+)\.\d+-local", folder.name):
            folders[int(found[1])] = folder
    for minor, folder in sorted(folders.items()):
        definitions = json.loads(folder.joinpath("_definitions.json").read_text("utf-8"))["$defs"]
        yield f"1.{minor}", definitions


def distil(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return a version's `kinds` (the name of the schema by API version and kind) and its `schemas`."""
    kinds: dict[str, dict[str, str]] = {}
    for name, definition in definitions.items():
        for entry in definition.get("x-kubernetes-group-version-kind", ()):
            api_version = "/".join(part for part in (entry["group"], entry["version"]) if part)
            if "metadata" in definition.get("properties", ()):
                kinds.setdefault(api_version, {})[entry["kind"]] = _short(name)
    schemas = {_short(name): _distil(definition, _short(name)) for name, definition in definitions.items()}
    return {"kinds": kinds, "schemas": schemas}


def _distil(schema: Mapping[str, Any], place: str) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": _short(schema["$ref"].rpartition("/")[2])}
    if place.endswith(".IntOrString"):
        return {"x-kubernetes-int-or-string": True}
    if place.endswith(".Quantity"):
        return {"format": "quantity"}
    kind = schema.get("type")
    new: dict[str, Any] = {"type": kind if isinstance(kind, str) else kind[0]} if kind else {}
    new |= {key: schema[key] for key in ("format", "required") if key in schema}
    if place in VALUES and new["type"] != "array":
        new["enum"] = list(VALUES[place])
    if "properties" in schema:
        new["properties"] = {
            name: _distil(part, f"{place}.{name}") for name, part in schema["properties"].items()
        }
        if {"apiVersion", "kind", "status"} <= new["properties"].keys():
            new["properties"]["status"] = _ANYTHING  # what one writes there, the server overwrites
    for key in ("items", "additionalProperties"):
        if key in schema:
            new[key] = _distil(schema[key], place)
    if place in VALUES and new["type"] == "array":
        new["items"]["enum"] = list(VALUES[place])
    if new.get("type", "object") == "object" and not new.keys() & {"properties", "additionalProperties"}:
        new["x-kubernetes-preserve-unknown-fields"] = True
    return new


_ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}


def _short(name: str) -> str:
    return name.removeprefix("io.k8s.")


def render() -> dict[str, bytes]:
    """Every file by its name."""
    written: dict[str, bytes] = {}
    spans: dict[str, list[str]] = {name: ["", last] for name, last in GONE.items()}
    found = set()
    for version, definitions in read_versions():
        content = distil(definitions)
        found |= {name for name in VALUES if _has(content["schemas"], name)}
        text = json.dumps(content, separators=(",", ":"), sort_keys=True)
        # No time in it: equal schemas are equal files.
        written[f"{version}.json.gz"] = gzip.compress(text.encode(), 9, mtime=0)
        for api_version, kinds in content["kinds"].items():
            for kind in kinds:
                spans.setdefault(f"{api_version} {kind}", [version, version])[1] = version
    if missing := VALUES.keys() - found:
        raise SystemExit(f"no version has {', '.join(sorted(missing))}")
    rows = [f"{json.dumps(name)}: {json.dumps(span)}" for name, span in sorted(spans.items())]
    written["kinds.json"] = ("{\n" + ",\n".join(rows) + "\n}\n").encode()
    return written


def _has(schemas: Mapping[str, Any], name: str) -> bool:
    owner, _, field = name.rpartition(".")
    return field in schemas.get(owner, {}).get("properties", {})


if __name__ == "__main__":
    OUTPUT.mkdir(exist_ok=True)
    for old in [*OUTPUT.glob("*.json.gz"), *OUTPUT.glob("kinds.json")]:
        old.unlink()
    for name, data in render().items():
        (OUTPUT / name).write_bytes(data)
