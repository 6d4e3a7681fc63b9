"""The lock file: what we wrote in a manifest repository, and from which sources.

It is the only state between runs. From it come what may be deleted (only what it names), and where
each manifest came from. It holds no clock, no random and no run number, so equal inputs give equal bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from promotion.core.addresses import without_credentials
from promotion.core.model import RenderedComponent
from promotion.core.paths import flaw
from promotion.core.text import line
from promotion.errors import Location, PublishError

LOCK_NAME = "promotion.lock"  # no .yaml and no .json: Flux, Kustomize and Argo CD must not read it
FORMAT = 1
_REBUILD = (
    f"Restore {LOCK_NAME} from the branch's history, or run once with `adopt: true`, which rebuilds it."
)


class NewerLockError(PublishError):
    """The lock file was written by a newer version of this program."""


@dataclass(frozen=True, kw_only=True)
class LockedHld:
    """The cluster definition: its address without credentials, its folder, the ref asked for, the commit."""

    repository: str = ""
    path: str = ""
    ref: str = ""
    commit: str = ""


@dataclass(frozen=True, kw_only=True)
class LockedComponent:
    """Where one component's files came from.

    `ref` is what was asked for (branch, tag or chart version), `revision` what it turned out to be (a commit,
    or a chart version and digest). `files` are paths below the lock's folder with digests of their content.
    """

    label: str
    kind: str = ""
    source: str = ""
    ref: str = ""
    revision: str = ""
    inputs: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The lock's content. `components` are by output path below the lock's folder."""

    environment: str = ""
    hld: LockedHld = LockedHld()
    configs: tuple[str, ...] = ()
    engine: str = ""
    helm: str = ""
    components: Mapping[str, LockedComponent] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, str]:
        """Every file that we wrote, below the lock's folder, with the digest of its content."""
        return {path: digest for part in self.components.values() for path, digest in part.files.items()}


def find_stranger(old: Lock, new: Lock) -> str:
    """Whose manifests the old lock is about, if that isn't what the new one is about; else empty.

    Environment, HLD repository and folder tell whose manifests they are; its branch and configs may change.
    """
    if old.environment != new.environment:
        return f"environment {old.environment!r}, not {new.environment!r}"
    if (_identity(old.hld.repository), old.hld.path) != (_identity(new.hld.repository), new.hld.path):
        before, after = (f"{hld.repository} {hld.path}".strip() for hld in (old.hld, new.hld))
        return f"the definition {before}, not {after}"
    return ""


def _identity(repository: str) -> str:
    return repository.rstrip("/").removesuffix(".git").casefold()


def content_digest(data: bytes) -> str:
    """The digest of a file's content as the lock writes it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def lock_components(components: Iterable[RenderedComponent]) -> dict[str, LockedComponent]:
    """What the lock says of rendered components, by output path."""
    return {
        part.path: LockedComponent(
            label=part.label,
            kind=part.kind,
            source=part.source,
            ref=part.ref,
            revision=part.revision,
            inputs=part.input_digest,
            files={part.path: content_digest(part.manifest)},
        )
        for part in components
    }


def dumps(lock: Lock) -> bytes:
    """The lock as stable JSON text: sorted, indented, ASCII, one line feed at the end."""
    components = {
        path: {
            "label": part.label,
            "kind": part.kind,
            "source": without_credentials(part.source),
            "ref": part.ref,
            "revision": part.revision,
            "inputs": part.inputs,
            "files": dict(part.files),
        }
        for path, part in lock.components.items()
    }
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
        "components": components,
    }
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode("ascii")


def parse_lock(data: bytes, where: Location) -> Lock:
    """Read a lock file; keys that it doesn't know are ignored.

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
        components={
            path: _component(part) for path, part in sorted(top.section("components").sections().items())
        },
    )
    _check_claims(lock, where)
    return lock


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
    )


def _check_claims(lock: Lock, where: Location) -> None:
    """Whoever edits the lock must not make us delete what we never write."""
    owners: dict[str, str] = {}
    for owner, part in lock.components.items():
        for path in part.files:
            problem = flaw(path) or ("" if path.endswith(".yaml") else "is no manifest of ours")
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
