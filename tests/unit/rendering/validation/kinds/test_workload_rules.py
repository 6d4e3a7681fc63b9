from __future__ import annotations

import pytest

from support.validity import faults

TEMPLATE = "{metadata: {labels: {app: web, tier: front}}, spec: {containers: [{name: a, image: b}], POD}}"
HEADS = {
    "DaemonSet": "apps/v1",
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "ReplicationController": "v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
}
LASTING = ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
SELECTOR = "selector: {matchLabels: {app: web}}"
TARGET = "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}"


def found(kind: str, spec: str, *, pod: str = "") -> list[str]:
    """The faults of a workload; `TEMPLATE` in the spec stands for pods."""
    spec = spec.replace("TEMPLATE", TEMPLATE.replace("POD", pod))
    text = f"apiVersion: {HEADS[kind]}\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{{spec}}}\n"
    return [fault.removeprefix(f"{kind} web: spec.") for fault in faults(text)]


def lasting(kind: str, spec: str = "", *, selector: str = SELECTOR, pod: str = "") -> list[str]:
    more = "serviceName: web, " if kind == "StatefulSet" else ""
    return found(kind, f"{more}{selector}, template: TEMPLATE, {spec}", pod=pod)


@pytest.mark.parametrize("kind", LASTING)
@pytest.mark.parametrize(
    "selector",
    [
        SELECTOR,
        "selector: {matchLabels: {app: web, tier: front}}",
        "selector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}",
        "selector: {matchExpressions: [{key: app, operator: Exists}, {key: x, operator: DoesNotExist}]}",
        "selector: {matchExpressions: [{key: x, operator: NotIn, values: [web]}]}",
        "selector: {matchLabels: {app: '${APP}'}}",
    ],
)
def test_selectors_that_select_their_own_pods(kind: str, selector: str) -> None:
    assert lasting(kind, selector=selector) == []


@pytest.mark.parametrize("kind", LASTING)
@pytest.mark.parametrize(
    ("selector", "fault"),
    [
        ("selector: {matchLabels: {app: db}}", "must have what the selector asks for: `app=db`"),
        ("selector: {matchLabels: {app: web, x: z}}", "must have what the selector asks for: `x=z`"),
        ("selector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}", "app NotIn web"),
        ("selector: {matchExpressions: [{key: x, operator: Exists}]}", "asks for: `x Exists`"),
        ("selector: {}", "selector must select something"),
        ("selector: {matchLabels: {}}", "selector must select something"),
        ("selector: {matchExpressions: [{key: app, operator: In}]}", "values is missing, and In needs some"),
        ("selector: {matchExpressions: [{key: app, operator: Exists, values: [a]}]}", "can't be there"),
    ],
)
def test_selectors_that_do_not(kind: str, selector: str, fault: str) -> None:
    assert fault in lasting(kind, selector=selector)[-1]


def test_labels_that_are_not_known_may_be_any() -> None:
    text = "selector: {matchLabels: {app: db}}, template: TEMPLATE"
    assert found("Deployment", text)
    known = TEMPLATE.replace("POD", "")
    assert not found("Deployment", text.replace("TEMPLATE", known.replace("app: web", "app: '${APP}'")))
    assert not found("Deployment", text.replace("TEMPLATE", known.replace("app: web", "'${KEY}': web")))


@pytest.mark.parametrize(
    ("kind", "spec", "fault"),
    [
        ("Deployment", "replicas: -1", "replicas must be at least 0"),
        ("Deployment", "strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}", "can't be there with"),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}", "must not be 0"),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: '1'}}", "must be an integer, or a share as 25%"),
        ("Deployment", "strategy: {rollingUpdate: {maxUnavailable: 101%}}", "must be at most 100%"),
        ("Deployment", "minReadySeconds: 9, progressDeadlineSeconds: 9", "must be more than minReadySeconds"),
        ("StatefulSet", "replicas: -1", "replicas must be at least 0"),
        ("StatefulSet", "updateStrategy: {type: OnDelete, rollingUpdate: {partition: 0}}", "can't be there"),
        ("ReplicaSet", "replicas: -1", "replicas must be at least 0"),
        ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 1}}", "must be 0 where maxUnavailable"),
        ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}", "must not be 0"),
    ],
)
def test_specs_that_a_cluster_refuses(kind: str, spec: str, fault: str) -> None:
    [only] = lasting(kind, spec)
    assert fault in only


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Deployment", "replicas: 0, strategy: {type: Recreate}"),
        ("Deployment", "strategy: {type: Recreate, rollingUpdate: null}"),
        ("Deployment", "strategy: {rollingUpdate: {maxSurge: 150%, maxUnavailable: 0}}"),
        ("Deployment", "replicas: '${COUNT}'"),
        ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"),
        ("StatefulSet", "updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}"),
    ],
)
def test_specs_that_a_cluster_takes(kind: str, spec: str) -> None:
    assert lasting(kind, spec) == []


