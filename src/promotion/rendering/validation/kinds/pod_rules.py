"""Pods, alone or in a template (core/validation/validation.go: ValidatePodSpec)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.validation.field_checks import SUBSTITUTED, FieldFault
from promotion.rendering.validation.key_spellings import find_label_value_fault
from promotion.rendering.validation.kinds.container_rules import find_repeated, judge_first_container
from promotion.rendering.validation.kinds.label_rules import judge_labels
from promotion.rendering.validation.kinds.part import Part

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def judge_pod(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a pod's fields that hang together."""
    if not part.has("containers"):
        yield part.fault("is missing", "containers")
    containers = [each for name in _CONTAINERS for each in part.parts(name)]
    yield from find_repeated(containers, "name", "is the name of another container")
    yield from find_repeated(part.parts("volumes"), "name", "is the name of another volume")
    for each in part.parts("initContainers"):
        yield from judge_first_container(each)
    yield from judge_labels(part, "nodeSelector")
    yield from _find_host_ports(part)
    dns = part.part("dnsConfig")
    if part.text("dnsPolicy") == "None" and not dns.has("nameservers"):
        yield dns.fault("is missing, and `dnsPolicy: None` needs some", "nameservers")


def judge_mounts(pod: Part, claims: Iterable[str] = ()) -> Iterator[FieldFault]:
    """Yield a fault for each mount of a volume that isn't there.

    Args:
        claims: the names of the claims that a StatefulSet makes for its pods.
    """
    volumes = {part.text("name") for part in pod.parts("volumes")} | set(claims)
    if "" in volumes or SUBSTITUTED in volumes:
        return  # one isn't known
    for container in (each for name in _CONTAINERS for each in pod.parts(name)):
        for kind in ("volumeMounts", "volumeDevices"):
            for mount in container.parts(kind):
                name = mount.text("name")
                if name and name not in volumes:
                    yield mount.fault(f"is {show(name)}, and the pod has no volume of that name", "name")


def _find_host_ports(pod: Part) -> Iterator[FieldFault]:
    """Yield faults of ports of the machine: each is there once, and in its network is the container's."""
    seen: set[tuple[object, ...]] = set()
    for container in pod.parts("containers"):
        for port in container.parts("ports"):
            number = port.number("hostPort")
            if not number:
                continue
            key = (number, port.text("protocol") or "TCP", port.text("hostIP"))
            if key in seen:
                yield port.fault(f"is the port of another container, {number}", "hostPort")
            seen.add(key)
            inner = port.number("containerPort")
            if pod.value("hostNetwork") is True and inner is not None and inner != number:
                yield port.fault("must be containerPort, since `hostNetwork` is true", "hostPort")


def judge_toleration(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a taint that a pod stands (ValidateTolerations)."""
    operator, value = part.text("operator"), part.text("value")
    if "operator" in part.fields and not operator:
        return  # not known
    if not part.has("key") and operator != "Exists":
        yield part.fault("must be Exists where there is no key", "operator")
    if operator == "Exists" and part.has("value"):
        yield part.fault("can't be there with Exists", "value")
    if operator in ("", "Equal") and (problem := find_label_value_fault(value)):
        yield part.fault(f"{problem}{part.shown(value)}", "value")
    is_known = not part.has("effect") or part.text("effect")
    if "tolerationSeconds" in part.fields and is_known and part.text("effect") != "NoExecute":
        yield part.fault("must be NoExecute where there are tolerationSeconds", "effect")


def judge_affinity_term(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what a pod wants to be near of (validatePodAffinityTerm)."""
    if not part.has("topologyKey"):
        yield part.fault("is missing", "topologyKey")


def judge_node_selector(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what selects nodes (ValidateNodeSelector)."""
    if not part.has("nodeSelectorTerms"):
        yield part.fault("is missing", "nodeSelectorTerms")


def judge_spread(part: Part) -> Iterator[FieldFault]:
    """Yield faults of how a pod spreads (validateTopologySpreadConstraints)."""
    if not part.has("topologyKey"):
        yield part.fault("is missing", "topologyKey")
