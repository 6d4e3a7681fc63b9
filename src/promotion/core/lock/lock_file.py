"""The lock as text: stable JSON, read with distrust, for who writes to the branch may have edited it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from promotion.core.addresses import without_credentials
from promotion.core.lock.digest import digest_fields
from promotion.core.lock.lock import LOCK_NAME, Lock, LockedComponent, LockedHld, LockedUnit
from promotion.core.lock.origins import FileOrigin
from promotion.core.model import ChartSource, GitSource, Source, WebSource
from promotion.core.paths import manifest_flaw
from promotion.core.text import line
from promotion.errors import Location, PublishError

FORMAT = 3
_REBUILD = (
    f"Restore {LOCK_NAME} from the branch's history, or run once with `adopt: true`, which rebuilds it."
)


class NewerLockError(PublishError):
    """The lock file was written by a newer version of this program."""


def dumps(lock: Lock) -> bytes:
    """The lock as stable JSON text: sorted, indented, ASCII, one line feed at the end."""
    hld = lock.hld
    content = {
        "format": FORMAT,
        "environment": lock.environment,
        "hld": {
            "repository": without_credentials(hld.repository),
            "path": hld.path,
            "ref": hld.ref,
            "commit": hld.commit,
        },
        "configs": list(lock.configs),
        "versions": {"promotion": lock.engine, "helm": lock.helm},
        "request": lock.request,
        "components": {path: _dump_component(part) for path, part in lock.components.items()},
        "units": {digest: _dump_unit(unit) for digest, unit in lock.units.items()},
    }
    content["checksum"] = _checksum(content)
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode("ascii")


def _checksum(content: dict[str, Any]) -> str:
    """Of all but itself, by which a lock shows that somebody edited it, or git merged it."""
    return digest_fields({"lock": {key: value for key, value in content.items() if key != "checksum"}})


def _dump_component(part: LockedComponent) -> dict[str, Any]:
    return {
        "label": part.label,
        "kind": part.kind,
        "source": without_credentials(part.source),
        "ref": part.ref,
        "revision": part.revision,
        "inputs": part.inputs,
        "files": dict(part.files),
        "resources": list(part.resources),
        "unit": part.unit,
        "path": part.path,
        "origins": [_dump_origin(origin) for origin in part.origins],
    }


def _dump_origin(origin: FileOrigin) -> dict[str, Any]:
    fields = {
        "repository": without_credentials(origin.repository),
        "commit": origin.commit,
        "file": without_credentials(origin.file),
        "values": dict(origin.values),
        "begins": origin.begins,
    }
    return {key: value for key, value in fields.items() if value}


def _dump_unit(unit: LockedUnit) -> dict[str, Any]:
    questions = [{**_dump_source(source), "answer": answer} for source, answer in unit.answers.items()]
    return {
        "sources": sorted(questions, key=lambda question: sorted(question.items())),
        "units": sorted(unit.units),
    }


def _dump_source(source: Source) -> dict[str, str]:
    match source:
        case GitSource():
            fields = {"git": source.url, "branch": source.branch, "version": source.version}
        case ChartSource():
            fields = {"charts": source.repository, "chart": source.chart, "version": source.version}
        case WebSource():
            fields = {"file": source.url}
        case _:
            raise TypeError(f"{source} can't be asked anything")
    return {key: text for key, text in fields.items() if text}


def parse_lock(data: bytes, where: Location) -> Lock:
    """Read a lock file; keys that it doesn't know are ignored. One of an older format lets nothing be kept.

    Raises:
        NewerLockError: a newer version of this program wrote it.
        PublishError: it is damaged, or claims files that we can't have written.
    """
    try:
        content = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _damaged(f"it is not JSON text ({line(reason)})", where) from None
    top = _Section(content, "", where)
    written = top.content.get("format")
    if type(written) is not int or written < 1:
        raise _damaged("it names no format", where)
    if written > FORMAT:
        raise NewerLockError(
            f"the lock file has format {written}, and this version knows formats up to {FORMAT}",
            where=where,
            fix="A newer version wrote it: use that version of the action here too.",
        )
    hld, versions = top.section("hld"), top.section("versions")
    lock = Lock(
        environment=top.text("environment"),
        hld=LockedHld(
            repository=hld.text("repository"),
            path=hld.text("path"),
            ref=hld.text("ref"),
            commit=hld.text("commit"),
        ),
        configs=top.texts("configs"),
        engine=versions.text("promotion"),
        helm=versions.text("helm"),
        request=top.text("request"),
        components={
            path: _component(part) for path, part in sorted(top.section("components").sections().items())
        },
        units={digest: _unit(part) for digest, part in sorted(top.section("units").sections().items())},
    )
    _check_claims(lock, where)
    is_whole = written == FORMAT and top.text("checksum") == _checksum(content)
    return lock if is_whole else _forget_inputs(lock)


def _forget_inputs(lock: Lock) -> Lock:
    """What an edited or older lock is good for: it says what is ours, but not what that was made from."""
    components = {path: replace(part, inputs="", unit="") for path, part in lock.components.items()}
    return replace(lock, request="", components=components, units={})


def _component(part: _Section) -> LockedComponent:
    files = part.section("files")
    return LockedComponent(
        label=part.text("label"),
        kind=part.text("kind"),
        source=part.text("source"),
        ref=part.text("ref"),
        revision=part.text("revision"),
        inputs=part.text("inputs"),
        files={path: files.text(path) for path in sorted(files.content)},
        resources=part.texts("resources"),
        unit=part.text("unit"),
        path=part.text("path"),
        origins=tuple(map(_origin, part.items("origins"))),
    )


def _origin(part: _Section) -> FileOrigin:
    return FileOrigin(
        repository=part.text("repository"),
        commit=part.text("commit"),
        file=part.text("file"),
        values=part.section("values").numbers(),
        begins=part.number("begins"),
    )


def _unit(part: _Section) -> LockedUnit:
    return LockedUnit(
        answers={_source(question): question.text("answer") for question in part.items("sources")},
        units=part.texts("units"),
    )


def _source(question: _Section) -> Source:
    version = question.text("version")
    if url := question.text("git"):
        return GitSource(url=url, branch=question.text("branch"), version=version)
    if repository := question.text("charts"):
        return ChartSource(repository=repository, chart=question.text("chart"), version=version)
    return WebSource(url=question.text("file"))


def _check_claims(lock: Lock, where: Location) -> None:
    """Whoever edits the lock must not make us delete what we never write."""
    owners: dict[str, str] = {}
    for owner, part in lock.components.items():
        for path in part.files:
            problem = manifest_flaw(path) or ("" if path.endswith(".yaml") else "is no manifest of ours")
            if problem:
                raise _damaged(f"it claims the file {path!r}, which {problem}", where)
            if path in owners:
                raise _damaged(f"{owners[path]!r} and {owner!r} both claim the file {path!r}", where)
            owners[path] = owner


@dataclass(frozen=True)
class _Section:
    """One JSON object of the lock, with its place for messages."""

    content: dict[str, Any]
    name: str
    where: Location

    def __post_init__(self) -> None:
        if not isinstance(self.content, dict):
            raise _damaged(f"{self.name or 'its content'} is no JSON object", self.where)

    def section(self, key: str) -> _Section:
        return _Section(self.content.get(key, {}), self._path(key), self.where)

    def sections(self) -> dict[str, _Section]:
        return {key: self.section(key) for key in self.content}

    def items(self, key: str) -> list[_Section]:
        value = self.content.get(key, [])
        if not isinstance(value, list):
            raise _damaged(f"{self._path(key)} is no list", self.where)
        return [_Section(item, f"{self._path(key)}.{index}", self.where) for index, item in enumerate(value)]

    def text(self, key: str) -> str:
        value = self.content.get(key, "")
        if not isinstance(value, str):
            raise _damaged(f"{self._path(key)} is no text", self.where)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise _damaged(f"{self._path(key)} is no list of texts", self.where)
        return tuple(value)

    def number(self, key: str) -> int:
        value = self.content.get(key, 0)
        if type(value) is not int:
            raise _damaged(f"{self._path(key)} is no number", self.where)
        return value

    def numbers(self) -> dict[str, int]:
        return {key: self.number(key) for key in self.content}

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise ValueError(f"key {key!r} occurs twice")
        content[key] = value
    return content


def _damaged(reason: str, where: Location) -> PublishError:
    return PublishError(f"the lock file is damaged: {line(reason)}", where=where, fix=_REBUILD)
