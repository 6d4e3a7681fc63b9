"""A component's manifest: Helm's output cleaned and namespaced, or static files joined.

Scalars are never retyped: a quoted `"0777"` or `"1e3"` is still quoted afterwards, and a `y` still a `y`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml import verbatim
from promotion.common.yaml.composer import MOST_VALUES
from promotion.common.yaml.quick_composer import count_values
from promotion.errors import DefinitionError, Location, RenderError
from promotion.rendering.charts.release_manifest import MOST_CHARACTERS

MOST_DOCUMENTS = 20_000
_SEPARATOR = "\n---"  # a literal text, as fab splits (fab: generators/helm.go:98)
_SOURCE = re.compile(r"^# Source: (.+?)\s*$", re.MULTILINE)
_NULLS = ("", "~", "null", "Null", "NULL")
_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z](?:[-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class ManifestFile:
    """A file of a static component."""

    where: Location
    data: bytes = field(repr=False)


def find_excess(texts: Sequence[str]) -> str:
    """Return what a manifest of these texts has too much of, as the end of a sentence; empty if nothing.

    The limits keep anybody from taking all of the machine's memory, or of a run's time.
    """
    if sum(map(len, texts)) > MOST_CHARACTERS:
        return f"is longer than {MOST_CHARACTERS // 2**20} MiB"
    if sum(text.count(_SEPARATOR) for text in texts) > MOST_DOCUMENTS:
        return f"has more than {MOST_DOCUMENTS} documents"
    # Counting takes time. Each value but the first of a document has one of these signs before it.
    signs = sum(text.count(sign) for text in texts for sign in ",:-?[{\n")
    if signs > MOST_VALUES and sum(map(count_values, texts)) > MOST_VALUES:
        return f"holds more than {MOST_VALUES} values"
    return ""


def clean(output: str) -> str:
    """Return what `helm template` printed, without the documents that are empty (fab:
    generators/helm.go:95-118).

    The others stay as they were printed, each after a line of three dashes.

    Raises:
        RenderError: a document isn't YAML, or isn't a map; fab would drop it. Or it is all too much.
    """
    if excess := find_excess([output]):
        raise RenderError(f"what the chart prints {excess}", fix="Divide it into several components.")
    kept = []
    template, since = "", 0  # the template that is printing, and its lines so far
    for piece in output.split(_SEPARATOR):
        sources = list(_SOURCE.finditer(piece))
        if sources:
            template, since = sources[-1][1], -piece.count("\n", 0, sources[-1].end()) - 1
        if verbatim.is_filled_map(piece) or _is_resource(piece, template, since):
            kept.append(f"---\n{piece}\n")
        since += piece.count("\n") + 1
    return "".join(kept)


def _is_resource(piece: str, template: str, since: int) -> bool:
    """Return whether a document has content; errors as of `clean`."""
    try:
        node = verbatim.compose_first(piece, Location(template or "Helm's output"))
    except DefinitionError as error:
        raise _unreadable(template, error.what, since + ((error.where and error.where.line) or 1)) from error
    if isinstance(node, yaml.MappingNode):
        return bool(node.value)
    if not _is_null(node):
        problem = "a document of a Kubernetes manifest must be a map"
        raise _unreadable(template, problem, since + node.start_mark.line + 1 if node else since)
    return False


def inject_namespace(manifest: str, namespace: str) -> str:
    """Write `metadata.namespace` where a document's metadata has none (fab: generators/helm.go:55-92).

    As there, every kind gets it, the items of a `List` don't, an empty one that is written stays, and octal
    and hexadecimal numbers become decimal ones. Comments are lost, but for Helm's `# Source:`.

    Args:
        manifest: the result of `clean`.

    Raises:
        RenderError: a document's metadata isn't a map.
    """
    written = []
    for piece in manifest.split(_SEPARATOR):
        node = verbatim.compose_first(piece, Location("Helm's output"))
        if not isinstance(node, yaml.MappingNode) or not node.value:
            continue
        comments = "".join(f"{match[0]}\n" for match in _SOURCE.finditer(piece))
        written.append(f"---\n{comments}{verbatim.serialise(_with_namespace(node, namespace))}")
    return "".join(written)


def _with_namespace(document: yaml.MappingNode, namespace: str) -> yaml.MappingNode:
    metadata = _find(document, "metadata")
    if metadata is None or _is_null(metadata):
        return document
    if not isinstance(metadata, yaml.MappingNode):
        kind = getattr(_find(document, "kind"), "value", "document")
        raise RenderError(
            f"the metadata of a {kind} isn't a map, so no namespace can be injected",
            fix="Correct the chart, or leave out `injectNamespace`.",
        )
    present = _find(metadata, "namespace")
    if present is not None and not _is_null(present):
        return document
    style = None if _PLAIN.fullmatch(namespace) else '"'
    # In a copy, for an alias may use this map elsewhere.
    namespaced = _put(metadata, "namespace", yaml.ScalarNode(verbatim.UNSET, namespace, style=style))
    return _put(document, "metadata", namespaced)


def _find(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    """Return a key's value; like fab's, this reader lets the last one win, merge keys included."""
    found = None
    for key, value in node.value:
        if _is_key(key, name):
            found = value
        elif _is_key(key, "<<"):
            parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
            merged = (_find(part, name) for part in parts if isinstance(part, yaml.MappingNode))
            found = next((part for part in merged if part is not None), found)
    return found


def _put(node: yaml.MappingNode, name: str, value: yaml.Node) -> yaml.MappingNode:
    """Return a copy of a map with the key in its old place, or at the end."""
    place = next((index for index, (key, _) in enumerate(node.value) if _is_key(key, name)), len(node.value))
    others = [pair for pair in node.value if not _is_key(pair[0], name)]
    others.insert(place, (yaml.ScalarNode(verbatim.UNSET, name), value))
    return yaml.MappingNode(node.tag, others, flow_style=node.flow_style)


def _is_key(node: yaml.Node, name: str) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == name and (name != "<<" or not node.style)


def _is_null(node: yaml.Node | None) -> bool:
    return node is None or (isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS)


def _unreadable(template: str, problem: str, line: int) -> RenderError:
    place = f"line {line} of what it prints"
    return RenderError(
        f"{template or 'the chart'} doesn't render to Kubernetes YAML ({place}): {problem}",
        fix="Correct the template, or the values that it gets.",
    )