@pytest.mark.parametrize("kind", LASTING)
def test_pods_that_run_on(kind: str) -> None:
    assert lasting(kind, pod="restartPolicy: Always") == []
    assert lasting(kind, pod="restartPolicy: Never") == ["template.spec.restartPolicy must be Always here"]
    assert lasting(kind, pod="activeDeadlineSeconds: 5") == [
        "template.spec.activeDeadlineSeconds can't be there here"
    ]


def test_a_stateful_set_makes_volumes_of_its_claims() -> None:
    spec = "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}"
    claim = f"{{metadata: {{name: data}}, spec: {spec}}}"
    pod = "initContainers: [{name: i, image: b, volumeMounts: [{name: data, mountPath: /data}]}]"
    assert lasting("StatefulSet", f"volumeClaimTemplates: [{claim}]", pod=pod) == []
    [fault] = lasting("StatefulSet", pod=pod)
    assert fault.endswith("volumeMounts[0].name is `data`, and the pod has no volume of that name")


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("", "restartPolicy is missing, and a Job needs OnFailure or Never"),
        ("restartPolicy: Always", "restartPolicy must be OnFailure or Never in a Job"),
        ("restartPolicy: Never", ""),
        ("restartPolicy: '${POLICY}'", ""),
    ],
)
def test_the_pods_of_a_job_end(spec: str, fault: str) -> None:
    wanted = [f"template.spec.{fault}"] if fault else []
    assert found("Job", "template: TEMPLATE", pod=spec) == wanted
    job = "schedule: '@daily', jobTemplate: {spec: {template: TEMPLATE}}"
    assert found("CronJob", job, pod=spec) == [f"jobTemplate.spec.{each}" for each in wanted]


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        (SELECTOR, "selector can't be there without `manualSelector: true`"),
        (f"{SELECTOR}, manualSelector: true", ""),
        ("selector: {}", ""),
        ("completionMode: Indexed", ""),
        ("completionMode: Indexed, parallelism: 2", "completions is missing"),
        ("backoffLimit: -1", "backoffLimit must be at least 0"),
        ("parallelism: 0, ttlSecondsAfterFinished: 0", ""),
    ],
)
def test_jobs(spec: str, fault: str) -> None:
    all_found = found("Job", f"template: TEMPLATE, {spec}", pod="restartPolicy: Never")
    assert [each[: len(fault)] for each in all_found] == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("schedule", "is_good"),
    [("0 3 * * *", True), ("'@hourly'", True), ("'${SCHEDULE}'", True), ("0 3 * *", False), ("''", False)],
)
def test_schedules_of_cron_jobs(schedule: str, is_good: bool) -> None:
    text = f"schedule: {schedule}, jobTemplate: {{spec: {{template: TEMPLATE}}}}"
    assert (found("CronJob", text, pod="restartPolicy: Never") == []) is is_good


def test_a_replication_controller_selects_its_own_pods() -> None:
    assert not found("ReplicationController", "selector: {app: web}, template: TEMPLATE")
    assert found("ReplicationController", "selector: {app: db}, template: TEMPLATE") == [
        "template.metadata.labels must have what the selector asks for: `app=db`"
    ]


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("minReplicas: 2, maxReplicas: 2", ""),
        ("maxReplicas: 0", "maxReplicas must be at least 1"),
        ("minReplicas: 3, maxReplicas: 2", "maxReplicas must be at least minReplicas"),
        ("maxReplicas: 2, metrics: [{type: Resource}]", "metrics[0].resource is missing"),
        ("maxReplicas: 2, behavior: {scaleDown: {stabilizationWindowSeconds: 3601}}", "behavior.scaleDown"),
    ],
)
def test_autoscalers(spec: str, fault: str) -> None:
    all_found = found("HorizontalPodAutoscaler", f"{TARGET}, {spec}")
    assert [each[: len(fault)] for each in all_found] == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("minAvailable: 50%", ""),
        ("maxUnavailable: 0", ""),
        ("minAvailable: 1, maxUnavailable: 1", "maxUnavailable can't be there beside minAvailable"),
        ("minAvailable: 200%", "minAvailable must be at most 100%"),
        ("minAvailable: '1'", "minAvailable must be an integer, or a share as 25%"),
    ],
)
def test_budgets(spec: str, fault: str) -> None:
    all_found = found("PodDisruptionBudget", f"{SELECTOR}, {spec}")
    assert [each[: len(fault)] for each in all_found] == ([fault] if fault else [])
