"""What makes pods (apps/validation, batch/validation, autoscaling/validation, policy/validation)."""

from __future__ import annotations

from collections.abc import Iterator

from promotion.rendering.validation.field_checks import FieldFault
from promotion.rendering.validation.kinds.cron_schedules import find_schedule_fault
from promotion.rendering.validation.kinds.label_rules import find_mismatch, find_missing, judge_labels
from promotion.rendering.validation.kinds.part import Part
from promotion.rendering.validation.kinds.pod_rules import judge_mounts

_ROLLING = ("maxUnavailable", "maxSurge")
# batch/validation: ValidateGeneratedSelector; the server adds them.
_GENERATED = {
    f"{prefix}{name}" for prefix in ("", "batch.kubernetes.io/") for name in ("controller-uid", "job-name")
}
_METRICS = ("Resource", "Pods", "Object", "External", "ContainerResource")


def judge_single_pod(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a pod alone."""
    yield from judge_mounts(part.part("spec"))


def judge_template(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a PodTemplate."""
    yield from judge_mounts(part.part("template", "spec"))


def judge_deployment(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a Deployment."""
    yield from _judge_lasting(part)
    strategy = part.part("strategy")
    rolling = strategy.part("rollingUpdate")
    if strategy.text("type") == "Recreate" and "rollingUpdate" in strategy.fields:
        yield strategy.fault("can't be there with the type Recreate", "rollingUpdate")
    yield from _judge_rolling(rolling)
    ready, deadline = part.number("minReadySeconds"), part.number("progressDeadlineSeconds")
    if deadline is not None and 0 <= deadline <= (ready or 0):
        yield part.fault("must be more than minReadySeconds", "progressDeadlineSeconds")


def judge_replica_set(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a ReplicaSet."""
    yield from _judge_lasting(part)


def judge_daemon_set(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a DaemonSet."""
    yield from _judge_lasting(part)
    rolling = part.part("updateStrategy", "rollingUpdate")
    yield from _judge_rolling(rolling)
    surge, none = rolling.value("maxSurge"), (None, 0, "0%")
    if surge not in none and (
        "maxUnavailable" not in rolling.fields or rolling.value("maxUnavailable") not in none
    ):
        yield rolling.fault("must be 0 where maxUnavailable isn't, which is 1 by default", "maxSurge")


def judge_stateful_set(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a StatefulSet, whose pods have a volume for each of its claims.

    Servers before https://github.com/kubernetes/kubernetes/pull/131790 look at the pods only when they are
    made; then they refuse them.
    """
    claims = tuple(claim.part("metadata").text("name") for claim in part.parts("volumeClaimTemplates"))
    yield from _judge_lasting(part, claims)
    strategy = part.part("updateStrategy")
    if strategy.text("type") == "OnDelete" and "rollingUpdate" in strategy.fields:
        yield strategy.fault("can't be there with the type OnDelete", "rollingUpdate")


def judge_controller(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a ReplicationController, whose selector is a map of labels."""
    yield from judge_labels(part, "selector")
    yield from judge_mounts(part.part("template", "spec"))
    labels = part.part("template", "metadata", "labels")
    if missed := find_missing(part.part("selector"), labels):
        yield labels.fault(f"must have what the selector asks for: {missed}")


def judge_job(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a Job."""
    pod = part.part("template", "spec")
    yield from judge_mounts(pod)
    policy = pod.text("restartPolicy")
    if not pod.has("restartPolicy"):
        yield pod.fault("is missing, and a Job needs OnFailure or Never", "restartPolicy")
    elif policy == "Always":
        yield pod.fault("must be OnFailure or Never in a Job", "restartPolicy")
    selector = part.part("selector")
    is_own = selector.has("matchExpressions") or selector.part("matchLabels").names - _GENERATED
    if part.value("manualSelector") is not True and is_own:
        yield part.fault("can't be there without `manualSelector: true`: the server makes one", "selector")
    is_set = [name in part.fields for name in ("completions", "parallelism")]
    if part.text("completionMode") == "Indexed" and is_set == [False, True]:  # without both, both are 1
        yield part.fault("is missing, and the mode Indexed needs it", "completions")


def judge_cron_job(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a CronJob."""
    text = part.text("schedule")
    if not part.has("schedule"):
        yield part.fault("is missing", "schedule")
    elif text and (problem := find_schedule_fault(text)):
        yield part.fault(f"{problem}{part.shown(text)}", "schedule")
    job = part.part("jobTemplate", "spec")
    if job.value("manualSelector") is True:
        yield job.fault("can't be true in a CronJob", "manualSelector")


def judge_autoscaler(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a HorizontalPodAutoscaler."""
    least, most = part.number("minReplicas"), part.number("maxReplicas")
    if least is not None and most is not None and most < least:
        yield part.fault("must be at least minReplicas", "maxReplicas")


def judge_metric(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what an autoscaler goes by."""
    kind = part.text("type")
    name = kind[:1].lower() + kind[1:]
    if kind in _METRICS and name not in part.fields:
        yield part.fault(f"is missing, and the type {kind} needs it", name)


def judge_budget(part: Part) -> Iterator[FieldFault]:
    """Yield faults of the spec of a PodDisruptionBudget."""
    if "minAvailable" in part.fields and "maxUnavailable" in part.fields:
        yield part.fault("can't be there beside minAvailable", "maxUnavailable")
    for name in ("minAvailable", "maxUnavailable"):
        yield from _judge_share(part, name)


def _judge_lasting(part: Part, claims: tuple[str, ...] = ()) -> Iterator[FieldFault]:
    """Yield faults of pods that are kept running: they are what the selector selects."""
    selector, template = part.part("selector"), part.part("template")
    pod = template.part("spec")
    yield from judge_mounts(pod, claims)
    labels = template.part("metadata", "labels")
    if "selector" in part.fields and not (selector.has("matchLabels") or selector.has("matchExpressions")):
        yield selector.fault("must select something")
    elif missed := find_mismatch(selector, labels):
        yield labels.fault(f"must have what the selector asks for: {missed}")
    if pod.text("restartPolicy") in ("OnFailure", "Never"):
        yield pod.fault("must be Always here", "restartPolicy")
    if "activeDeadlineSeconds" in pod.fields:
        yield pod.fault("can't be there here", "activeDeadlineSeconds")


def _judge_rolling(part: Part) -> Iterator[FieldFault]:
    yield from _judge_share(part, "maxUnavailable")
    if all(part.value(name) in (0, "0%") for name in _ROLLING):
        yield part.fault("must not be 0 where maxSurge is 0", "maxUnavailable")


def _judge_share(part: Part, name: str) -> Iterator[FieldFault]:
    digits = part.text(name).removesuffix("%")
    if digits.isdecimal() and len(digits) < 10 and int(digits) > 100:
        yield part.fault("must be at most 100%", name)
