"""Which rules a type of the API has, beside its schema.

A rule is called where a field has the type, wherever that is: a container's is called for each container of
each kind that has containers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import yaml

from promotion.rendering.validation.field_checks import FieldFault, Path
from promotion.rendering.validation.kinds import container_rules as containers
from promotion.rendering.validation.kinds import content_rules as contents
from promotion.rendering.validation.kinds import grant_rules as grants
from promotion.rendering.validation.kinds import label_rules as labels
from promotion.rendering.validation.kinds import network_rules as networks
from promotion.rendering.validation.kinds import pod_rules as pods
from promotion.rendering.validation.kinds import volume_rules as volumes
from promotion.rendering.validation.kinds import workload_rules as workloads
from promotion.rendering.validation.kinds.part import Part

Rule = Callable[[Part], Iterable[FieldFault]]
_META = "apimachinery.pkg.apis.meta.v1"
_CRD = "apiextensions-apiserver.pkg.apis.apiextensions.v1"

# By the name of the type's schema, as Kubernetes publishes it.
RULES: Mapping[str, Rule] = {
    f"{_META}.ObjectMeta": labels.judge_metadata,
    f"{_META}.LabelSelector": labels.judge_selector,
    f"{_META}.LabelSelectorRequirement": labels.judge_requirement,
    "api.core.v1.NodeSelectorRequirement": labels.judge_requirement,
    # pods
    "api.core.v1.Pod": workloads.judge_single_pod,
    "api.core.v1.PodTemplate": workloads.judge_template,
    "api.core.v1.PodSpec": pods.judge_pod,
    "api.core.v1.Toleration": pods.judge_toleration,
    "api.core.v1.PodAffinityTerm": pods.judge_affinity_term,
    "api.core.v1.NodeSelector": pods.judge_node_selector,
    "api.core.v1.TopologySpreadConstraint": pods.judge_spread,
    "api.core.v1.Container": containers.judge_container,
    "api.core.v1.EphemeralContainer": containers.judge_container,
    "api.core.v1.EnvVar": containers.judge_variable,
    "api.core.v1.EnvFromSource": containers.judge_environment_source,
    "api.core.v1.ConfigMapKeySelector": containers.judge_key_reference,
    "api.core.v1.SecretKeySelector": containers.judge_key_reference,
    "api.core.v1.VolumeMount": containers.judge_mount,
    "api.core.v1.Probe": containers.judge_probe,
    "api.core.v1.LifecycleHandler": containers.judge_lifecycle,
    "api.core.v1.SecurityContext": containers.judge_security,
    "api.core.v1.SeccompProfile": containers.judge_profile,
    # volumes
    "api.core.v1.Volume": volumes.judge_volume,
    "api.core.v1.VolumeProjection": volumes.judge_projection,
    "api.core.v1.KeyToPath": volumes.judge_item,
    "api.core.v1.PersistentVolumeClaimSpec": volumes.judge_claim,
    "api.core.v1.PersistentVolumeSpec": volumes.judge_volume_of_cluster,
    # what makes pods
    "api.apps.v1.DeploymentSpec": workloads.judge_deployment,
    "api.apps.v1.ReplicaSetSpec": workloads.judge_replica_set,
    "api.apps.v1.DaemonSetSpec": workloads.judge_daemon_set,
    "api.apps.v1.StatefulSetSpec": workloads.judge_stateful_set,
    "api.core.v1.ReplicationControllerSpec": workloads.judge_controller,
    "api.batch.v1.JobSpec": workloads.judge_job,
    "api.batch.v1.CronJobSpec": workloads.judge_cron_job,
    "api.autoscaling.v1.HorizontalPodAutoscalerSpec": workloads.judge_autoscaler,
    "api.autoscaling.v2.HorizontalPodAutoscalerSpec": workloads.judge_autoscaler,
    "api.autoscaling.v2.MetricSpec": workloads.judge_metric,
    "api.policy.v1.PodDisruptionBudgetSpec": workloads.judge_budget,
    # networks
    "api.core.v1.ServiceSpec": networks.judge_service,
    "api.networking.v1.Ingress": networks.judge_ingress_class,
    "api.networking.v1.IngressSpec": networks.judge_ingress,
    "api.networking.v1.IngressRule": networks.judge_ingress_rule,
    "api.networking.v1.HTTPIngressPath": networks.judge_ingress_path,
    "api.networking.v1.IngressBackend": networks.judge_ingress_backend,
    "api.networking.v1.NetworkPolicyPort": networks.judge_policy_port,
    "api.networking.v1.NetworkPolicyPeer": networks.judge_policy_peer,
    "api.networking.v1.IPBlock": networks.judge_address_block,
    # rights
    "api.rbac.v1.Role": grants.judge_role,
    "api.rbac.v1.PolicyRule": grants.judge_grant,
    "api.rbac.v1.RoleBinding": grants.judge_binding,
    "api.rbac.v1.ClusterRoleBinding": grants.judge_cluster_binding,
    "api.rbac.v1.Subject": grants.judge_subject,
    # contents
    "api.core.v1.ConfigMap": contents.judge_config,
    "api.core.v1.Secret": contents.judge_secret,
    f"{_CRD}.CustomResourceDefinition": contents.judge_definition,
    "api.admissionregistration.v1.ValidatingWebhook": contents.judge_webhook,
    "api.admissionregistration.v1.MutatingWebhook": contents.judge_webhook,
    "api.scheduling.v1.PriorityClass": contents.judge_priority,
}


def find_more_faults(name: str, node: yaml.Node, path: Path, hides: bool) -> Iterable[FieldFault]:
    """Return what is wrong in a map of a type, beside what its schema says.

    Args:
        name: of the type's schema.
        hides: values may be secret, and stay out of what is said.
    """
    rule = RULES.get(name)
    return rule(Part(node, path, node, hides=hides)) if rule else ()
