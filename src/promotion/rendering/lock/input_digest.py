"""Digests of contents, and of all that decides a manifest: equal digests mean equal manifests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from promotion.rendering.model import Component

Field = str | bool | bytes | Mapping[str, Any] | Iterable[str]


def digest_fields(fields: Mapping[str, Field]) -> str:
    """Return a digest of named values, `sha256:` and 64 digits.

    Every value goes in with its name, type and length, NUL between them, so that no two different sets
    give the same bytes. Maps are JSON values; the order of their keys doesn't matter, that of a list does.
    """
    digest = hashlib.sha256()
    for name in sorted(fields):
        kind, data = _encode(fields[name])
        digest.update(b"%b\0%b\0%d\0%b\0" % (name.encode(), kind, len(data), data))
    return f"sha256:{digest.hexdigest()}"


def digest_inputs(
    component: Component, *, content: str, engine: str, helm: str, options: Iterable[str]
) -> str:
    """Return the input digest of a component: of its source digest, and of the tools that make its manifest.

    Args:
        content: the digest of its chart with dependencies, or of its static files.
        engine: our version.
        helm: Helm's version.
        options: Helm's options that change what it prints.
    """
    fields: dict[str, Field] = {"basis": digest_source(component, content=content), "engine": engine}
    if component.definition.type == "helm":
        fields |= {"helm": helm, "options": options}
    return digest_fields(fields)


def digest_source(component: Component, *, content: str) -> str:
    """Return the digest of what a component's sources and config say, whatever tools make a manifest of it.

    Args:
        content: as of `digest_inputs`.
    """
    fields: dict[str, Field] = {
        "type": component.definition.type,
        "name": component.name,
        "content": content,
    }
    if component.definition.type == "helm":
        fields |= {
            "namespace": component.namespace,
            "inject": component.inject_namespace,
            "values": component.values,
        }
    return digest_fields(fields)


def blob_id(data: bytes) -> str:
    """Return the id that git gives a file's content (SHA-1 repositories)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def content_digest(data: bytes) -> str:
    """Return the digest of a file from the web, as an answer in the lock."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _encode(value: Field) -> tuple[bytes, bytes]:
    if isinstance(value, bytes):
        return b"bytes", value
    if isinstance(value, bool):
        return b"bool", b"1" if value else b"0"
    if isinstance(value, str):
        return b"text", value.encode("utf-8", "surrogatepass")
    kind, plain = (b"map", value) if isinstance(value, Mapping) else (b"list", list(value))
    return kind, json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
