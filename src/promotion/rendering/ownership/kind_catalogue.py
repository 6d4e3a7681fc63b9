"""The kinds that Kubernetes has built in, as ownership sees them: which are safe in a team's namespace.

Safe is what people may write who may edit a namespace, by the role `edit`, except for events, leases and the
API group `extensions` (kubernetes: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go, ClusterRoles,
`system:aggregate-to-edit`). Everything else has a reason here why it isn't safe, and a kind that isn't here
at all counts as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

Kind = tuple[str, str]
"""Group and kind; the core's group is empty."""

RBAC = "rbac.authorization.k8s.io"

SAFE_KINDS: frozenset[Kind] = frozenset(
    {
        ("", "ConfigMap"),
        ("", "PersistentVolumeClaim"),
        ("", "Pod"),
        ("", "ReplicationController"),
        ("", "Secret"),
        ("", "Service"),
        ("", "ServiceAccount"),
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("batch", "CronJob"),
        ("batch", "Job"),
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("policy", "PodDisruptionBudget"),
    }
)

_RIGHTS = "It gives rights at run time, which nobody judges here."
# Of Endpoints that is so since 1.22, of EndpointSlices ever (https://github.com/kubernetes/kubernetes/pull/103704
# and /103703).
_TRAFFIC = (
    "It leads the traffic of a Service anywhere, also to other namespaces (CVE-2021-25740, because of which "
    "the role `edit` may not write it)."
)
_LIMIT = "It is the platform's limit on a namespace, which the team could replace by name."
_MADE = "The cluster makes it by itself; written by hand it misleads a controller."
_OLD = "It is of an API that no supported Kubernetes serves. Write the group that took its place."
_QUESTION = "It is a question to the cluster, and nothing to apply."
_TOGETHER = "It decides what the scheduler places together, before others."
_DEVICE = "It claims devices of nodes, which others share."

UNSAFE_KINDS: Mapping[Kind, str] = {
    (RBAC, "Role"): _RIGHTS,
    (RBAC, "RoleBinding"): _RIGHTS,
    ("", "Endpoints"): _TRAFFIC,
    ("discovery.k8s.io", "EndpointSlice"): _TRAFFIC,
    ("", "LimitRange"): _LIMIT,
    ("", "ResourceQuota"): _LIMIT,
    ("", "Event"): _MADE,
    ("events.k8s.io", "Event"): _MADE,
    ("", "Binding"): "It puts a Pod on a node without the scheduler.",
    ("", "PodTemplate"): "Nothing built in reads it; what does decides what it may.",
    ("apps", "ControllerRevision"): _MADE,
    ("authorization.k8s.io", "LocalSubjectAccessReview"): _QUESTION,
    ("certificates.k8s.io", "PodCertificateRequest"): _MADE,
    ("coordination.k8s.io", "Lease"): "Who holds a lease leads: it can stop another's controller.",
    ("coordination.k8s.io", "LeaseCandidate"): "Who holds a lease leads: it can stop another's controller.",
    ("policy", "Eviction"): "It ends a Pod once, and is nothing to apply.",
    ("resource.k8s.io", "ResourceClaim"): _DEVICE,
    ("resource.k8s.io", "ResourceClaimTemplate"): _DEVICE,
    ("storage.k8s.io", "CSIStorageCapacity"): _MADE,
    ("scheduling.k8s.io", "CompositePodGroup"): _TOGETHER,
    ("scheduling.k8s.io", "PodGroup"): _TOGETHER,
    ("scheduling.k8s.io", "Workload"): _TOGETHER,
    ("extensions", "DaemonSet"): _OLD,
    ("extensions", "Deployment"): _OLD,
    ("extensions", "Ingress"): _OLD,
    ("extensions", "NetworkPolicy"): _OLD,
    ("extensions", "ReplicaSet"): _OLD,
}

NAMESPACED_KINDS = SAFE_KINDS | UNSAFE_KINDS.keys()
"""All built-in kinds that have a namespace; every other kind of a built-in group counts as without one."""

