"""What holds data, and what extends the API (core/validation, apiextensions, admissionregistration)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.validation.field_checks import FieldFault
from promotion.rendering.validation.key_spellings import (
    find_config_key_fault,
    find_label_fault,
    find_subdomain_fault,
)
from promotion.rendering.validation.kinds.part import Part

_MOST = 1024 * 1024  # of values: core.MaxSecretSize, which ValidateConfigMap takes as well
_LETTER = re.compile(r"[a-z]")
_HIGHEST = 1_000_000_000  # scheduling.HighestUserDefinablePriority
# core/validation/validation.go: ValidateSecret.
_SECRETS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_ACCOUNT = "kubernetes.io/service-account.name"


def judge_config(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a ConfigMap."""
    yield from _judge_keys(part, ("data", "binaryData"))
    for key in part.part("binaryData").fields:
        if key in part.part("data").fields:
            yield part.part("binaryData").fault("is in data as well", key)
    yield from _judge_size(part, _measure(part, "data") + _measure_coded(part, "binaryData"))


def judge_secret(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a Secret, whose stringData replaces what is in data."""
    yield from _judge_keys(part, ("data", "stringData"))
    keys = part.part("data").names | part.part("stringData").names
    kind = part.text("type")
    for key in _SECRETS.get(kind, ()):
        if key not in keys:
            yield part.fault(f"is missing, and the type {kind} needs it", "data", key)
    if kind == "kubernetes.io/basic-auth" and keys.isdisjoint(("username", "password")):
        yield part.fault(f"is missing, and the type {kind} needs it or password", "data", "username")
    if kind == "kubernetes.io/service-account-token" and not part.part("metadata", "annotations").has(
        _ACCOUNT
    ):
        yield part.part("metadata").fault(
            f"is missing, and the type {kind} needs it", "annotations", _ACCOUNT
        )
    replaced = part.part("stringData").fields
    yield from _judge_size(part, _measure_coded(part, "data", replaced) + _measure(part, "stringData"))


def _judge_keys(part: Part, names: tuple[str, ...]) -> Iterator[FieldFault]:
    for name in names:
        for key, _ in part.keys(name):
            if problem := find_config_key_fault(key):
                yield part.part(name).fault(f"has a key that {problem}", key)


def _measure(part: Part, name: str) -> int:
    """Return how many bytes the texts of a map have."""
    values = (node.value for node in part.part(name).fields.values())
    return sum(len(value.encode()) for value in values if isinstance(value, str))


def _measure_coded(part: Part, name: str, replaced: Container[str] = ()) -> int:
    """Return how many bytes the values of a map in base64 have, of which some may be replaced."""
    values = (node.value for key, node in part.part(name).fields.items() if key not in replaced)
    texts = ("".join(value.split()) for value in values if isinstance(value, str))
    return sum(len(text.rstrip("=")) * 3 // 4 for text in texts)


def _judge_size(part: Part, size: int) -> Iterator[FieldFault]:
    if size > _MOST:
        yield part.fault(f"have {size} bytes, and may have {_MOST}", "data")


def judge_definition(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a CustomResourceDefinition (ValidateCustomResourceDefinition)."""
    spec = part.part("spec")
    names, group, name = spec.part("names"), spec.text("group"), part.part("metadata").text("name")
    plural = names.text("plural")
    if group and "." not in group:
        yield spec.fault(f"must be a domain with a dot{part.shown(group)}", "group")
    if plural and group and name and name != f"{plural}.{group}":
        yield part.part("metadata").fault(f"must be {show(f'{plural}.{group}')}{part.shown(name)}", "name")
    if plural and (problem := _find_word_fault(plural)):
        yield names.fault(f"{problem}{part.shown(plural)}", "plural")
    for what in ("kind", "listKind"):
        text = names.text(what)
        if text and (problem := _find_word_fault(text.lower())):
            yield names.fault(f"{problem}{part.shown(text)}", what)
    yield from _judge_versions(spec)


def _judge_versions(spec: Part) -> Iterator[FieldFault]:
    versions = spec.parts("versions")
    seen: set[str] = set()
    for version in versions:
        name = version.text("name")
        if name and (problem := _find_word_fault(name)):
            yield version.fault(f"{problem}{spec.shown(name)}", "name")
        if name and name in seen:
            yield version.fault(f"is the name of another version, {show(name)}", "name")
        seen.add(name)
    stored = [version.value("storage") for version in versions]
    if versions and None not in stored and stored.count(True) != 1:
        yield spec.fault(
            f"must have `storage: true` once, and have it {stored.count(True)} times", "versions"
        )


def judge_webhook(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a webhook that admits resources (admissionregistration: validateWebhook)."""
    name = part.text("name")
    if name and find_subdomain_fault(name):
        yield part.fault(f"{find_subdomain_fault(name)}{part.shown(name)}", "name")
    elif name and name.count(".") < 2:
        yield part.fault(f"must be a domain with at least three parts{part.shown(name)}", "name")
    client = part.part("clientConfig")
    if ("url" in client.fields) == ("service" in client.fields):
        yield client.fault("must have one of url and service")
    if not part.has("admissionReviewVersions"):
        yield part.fault("is missing", "admissionReviewVersions")


def judge_priority(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a PriorityClass (ValidatePriorityClass): the system's own are higher."""
    value = part.number("value")
    if (
        value is not None
        and value > _HIGHEST
        and not part.part("metadata").text("name").startswith("system-")
    ):
        yield part.fault(f"must be at most {_HIGHEST}", "value")


def _find_word_fault(text: str) -> str:
    """Return why a text isn't a DNS label that begins with a letter (RFC 1035)."""
    return find_label_fault(text) or ("" if _LETTER.match(text) else "must begin with a letter")
