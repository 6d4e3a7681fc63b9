"""Volumes, and claims for them (core/validation/validation.go: validateVolumeSource)."""

from __future__ import annotations

from collections.abc import Iterator

from promotion.rendering.definition.spelling_remarks import show
from promotion.rendering.validation.field_checks import FieldFault
from promotion.rendering.validation.kinds.part import Part
from promotion.rendering.validation.kinds.quantities import read_quantity

_NEEDED = {
    "hostPath": "path",
    "secret": "secretName",
    "configMap": "name",
    "persistentVolumeClaim": "claimName",
}
_PROJECTED = (
    "secret",
    "configMap",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
    "podCertificate",
)


def judge_volume(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a volume: it has one source at most, and one without is an emptyDir."""
    if not part.has("name"):
        yield part.fault("is missing", "name")
    sources = [name for name in part.fields if name != "name"]
    if len(sources) > 1:
        yield part.fault(f"has {' and '.join(map(show, sources[:3]))}, and may have one source")
    for source, name in _NEEDED.items():
        if source in part.fields and not part.part(source).has(name):
            yield part.part(source).fault("is missing", name)
    yield from _find_step(part.part("hostPath"), "path")


def judge_projection(part: Part) -> Iterator[FieldFault]:
    """Yield faults of one source of a projected volume."""
    named = [name for name in _PROJECTED if name in part.fields]
    if len(named) > 1:
        yield part.fault(f"has {' and '.join(named)}, and may have one source")
    for name in ("secret", "configMap"):
        if name in part.fields and not part.part(name).has("name"):
            yield part.part(name).fault("is missing", "name")


def judge_item(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a key that becomes a file."""
    for name in ("key", "path"):
        if not part.has(name):
            yield part.fault("is missing", name)
    path = part.text("path")
    if path.startswith("/"):
        yield part.fault(f"must be a relative path{part.shown(path)}", "path")
    yield from _find_step(part, "path")
    if path.startswith("..") and not path.startswith("../"):
        yield part.fault(f"must not begin with `..`{part.shown(path)}", "path")


def judge_claim(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a claim for a volume (ValidatePersistentVolumeClaimSpec)."""
    if not part.has("accessModes"):
        yield part.fault("is missing", "accessModes")
    modes = part.texts("accessModes")
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        yield part.fault("can have ReadWriteOncePod alone", "accessModes")
    requests = part.part("resources", "requests")
    if not requests.has("storage"):
        yield part.part("resources").fault("is missing", "requests", "storage")
    amount = read_quantity(requests.value("storage"))
    if amount is not None and amount <= 0:
        yield requests.fault("must be more than 0", "storage")


def judge_volume_of_cluster(part: Part) -> Iterator[FieldFault]:
    """Yield faults of a PersistentVolume (ValidatePersistentVolumeSpec)."""
    if not part.has("accessModes"):
        yield part.fault("is missing", "accessModes")
    if not part.part("capacity").has("storage"):
        yield part.fault("is missing", "capacity", "storage")


def _find_step(part: Part, name: str) -> Iterator[FieldFault]:
    text = part.text(name)
    if ".." in text.split("/"):
        yield part.fault(f"must not have `..` in it{part.shown(text)}", name)
