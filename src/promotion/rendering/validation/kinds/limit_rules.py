"""Limits of single fields that the published schemas don't have, as the words of a schema.

From pkg/apis/*/validation of Kubernetes, mostly core/validation/validation.go. Where versions of Kubernetes
differ, the loosest counts. A field that takes nothing else when it is empty takes 0 or an empty text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_COUNT: Mapping[str, Any] = {"minimum": 0}
_POSITIVE: Mapping[str, Any] = {"minimum": 1}
_PORT: Mapping[str, Any] = {"minimum": 1, "maximum": 65535}
_PORT_OR_NONE: Mapping[str, Any] = {"minimum": 0, "maximum": 65535}
_USER: Mapping[str, Any] = {"minimum": 0, "maximum": 0xFFFFFFFF}
_MODE: Mapping[str, Any] = {"minimum": 0, "maximum": 0o777}
_WEIGHT: Mapping[str, Any] = {"minimum": 1, "maximum": 100}
_SHARE: Mapping[str, Any] = {"format": "share"}


def _format(name: str) -> Mapping[str, Any]:
    return {"format": name}


_LABEL, _SUBDOMAIN, _KEY = _format("label"), _format("subdomain"), _format("key")
_CONTAINER: Mapping[str, Mapping[str, Any]] = {"name": _LABEL}
_PROBE = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_MODES: Mapping[str, Mapping[str, Any]] = {"defaultMode": _MODE}
_KEY_REFERENCE: Mapping[str, Mapping[str, Any]] = {"name": _SUBDOMAIN, "key": _format("config-key")}
_WEBHOOK: Mapping[str, Mapping[str, Any]] = {"timeoutSeconds": {"minimum": 1, "maximum": 30}}

# By the name of a schema, as Kubernetes publishes it, and the field; those of a list are its items'.
LIMITS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    # core
    "api.core.v1.Container": _CONTAINER,
    "api.core.v1.EphemeralContainer": _CONTAINER,
    "api.core.v1.ContainerPort": {
        "containerPort": _PORT,
        "hostPort": _PORT_OR_NONE,
        "name": _format("port-name"),
    },
    "api.core.v1.EnvVar": {"name": _format("environment")},
    "api.core.v1.EnvFromSource": {"prefix": _format("environment")},
    "api.core.v1.ConfigMapKeySelector": _KEY_REFERENCE,
    "api.core.v1.SecretKeySelector": _KEY_REFERENCE,
    "api.core.v1.HTTPGetAction": {"port": _format("port")},
    "api.core.v1.HTTPHeader": {"name": _format("header")},
    "api.core.v1.TCPSocketAction": {"port": _format("port")},
    "api.core.v1.GRPCAction": {"port": _PORT},
    "api.core.v1.Probe": {**dict.fromkeys(_PROBE, _COUNT), "terminationGracePeriodSeconds": _POSITIVE},
    "api.core.v1.PodSpec": {
        "activeDeadlineSeconds": {"minimum": 1, "maximum": 2**31 - 1},
        "hostname": _LABEL,
        "subdomain": _LABEL,
        "serviceAccountName": _SUBDOMAIN,
        "nodeName": _SUBDOMAIN,
        "priorityClassName": _SUBDOMAIN,
        "runtimeClassName": _SUBDOMAIN,
    },
    "api.core.v1.PodSecurityContext": {
        **dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"), _USER)
    },
    "api.core.v1.SecurityContext": dict.fromkeys(("runAsUser", "runAsGroup"), _USER),
    "api.core.v1.HostAlias": {"ip": _format("ip"), "hostnames": _SUBDOMAIN},
    "api.core.v1.PodDNSConfig": {"nameservers": _format("ip")},
    "api.core.v1.PodReadinessGate": {"conditionType": _KEY},
    "api.core.v1.Toleration": {"key": _KEY},
    "api.core.v1.TopologySpreadConstraint": {"maxSkew": _POSITIVE, "minDomains": _POSITIVE},
    "api.core.v1.WeightedPodAffinityTerm": {"weight": _WEIGHT},
    "api.core.v1.PreferredSchedulingTerm": {"weight": _WEIGHT},
    "api.core.v1.Volume": {"name": _LABEL},
    "api.core.v1.KeyToPath": {"mode": _MODE},
    "api.core.v1.ConfigMapVolumeSource": _MODES,
    "api.core.v1.SecretVolumeSource": _MODES,
    "api.core.v1.ProjectedVolumeSource": _MODES,
    "api.core.v1.DownwardAPIVolumeSource": _MODES,
    "api.core.v1.ServiceAccountTokenProjection": {"expirationSeconds": {"minimum": 600, "maximum": 2**32}},
    "api.core.v1.ServicePort": {
        "name": _LABEL,
        "port": _PORT,
        "nodePort": _PORT_OR_NONE,
        "targetPort": _format("port-or-none"),
        "appProtocol": _KEY,
    },
    "api.core.v1.ServiceSpec": {"externalIPs": _format("ip"), "healthCheckNodePort": _PORT_OR_NONE},
    "api.core.v1.ClientIPConfig": {"timeoutSeconds": {"minimum": 1, "maximum": 86400}},
    "api.core.v1.ReplicationControllerSpec": dict.fromkeys(("replicas", "minReadySeconds"), _COUNT),
    # apps
    "api.apps.v1.DeploymentSpec": dict.fromkeys(
        ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"), _COUNT
    ),
    "api.apps.v1.ReplicaSetSpec": dict.fromkeys(("replicas", "minReadySeconds"), _COUNT),
    "api.apps.v1.DaemonSetSpec": dict.fromkeys(("minReadySeconds", "revisionHistoryLimit"), _COUNT),
    # Its history has no lower limit in the API.
    "api.apps.v1.StatefulSetSpec": dict.fromkeys(("replicas", "minReadySeconds"), _COUNT),
    "api.apps.v1.RollingUpdateDeployment": dict.fromkeys(("maxSurge", "maxUnavailable"), _SHARE),
    "api.apps.v1.RollingUpdateDaemonSet": dict.fromkeys(("maxSurge", "maxUnavailable"), _SHARE),
    "api.apps.v1.RollingUpdateStatefulSetStrategy": {"partition": _COUNT},
    # batch
    "api.batch.v1.JobSpec": dict.fromkeys(
        (
            *("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds"),
            "ttlSecondsAfterFinished",
        ),
        _COUNT,
    ),
    "api.batch.v1.CronJobSpec": dict.fromkeys(
        ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"), _COUNT
    ),
    # autoscaling: no replicas at all are a gate's matter (HPAScaleToZero)
    **{
        f"api.autoscaling.{version}.HorizontalPodAutoscalerSpec": {
            "minReplicas": _COUNT,
            "maxReplicas": _POSITIVE,
        }
        for version in ("v1", "v2")
    },
    "api.autoscaling.v2.MetricTarget": {"averageUtilization": _POSITIVE},
    "api.autoscaling.v2.HPAScalingRules": {"stabilizationWindowSeconds": {"minimum": 0, "maximum": 3600}},
    "api.autoscaling.v2.HPAScalingPolicy": {
        "value": _POSITIVE,
        "periodSeconds": {"minimum": 1, "maximum": 1800},
    },
    # policy
    "api.policy.v1.PodDisruptionBudgetSpec": dict.fromkeys(("minAvailable", "maxUnavailable"), _SHARE),
    # networking
    "api.networking.v1.ServiceBackendPort": {"number": _PORT_OR_NONE, "name": _format("port-name")},
    "api.networking.v1.IngressTLS": {"secretName": _SUBDOMAIN},
    "api.networking.v1.IngressSpec": {"ingressClassName": _SUBDOMAIN},
    "api.networking.v1.NetworkPolicyPort": {"port": _format("port"), "endPort": _PORT_OR_NONE},
    "api.networking.v1.IPBlock": dict.fromkeys(("cidr", "except"), _format("cidr-or-empty")),
    # others
    "api.node.v1.RuntimeClass": {"handler": _LABEL},
    "api.admissionregistration.v1.ValidatingWebhook": _WEBHOOK,
    "api.admissionregistration.v1.MutatingWebhook": _WEBHOOK,
    "api.admissionregistration.v1.ServiceReference": {"port": _PORT},
}


def add_limits(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return a Kubernetes version's schemas with the limits of the types and fields that it has."""
    limited = dict(schemas)
    for name, fields in LIMITS.items():
        known = schemas.get(name, {}).get("properties", {})
        new = {
            field: _limit(known[field], words, schemas) for field, words in fields.items() if field in known
        }
        if new:
            limited[name] = {**schemas[name], "properties": {**known, **new}}
    return limited


def _limit(
    schema: Mapping[str, Any], words: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    if "items" in schema:
        return {**schema, "items": {**schema["items"], **words}}
    if "$ref" in schema:  # an integer or a text
        return {**schemas[schema["$ref"]], **words}
    return {**schema, **words}
