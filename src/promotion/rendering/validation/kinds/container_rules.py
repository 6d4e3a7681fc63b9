"""Containers, and what asks whether they live (core/validation/validation.go: validateContainerCommon)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.validation.field_checks import SUBSTITUTED, FieldFault
from promotion.rendering.validation.key_spellings import find_key_fault
from promotion.rendering.validation.kinds.part import Part
from promotion.rendering.validation.kinds.quantities import read_quantity

_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_PROBE_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc")
_LIFECYCLE_ACTIONS = ("exec", "httpGet", "tcpSocket", "sleep")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_AMOUNTS = ("cpu", "memory", "ephemeral-storage")


def judge_container(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a container's fields that hang together."""
    for name in ("name", "image"):
        if not part.has(name):
            yield part.fault("is missing", name)
    yield from find_repeated(part.parts("ports"), "name", "has the name of another port")
    if "resources" in part.fields:
        yield from _judge_amounts(part.part("resources"))
    mounts = part.parts("volumeMounts")
    yield from find_repeated(mounts, "mountPath", "is the path of another mount")
    for probe in ("livenessProbe", "startupProbe"):
        threshold = part.part(probe).number("successThreshold")
        if threshold not in (None, 0, 1):
            yield part.part(probe).fault("must be 1 here", "successThreshold")
    readiness = part.part("readinessProbe")
    if readiness.has("terminationGracePeriodSeconds"):
        yield readiness.fault("can't be there in a readinessProbe", "terminationGracePeriodSeconds")


def judge_variable(part: Part) -> Iterator[FieldFault]:
    """Yield faults of an environment variable. One that is there twice is valid: the last one counts."""
    if not part.has("name"):
        yield part.fault("is missing", "name")
    if "valueFrom" not in part.fields:
        return
    source = part.part("valueFrom")
    named = [name for name in _SOURCES if name in source.fields]
    if not source.fields:
        yield source.fault(f"must have one of {', '.join(_SOURCES[:4])}")
    elif len(named) > 1:
        yield source.fault(f"has {' and '.join(named)}, and may have one")
    elif part.has("value"):
        yield part.fault("can't be there beside valueFrom", "value")


def judge_key_reference(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a reference to a key of a ConfigMap or Secret."""
    for name in ("name", "key"):
        if not part.has(name):
            yield part.fault("is missing", name)


def judge_environment_source(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a reference to all keys of a ConfigMap or Secret."""
    named = [name for name in ("configMapRef", "secretRef") if name in part.fields]
    if len(named) != 1:
        yield part.fault("must have one of configMapRef and secretRef")
    elif not part.part(named[0]).has("name"):
        yield part.part(named[0]).fault("is missing", "name")


def judge_mount(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a mount, where a volume is seen."""
    for name in ("name", "mountPath"):
        if not part.has(name):
            yield part.fault("is missing", name)
    for name in ("subPath", "subPathExpr"):
        text = part.text(name)
        if text.startswith("/") or ".." in text.split("/"):
            yield part.fault(f"must be a relative path without `..`{part.shown(text)}", name)
    if part.has("subPath") and part.has("subPathExpr"):
        yield part.fault("can't be there beside subPath", "subPathExpr")


def judge_probe(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what a probe asks."""
    yield from _judge_action(part, _PROBE_ACTIONS)


def judge_lifecycle(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what runs when a container starts or stops."""
    yield from _judge_action(part, _LIFECYCLE_ACTIONS)


def _judge_action(part: Part, actions: Sequence[str]) -> Iterator[FieldFault]:
    named = [name for name in actions if name in part.fields]
    if len(named) != 1:
        yield part.fault(f"must have one of {', '.join(actions)}, and has {' and '.join(named) or 'none'}")
    if "exec" in part.fields and not part.part("exec").count("command"):
        yield part.part("exec").fault("is missing", "command")


def _judge_amounts(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what a container asks for and may take (ValidateContainerResourceRequirements)."""
    limits = dict(part.keys("limits"))
    for kind in ("limits", "requests"):
        amounts = part.part(kind)
        for name, value in part.keys(kind):
            problem = find_key_fault(name)
            if not problem and "/" not in name and name not in _AMOUNTS and not name.startswith("hugepages-"):
                problem = f"is none of {', '.join(_AMOUNTS)}; others have a domain and `/` before the name"
            if problem:
                yield amounts.fault(problem, name)
            amount = read_quantity(value)
            if amount is not None and amount < 0:
                yield amounts.fault("must be at least 0", name)
    if any(SUBSTITUTED in key for key in part.part("limits").fields):
        return
    for name, value in part.keys("requests"):
        limit, request = read_quantity(limits.get(name)), read_quantity(value)
        is_exact = name.startswith("hugepages-") or ("/" in name and "kubernetes.io/" not in name)
        requests = part.part("requests")
        if limit is not None and request is not None and (request > limit or (is_exact and request != limit)):
            how = "must be" if is_exact else "must be at most"
            yield requests.fault(f"{how} the limit, {limits[name]}{part.shown(value)}", name)
        elif is_exact and name not in part.part("limits").fields:
            yield requests.fault("needs a limit that is the same", name)


def judge_security(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what a container may (ValidateSecurityContext)."""
    if part.value("allowPrivilegeEscalation") is not False:
        return
    if part.value("privileged") is True:
        yield part.fault("can't be false for a privileged container", "allowPrivilegeEscalation")
    if "CAP_SYS_ADMIN" in part.part("capabilities").texts("add"):
        yield part.fault("can't be false with CAP_SYS_ADMIN", "allowPrivilegeEscalation")


def judge_profile(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a seccomp profile (validateSeccompProfileField)."""
    kind = part.text("type")
    if kind == "Localhost" and not part.has("localhostProfile"):
        yield part.fault("is missing, and the type Localhost needs it", "localhostProfile")
    if kind in ("RuntimeDefault", "Unconfined") and "localhostProfile" in part.fields:
        yield part.fault(f"can't be there with the type {kind}", "localhostProfile")


def judge_first_container(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a container that runs first: it is probed only if it goes on beside the others."""
    if part.value("restartPolicy") is None and "restartPolicy" not in part.fields:
        for name in ("lifecycle", *_PROBES):
            if name in part.fields:
                yield part.fault("can't be there in an initContainer without `restartPolicy: Always`", name)


def find_repeated(parts: list[Part], name: str, what: str) -> Iterator[FieldFault]:
    """Yield a fault for each part whose text another one before it has as well."""
    seen: set[str] = set()
    for part in parts:
        text = part.text(name)
        if text and text in seen:
            yield part.fault(f"{what}, {show(text)}" if not part.hides else what, name)
        seen.add(text)
