"""Labels, annotations, and what selects by them (apimachinery: pkg/apis/meta/v1/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.validation.field_checks import SUBSTITUTED, FieldFault
from promotion.rendering.validation.key_spellings import find_key_fault, find_label_value_fault
from promotion.rendering.validation.kinds.part import Part

_MOST_ANNOTATED = 256 * 1024  # apimachinery: pkg/api/validation/objectmeta.go, TotalAnnotationSizeLimitB
_NAMED = 5  # values in a message
_LISTING = ("In", "NotIn")
_UNLISTING = ("Exists", "DoesNotExist")


def judge_metadata(part: Part) -> Iterator[FieldFault]:
    """Yield faults of labels, annotations and finalizers of a resource, or of a template for one."""
    yield from judge_labels(part, "labels")
    for key, _ in part.keys("annotations"):
        # In annotations capital letters may also stand in the domain.
        if problem := find_key_fault(key.lower()):
            yield part.part("annotations").fault(f"has a key that {problem}", key)
    annotations = part.part("annotations").fields.items()
    size = sum(len(key) + len(node.value) for key, node in annotations)
    if size > _MOST_ANNOTATED // 4:  # a letter has four bytes at most
        size = sum(len(f"{key}{node.value}".encode()) for key, node in annotations)
    if size > _MOST_ANNOTATED:
        yield part.fault(f"take {size} bytes, and may take {_MOST_ANNOTATED}", "annotations")
    for name in part.texts("finalizers"):
        if name and (problem := find_key_fault(name)):
            yield part.fault(f"{problem}{part.shown(name)}", "finalizers")


def judge_labels(part: Part, name: str) -> Iterator[FieldFault]:
    """Yield faults of a map of labels."""
    labels = part.part(name)
    for key, value in part.keys(name):
        if problem := find_key_fault(key):
            yield labels.fault(f"has a key that {problem}", key)
        if isinstance(value, str) and (problem := find_label_value_fault(value)):
            yield labels.fault(f"{problem}{part.shown(value)}", key)


def judge_selector(part: Part) -> Iterator[FieldFault]:
    """Yield faults of what selects by labels."""
    yield from judge_labels(part, "matchLabels")


def judge_requirement(part: Part) -> Iterator[FieldFault]:
    """Yield faults of one expression of what selects."""
    if (key := part.text("key")) and (problem := find_key_fault(key)):
        yield part.fault(f"{problem}{part.shown(key)}", "key")
    operator = part.text("operator")
    if operator in _LISTING and not part.has("values"):
        yield part.fault(f"is missing, and {operator} needs some", "values")
    if operator in _UNLISTING and part.has("values"):
        yield part.fault(f"can't be there with {operator}", "values")
    if operator in ("Gt", "Lt") and part.count("values") != 1:
        yield part.fault(f"must have one value for {operator}", "values")


def find_mismatch(selector: Part, labels: Part) -> str:
    """Return what a label selector asks for that labels lack; empty if nothing or unknown."""
    if missed := find_missing(selector.part("matchLabels"), labels):
        return missed
    has = _read(labels)
    if not _is_known(has):
        return ""
    for part in selector.parts("matchExpressions"):
        key, operator, values = part.text("key"), part.text("operator"), part.texts("values")
        if not key or "" in values or (operator in _LISTING and not values):
            continue
        found = has.get(key)
        wrong = {
            "In": found not in values,
            "NotIn": found in values,
            "Exists": found is None,
            "DoesNotExist": found is not None,
        }
        if wrong.get(operator):
            return show(f"{key} {operator} {', '.join(values[:_NAMED])}".rstrip())
    return ""


def find_missing(wanted: Part, labels: Part) -> str:
    """Return a label that is asked for and isn't there; empty if none, or if that isn't known."""
    has = _read(labels)
    if _is_known(has):
        for key in wanted.fields:
            value = wanted.value(key)
            if SUBSTITUTED not in key and isinstance(value, str) and has.get(key) != value:
                return show(f"{key}={value}")
    return ""


def _is_known(labels: Mapping[str, str | None]) -> bool:
    return not any(SUBSTITUTED in key or value is None for key, value in labels.items())


def _read(labels: Part) -> Mapping[str, str | None]:
    """Return labels by key; None for what isn't known, or isn't a text. A null is an empty text."""
    return {
        key: labels.text(key) if key not in labels.fields or isinstance(labels.value(key), str) else None
        for key in labels.names
    }
