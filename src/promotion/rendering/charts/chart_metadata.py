"""What a chart's own files say of it: Chart.yaml, and the files of its dependencies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from promotion.common import lfs_pointers as lfs
from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.plain_yaml import PlainYamlError, load_plain
from promotion.errors import DefinitionError, Location

_TEXTS = ("name", "version", "repository", "condition", "alias")
_ESCAPED_BY_GO = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """One chart that another needs, as in Chart.yaml or in a lock file."""

    name: str
    version: str = ""
    repository: str = ""
    condition: str = ""
    alias: str = ""
    tags: tuple[str, ...] = ()
    import_values: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, kw_only=True)
class ChartLock:
    """Exact versions of dependencies (Chart.lock), and a digest of what they were chosen for."""

    dependencies: tuple[Dependency, ...]
    digest: str
    location: Location


@dataclass(frozen=True, kw_only=True)
class ChartMetadata:
    """Name and version of a chart, and the charts it needs, with where these are listed."""

    name: str
    version: str
    api_version: str = "v1"
    dependencies: tuple[Dependency, ...] = ()
    location: Location = field(default=Location("Chart.yaml"), compare=False)


def parse_metadata(files: Mapping[str, tuple[bytes, Location]]) -> ChartMetadata:
    """Read `Chart.yaml` and, where there is one, `requirements.yaml`, whose list then counts alone.

    Args:
        files: content and place by file name; other names are ignored.

    Raises:
        DefinitionError: a file is missing or malformed.
    """
    data, where = files["Chart.yaml"]
    chart = _load_map(data, where)
    name, version = _text(chart, "name", where), _text(chart, "version", where)
    if not name or not version:
        raise DefinitionError(
            "a chart needs a name and a version", where=where, fix="Add them to Chart.yaml."
        )
    listing = chart
    if "requirements.yaml" in files:
        data, where = files["requirements.yaml"]
        listing = _load_map(data, where)
    return ChartMetadata(
        name=name,
        version=version,
        api_version=_text(chart, "apiVersion", where) or "v1",
        dependencies=_dependencies(listing, where),
        location=where,
    )


def parse_chart_lock(files: Mapping[str, tuple[bytes, Location]]) -> ChartLock | None:
    """Read `requirements.lock`, else `Chart.lock`; None if there is neither.

    Raises:
        DefinitionError: it is malformed.
    """
    found = files.get("requirements.lock") or files.get("Chart.lock")
    if not found:
        return None
    lock = _load_map(*found)
    where = found[1]
    return ChartLock(
        dependencies=_dependencies(lock, where), digest=_text(lock, "digest", where), location=where
    )


def is_in_sync(metadata: ChartMetadata, lock: ChartLock) -> bool:
    """Return whether a lock fits these dependencies (Helm: internal/resolver, HashReq and HashV2Req)."""
    wanted = [_for_json(dependency) for dependency in metadata.dependencies]
    locked = [_for_json(dependency) for dependency in lock.dependencies]
    if lock.digest == _digest([wanted, locked]):
        return True
    return metadata.api_version == "v1" and lock.digest == _digest({"dependencies": wanted})


def _digest(value: object) -> str:
    """Return the SHA-256 of the JSON that Go writes: compact, Unicode as it is, HTML's signs escaped."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED_BY_GO)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _for_json(dependency: Dependency) -> dict[str, Any]:
    """Return a dependency's fields in the order of Helm's struct, those that are empty left out, as in Go."""
    optional = {
        "condition": dependency.condition,
        "tags": list(dependency.tags),
        "import-values": [_sorted(value) for value in dependency.import_values],
        "alias": dependency.alias,
    }
    version = {"version": dependency.version} if dependency.version else {}
    fields = {"name": dependency.name, **version, "repository": dependency.repository}
    return fields | {key: value for key, value in optional.items() if value}


def _sorted(value: Any) -> Any:
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def _load_map(data: bytes, where: Location) -> Mapping[str, Any]:
    if lfs.is_pointer(data):
        raise DefinitionError(lfs.WHAT, where=where, fix=lfs.FIX)
    try:
        value = load_plain(data)
    except PlainYamlError as error:
        place = Location(where.file, error.line, error.column, where.repository)
        raise DefinitionError(str(error), where=place, fix=error.fix) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DefinitionError("this file has to be a map", where=where, fix="Correct the YAML.")
    return value


def _text(values: Mapping[str, Any], key: str, where: Location) -> str:
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise DefinitionError(f"`{key}` has to be a text", where=where, fix="Correct it.")
    return value or ""


def _list(values: Mapping[str, Any], key: str, where: Location) -> Sequence[Any]:
    value = values.get(key)
    if value is not None and not isinstance(value, list):
        raise DefinitionError(f"`{key}` has to be a list", where=where, fix="Correct it.")
    return value or []


def _dependencies(values: Mapping[str, Any], where: Location) -> tuple[Dependency, ...]:
    dependencies = []
    for item in _list(values, "dependencies", where):
        if not isinstance(item, dict) or not _text(item, "name", where):
            raise DefinitionError("each of `dependencies` needs a name", where=where, fix="Correct the list.")
        texts = {key: _text(item, key, where) for key in _TEXTS}
        tags = tuple(str(tag) for tag in _list(item, "tags", where))
        imports = tuple(_list(item, "import-values", where))
        dependencies.append(Dependency(**texts, tags=tags, import_values=imports))
    return tuple(dependencies)
