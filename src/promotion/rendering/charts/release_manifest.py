"""What `helm template` makes of rendered templates: which documents, in which order.

The rules are those of Helm 4: pkg/release/v1/util (manifest.go, manifest_sorter.go, kind_sorter.go),
pkg/action/action.go (renderResources) and pkg/cmd/template.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from promotion.common.lazy_dataclass import dataclass
from promotion.errors import RenderError
from promotion.rendering.charts.helm_refusals import refusal

# The Kubernetes version that charts see unless the user names one: the default of Helm 4.3.1.
# Each Helm has its own default, so it is always given: manifests don't change with the renderer.
KUBE_VERSION = "v1.37.0"

# Of a component's manifest: GitHub warns of files above this, and refuses them above 100 MB.
MOST_CHARACTERS = 50 * 2**20

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
_EVENTS = {
    f"{when}-{what}" for when in ("pre", "post") for what in ("install", "delete", "upgrade", "rollback")
}
_TESTS = {"test", "test-success"}
_EVENTS |= _TESTS

# Go's unicode.IsSpace and RE2's \s differ from each other and from Python's.
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
)
_SPACE += "\u202f\u205f\u3000"
# JSON lets these stand as they are; YAML refuses them, or takes them for the end of a line.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_SEPARATOR = re.compile(r"^---[\t\n\f\r ]*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class ReleaseDocument:
    """One document of a rendered template; `events` is its hook annotation, None if it has none."""

    path: str
    text: str
    kind: str
    events: str | None

    @property
    def is_hook(self) -> bool:
        return self.events is not None

    @property
    def is_test(self) -> bool:
        """Whether `helm template --skip-tests` leaves a hook out: it may have other events, too (Helm:
        pkg/cmd/template.go, `isTestHook`).
        """
        return not _TESTS.isdisjoint(self._list_events())

    @property
    def is_known(self) -> bool:
        """Whether Helm knows every event of a hook; it leaves out a hook for another."""
        return all(event in _EVENTS for event in self._list_events())

    def _list_events(self) -> list[str]:
        return [event.strip(_SPACE).lower() for event in (self.events or "").split(",")]

    def __str__(self) -> str:
        return f"---\n# Source: {self.path}\n{self.text}\n"


Parse = Callable[[str, str], Mapping[str, Any]]


def manifest(
    rendered: Mapping[str, str],
    parse: Parse,
    warn: Callable[[str], None],
    *,
    skip_tests: bool = False,
) -> str:
    """Return the text that `helm template` prints for rendered templates.

    Args:
        rendered: the text of each template by its path, as `shop/templates/service.yaml`.
        parse: reads a document (path, text) as Helm does; its kind and annotations decide its place.
        warn: is told of hooks that are left out, because Helm doesn't know their events.
        skip_tests: leaves out Helm's tests.

    Raises:
        RenderError: the head of a document isn't that of a Kubernetes object, or it is all too much.
        Exception: what `parse` raises.
    """
    if sum(map(len, rendered.values())) > MOST_CHARACTERS:
        raise RenderError(
            f"what the chart prints is longer than {MOST_CHARACTERS // 2**20} MiB",
            fix="Divide it into several components.",
        )
    documents = sorted(_documents(rendered, parse), key=_rank)
    hooks = [document for document in documents if document.is_hook]
    for hook in hooks:
        if not hook.is_known:
            warn(f"{hook.path}: skipping unknown hooks: {hook.events}")
    hooks = [hook for hook in hooks if hook.is_known and not (skip_tests and hook.is_test)]
    head = "".join(str(document) for document in documents if not document.is_hook)
    return head.strip(_SPACE) + "\n" + "".join(map(str, hooks))


def put_first(crds: str, printed: str) -> str:
    """Return what `helm template` prints with the files of folders `crds/`.

    Args:
        crds: what it prints of them.
        printed: what it prints without them.
    """
    if not crds:
        return printed
    has_others = not printed.startswith("\n")  # Helm takes the space from the ends of all but hooks
    return (crds.lstrip(_SPACE) if has_others else crds.strip(_SPACE)) + printed


def split(text: str) -> list[str]:
    """Return the documents of a rendered template (Helm: SplitManifests)."""
    pieces = _SEPARATOR.split(text.lstrip(_SPACE))
    return [piece.lstrip(_SPACE) for piece in pieces if piece.strip(_SPACE)]


def _documents(rendered: Mapping[str, str], parse: Parse) -> Iterator[ReleaseDocument]:
    for path in sorted(rendered):
        if path.endswith("NOTES.txt") or PurePosixPath(path).name.startswith("_"):
            continue
        for text in split(rendered[path]):
            kind, events = _head(path, parse(path, text))
            yield ReleaseDocument(path=path, text=text, kind=kind, events=events)


def _rank(document: ReleaseDocument) -> tuple[int, str]:
    return _RANKS.get(document.kind, (len(_RANKS), document.kind))


def _head(path: str, head: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the kind and the hook annotation of a document (Helm: SimpleHead)."""
    _text(path, ".apiVersion", _field(head, "apiVersion"))
    kind = _text(path, ".kind", _field(head, "kind"))
    metadata = _table(path, ".metadata", _field(head, "metadata"), _METADATA)
    annotations = _table(path, ".metadata.annotations", _field(metadata, "annotations"), "map[string]string")
    texts = {
        name: _text(path, f".metadata.annotations.{name}", annotations[name]) for name in sorted(annotations)
    }
    _text(path, ".metadata.name", _field(metadata, "name"))
    return kind, texts.get("helm.sh/hook")


_METADATA = 'struct { Name string "json:\\"name\\""; Annotations map[string]string "json:\\"annotations\\"" }'


def _field(table: Mapping[str, Any], name: str) -> Any:
    """Return a key's value, whatever the case of the key, as in Go's JSON; lower case comes first."""
    keys = sorted((key for key in table if key.lower() == name.lower()), reverse=True)
    return table[keys[0]] if keys else None


def _text(path: str, field: str, value: Any) -> str:
    """Return a scalar as Go reads it into a string; nothing is an empty one."""
    if isinstance(value, dict | list):
        raise _mismatch(path, value, f"{field} of type string")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _table(path: str, field: str, value: Any, go_type: str) -> Mapping[str, Any]:
    if not isinstance(value, dict | None):
        raise _mismatch(path, value, f"{field} of type {go_type}")
    return value or {}


def _mismatch(path: str, value: Any, field: str) -> RenderError:
    names = {list: "array", dict: "object", str: "string", bool: "bool"}
    words = f"json: cannot unmarshal {names.get(type(value), 'number')} into Go struct field {field}"
    return refusal(f"YAML parse error on {path}: error unmarshaling JSON: while decoding JSON: {words}")


def values_text(values: Mapping[str, Any]) -> str:
    """Return values as JSON on one line that Helm's YAML reader takes for the same.

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
