"""What `helm template` makes of rendered templates: which documents, in which order, and its refusals.

The rules are those of Helm 4: pkg/release/v1/util (manifest.go, manifest_sorter.go, kind_sorter.go),
pkg/action/action.go (renderResources) and pkg/cmd/template.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from promotion.errors import RenderError

# The Kubernetes version that charts see unless the user names one: the default of Helm 4.3.1.
# Each Helm has its own default, so it is always given: manifests don't change with the renderer.
KUBE_VERSION = "v1.37.0"

# Helm's InstallOrder. Other kinds come after these, by name.
_INSTALL_ORDER = """
    PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy
    PodDisruptionBudget ServiceAccount Secret SecretList ConfigMap StorageClass PersistentVolume
    PersistentVolumeClaim CustomResourceDefinition ClusterRole ClusterRoleList ClusterRoleBinding
    ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList Service DaemonSet Pod
    ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob
    IngressClass Ingress APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration
"""
_RANKS = {kind: (rank, "") for rank, kind in enumerate(_INSTALL_ORDER.split())}
_HOOKS = {
    f"{when}-{what}" for when in ("pre", "post") for what in ("install", "delete", "upgrade", "rollback")
}
_HOOKS |= {"test", "test-success"}

# Go's unicode.IsSpace and RE2's \s differ from each other and from Python's.
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
)
_SPACE += "\u202f\u205f\u3000"
# JSON lets these stand as they are; YAML refuses them, or takes them for the end of a line.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_SEPARATOR = re.compile(r"^---[\t\n\f\r ]*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document of a rendered template; `events` is its hook annotation, None if it has none."""

    path: str
    text: str
    kind: str
    events: str | None

    def __str__(self) -> str:
        return f"---\n# Source: {self.path}\n{self.text}\n"


Parse = Callable[[str, str], Mapping[str, Any]]


def manifest(rendered: Mapping[str, str], parse: Parse) -> str:
    """The text that `helm template` prints for rendered templates.

    Args:
        rendered: the text of each template by its path, as `shop/templates/service.yaml`.
        parse: reads a document (path, text) as Helm does; its kind and annotations decide its place.

    Raises:
        RenderError: the head of a document isn't that of a Kubernetes object.
        Exception: what `parse` raises.
    """
    documents = list(_documents(rendered, parse))
    hooks = [document for document in documents if document.events is not None]
    others = [document for document in documents if document.events is None]
    head = "".join(map(str, sorted(others, key=_rank))).strip(_SPACE)
    known = (hook for hook in sorted(hooks, key=_rank) if _is_known(hook.events or ""))
    return head + "\n" + "".join(map(str, known))


def split(text: str) -> list[str]:
    """The documents of a rendered template (Helm: SplitManifests)."""
    pieces = _SEPARATOR.split(text.lstrip(_SPACE))
    return [piece.lstrip(_SPACE) for piece in pieces if piece.strip(_SPACE)]


def _documents(rendered: Mapping[str, str], parse: Parse) -> Iterator[Document]:
    for path in sorted(rendered):
        if path.endswith("NOTES.txt") or PurePosixPath(path).name.startswith("_"):
            continue
        for text in split(rendered[path]):
            kind, events = _head(path, parse(path, text))
            yield Document(path=path, text=text, kind=kind, events=events)


def _rank(document: Document) -> tuple[int, str]:
    return _RANKS.get(document.kind, (len(_RANKS), document.kind))


def _is_known(events: str) -> bool:
    """Whether every event of a hook is one of Helm's; it leaves out hooks for others."""
    return all(event.strip(_SPACE).lower() in _HOOKS for event in events.split(","))


def _head(path: str, head: Mapping[str, Any]) -> tuple[str, str | None]:
    """The kind and the hook annotation of a document (Helm: SimpleHead)."""
    _text(path, head, ".apiVersion")
    kind = _text(path, head, ".kind")
    metadata = _table(path, head, ".metadata", _METADATA)
    annotations = _table(path, metadata, ".metadata.annotations", "map[string]string")
    for name in sorted(annotations):
        _text(path, annotations, f".metadata.annotations.{name}", name)
    _text(path, metadata, ".metadata.name")
    events = _text(path, annotations, "", "helm.sh/hook") if "helm.sh/hook" in annotations else None
    return kind, events


_METADATA = 'struct { Name string "json:\\"name\\""; Annotations map[string]string "json:\\"annotations\\"" }'


def _text(path: str, table: Mapping[str, Any], field: str, name: str = "") -> str:
    """A scalar as Go reads it into a string; nothing is an empty one."""
    value = table.get(name or field.rpartition(".")[2])
    if isinstance(value, dict | list):
        raise _mismatch(path, value, f"{field} of type string")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _table(path: str, table: Mapping[str, Any], field: str, go_type: str) -> Mapping[str, Any]:
    value = table.get(field.rpartition(".")[2])
    if not isinstance(value, dict | None):
        raise _mismatch(path, value, f"{field} of type {go_type}")
    return value or {}


def _mismatch(path: str, value: Any, field: str) -> RenderError:
    names = {list: "array", dict: "object", str: "string", bool: "bool"}
    words = f"json: cannot unmarshal {names.get(type(value), 'number')} into Go struct field {field}"
    return refusal(f"YAML parse error on {path}: error unmarshaling JSON: while decoding JSON: {words}")


def values_text(values: Mapping[str, Any]) -> str:
    """Values as JSON on one line that Helm's YAML reader takes for the same.

    Raises:
        RenderError: an infinite number or one that isn't a number, which JSON can't hold.
    """
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise RenderError(
            "the config holds .inf or .nan, which Helm can't take", fix="Use a number, or a text in quotes."
        ) from error
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


# Helm's words, and what to do about it.
_FIXES = (
    ("schema", "Correct the component's config, or the defaults of the chart."),
    ("chart dependencies", "Vendor them below charts/, or correct the dependencies in Chart.yaml."),
    ("invalid release name", "Rename the component: its name is the name of the Helm release."),
    ("requires kubeVersion", "Set the input kube-version to the version of your clusters."),
    ("not installable", "Use an application chart; a library chart can only be a dependency of one."),
    ("invalid kube version", "Set the input kube-version to a version such as 1.33."),
    ("YAML parse error", "Correct the template, or the values it prints."),
    ("Chart.yaml", "Point `path` at the folder that has the chart's Chart.yaml."),
)


def missing_dependencies(names: Sequence[str]) -> RenderError:
    """The error for dependencies of a Chart.yaml that aren't below charts/ (Helm: CheckDependencies)."""
    return refusal(
        "an error occurred while checking for chart dependencies. You may need to run "
        "'helm dependency build' to fetch missing dependencies: found in Chart.yaml, but missing in charts/ "
        f"directory: {', '.join(names)}"
    )


def refusal(words: str, chart: str = "") -> RenderError:
    """The error for a chart that Helm refuses.

    Args:
        words: Helm's error message.
        chart: the chart's folder, taken out of the message.
    """
    text = words.replace(f"{chart.rstrip('/')}/", "") if chart else words
    text = text.strip().removesuffix("Use --debug flag to render out invalid YAML").rstrip(" \n.")
    if text.startswith("unable to detect chart"):
        text = "Chart.yaml file is missing"
    fix = next(
        (fix for part, fix in _FIXES if part in text), "Correct the component's config, or the template."
    )
    return RenderError(f"Helm: {text}", fix=fix)