CLUSTER_KINDS: Mapping[str, str] = {
    "APIService": "apiregistration.k8s.io",
    "CertificateSigningRequest": "certificates.k8s.io",
    "ClusterRole": RBAC,
    "ClusterRoleBinding": RBAC,
    "ClusterTrustBundle": "certificates.k8s.io",
    "CSIDriver": "storage.k8s.io",
    "CSINode": "storage.k8s.io",
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "DeviceClass": "resource.k8s.io",
    "FlowSchema": "flowcontrol.apiserver.k8s.io",
    "IngressClass": "networking.k8s.io",
    "IPAddress": "networking.k8s.io",
    "MutatingAdmissionPolicy": "admissionregistration.k8s.io",
    "MutatingAdmissionPolicyBinding": "admissionregistration.k8s.io",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io",
    "Namespace": "",
    "Node": "",
    "PersistentVolume": "",
    "PodSecurityPolicy": "policy",
    "PriorityClass": "scheduling.k8s.io",
    "PriorityLevelConfiguration": "flowcontrol.apiserver.k8s.io",
    "ResourceSlice": "resource.k8s.io",
    "RuntimeClass": "node.k8s.io",
    "ServiceCIDR": "networking.k8s.io",
    "StorageClass": "storage.k8s.io",
    "ValidatingAdmissionPolicy": "admissionregistration.k8s.io",
    "ValidatingAdmissionPolicyBinding": "admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io",
    "VolumeAttachment": "storage.k8s.io",
    "VolumeAttributesClass": "storage.k8s.io",
}
"""The built-in kinds without a namespace, with their group, so that `cluster-scoped` may leave it out."""

APPLIER_KINDS: frozenset[Kind] = frozenset(
    {
        ("kustomize.toolkit.fluxcd.io", "Kustomization"),
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ("source.toolkit.fluxcd.io", "GitRepository"),
        ("source.toolkit.fluxcd.io", "OCIRepository"),
        ("source.toolkit.fluxcd.io", "HelmRepository"),
        ("source.toolkit.fluxcd.io", "HelmChart"),
        ("source.toolkit.fluxcd.io", "Bucket"),
        ("source.toolkit.fluxcd.io", "ExternalArtifact"),
        ("source.extensions.fluxcd.io", "ArtifactGenerator"),
        ("image.toolkit.fluxcd.io", "ImageUpdateAutomation"),
        ("notification.toolkit.fluxcd.io", "Receiver"),
        ("fluxcd.controlplane.io", "FluxInstance"),
        ("fluxcd.controlplane.io", "ResourceSet"),
        ("argoproj.io", "Application"),
        ("argoproj.io", "ApplicationSet"),
        ("argoproj.io", "AppProject"),
        ("helm.cattle.io", "HelmChart"),
        ("helm.cattle.io", "HelmChartConfig"),
        ("k3s.cattle.io", "Addon"),
        ("fleet.cattle.io", "Bundle"),
        ("fleet.cattle.io", "GitRepo"),
        ("fleet.cattle.io", "HelmOp"),
        ("helm.fluxcd.io", "HelmRelease"),
    }
)
"""Kinds of controllers that apply what others write, with their own rights.

Flux' Kustomization and HelmRelease impersonate a service account only where one is named, by them or by their
controllers' `--default-service-account`, which is empty by default (fluxcd/helm-controller: main.go;
https://fluxcd.io/flux/installation/configuration/multitenancy/), and an Application of Argo CD names its
project itself, by its own `spec.project`
(https://argo-cd.readthedocs.io/en/stable/operator-manual/app-any-namespace/).
"""


def is_builtin_group(group: str) -> bool:
    """Return whether a group is Kubernetes' own: such are served by the API server, whatever a CRD says.

    Groups in `k8s.io` and `kubernetes.io` are kept for Kubernetes (https://kep.k8s.io/2337). A CRD there
    needs an approval, and some have one: their kinds are as unknown as any other.
    """
    return group in _GROUPS


_GROUPS = frozenset(group for group, _ in NAMESPACED_KINDS) | frozenset(
    (
        *CLUSTER_KINDS.values(),
        "authentication.k8s.io",
        "internal.apiserver.k8s.io",
        "storagemigration.k8s.io",
    )
)
