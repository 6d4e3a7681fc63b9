"""The resources in a manifest, read strictly for a judge: alike for every reader, or refused.

What applies a manifest isn't known. Flux reads with kyaml (go-yaml 3), Argo CD and kubectl with
sigs.k8s.io/yaml (go-yaml 2). Of both, see decode.go, `mapping`. They differ in keys that are there twice (3
refuses them by `uniqueKeys`; 2 takes the last, unless it is `strict`: `setMapIndex`), in merge keys beside a
key of their own (2 takes what comes last, 3 the own one, by `mergedFields`), and in words such as `on`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from promotion.common.yaml.scalars import TAG_PREFIX
from promotion.common.yaml.verbatim import UNSET, compose_all
from promotion.common.yaml.yaml_nodes import list_nodes
from promotion.errors import DefinitionError, Location
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.manifests.resources import split_documents
from promotion.rendering.ownership.kind_catalogue import Kind
from promotion.rendering.ownership.node_search import find_all, index_map, text_of

_SOURCE = re.compile(r"^# Source: (.+?)\s*$", re.MULTILINE)
_TAG_SIGN = re.compile(r"(?<![\w\"'`$])!|^%", re.MULTILINE)
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_GROUP = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# What a name may hold at all (apimachinery: pkg/api/validation/path/name.go), without blanks and Flux' `${`.
_NAME = re.compile(r"[^\s/%${}*?]+")
_TAGS = frozenset(
    f"{TAG_PREFIX}{name}"
    for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "binary")
) | {UNSET, f"{TAG_PREFIX}merge"}
_KEY_TAGS = frozenset((UNSET, f"{TAG_PREFIX}str", f"{TAG_PREFIX}merge"))
_HEAD = {name.lower(): name for name in ("apiVersion", "kind", "metadata", "items")}
_METADATA = {name.lower(): name for name in ("namespace", "name", "generateName")}
_API_VERSION = re.compile(r"(?:[a-z0-9.-]+)?/?[a-z0-9]+", re.ASCII)
_TWICE = "is there twice, so readers differ"
Fields = Mapping[str, Sequence[yaml.Node]]
_DEEPEST = 10  # lists within lists


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What readers don't agree on, or can't read: the field, what is wrong with it, what to do, its line."""

    field: str
    what: str
    fix: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Head:
    """One resource: what it is, its node, its line in the manifest, the template that printed it.

    `faults` are reasons not to believe the rest. `offset` is how many lines come before its document.
    """

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    generated: str = ""
    line: int
    offset: int = 0
    template: str = ""
    node: yaml.MappingNode = field(default_factory=lambda: yaml.MappingNode("", []), repr=False)
    faults: tuple[Fault, ...] = ()

    @property
    def group(self) -> str:
        """The API group; empty for the core's (apimachinery: schema/group_version.go, ParseGroupVersion)."""
        return self.api_version.rpartition("/")[0]

    @property
    def group_kind(self) -> Kind:
        """Group and kind."""
        return self.group, self.kind

    def __str__(self) -> str:
        """`Deployment cats/web`."""
        name = self.name or (f"{self.generated}…" if self.generated else "")
        return str(Resource(kind=self.kind or "a resource", namespace=self.namespace, name=name))


def read_heads(manifest: bytes) -> Iterator[Head]:
    """Yield the resources of a manifest, those in lists one by one.

    A list is what has `items`, whatever its kind: so client-go and Flux see it (apimachinery:
    pkg/apis/meta/v1/unstructured/unstructured.go, IsList; unstructured/helpers.go, decode and decodeToList,
    which gives items the kind of a typed list). If its kind doesn't say so as well, it is judged itself, too.
    """
    try:
        text = manifest.decode()
    except UnicodeDecodeError:
        yield _broken(1, "", "the manifest isn't UTF-8")
        return
    template, line = "", 0
    for piece in split_documents(text):
        sources = _SOURCE.findall(piece)
        template = sources[-1] if sources else template
        if not piece.strip():
            line += piece.count("\n")
            continue
        try:
            for node in compose_all(piece, Location("")):
                yield from _Reader(template, line, bool(_TAG_SIGN.search(piece))).read(node)
        except DefinitionError as error:
            yield _broken(line + ((error.where and error.where.line) or 1), template, error.what)
        line += piece.count("\n")


def _broken(line: int, template: str, what: str) -> Head:
    fix = "Correct the file or template that it comes from."
    return Head(line=line, template=template, faults=(Fault(field="", what=what, fix=fix, line=line),))


@dataclass
class _Reader:
    template: str
    offset: int
    has_tags: bool
    depth: int = 0

    def read(self, node: yaml.Node, kind: str = "", api_version: str = "") -> Iterator[Head]:
        """Yield the resources in a node; the items of a typed list may leave out kind and version."""
        line = self.offset + node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode) and text_of(node) == "":
            return
        if not isinstance(node, yaml.MappingNode):
            yield _broken(line, self.template, "a document of a manifest must be a map")
            return
        if not node.value:
            return
        if self.depth > _DEEPEST:
            yield _broken(line, self.template, f"lists nest more than {_DEEPEST} deep")
            return
        head = self._head(node, line, kind, api_version)
        lists = [found for found in find_all(node, "items") if isinstance(found, yaml.SequenceNode)]
        if not lists or not head.kind.endswith("List") or head.faults:
            yield head
        typed = head.kind.removesuffix("List") if head.kind.endswith("List") else ""
        self.depth += 1
        for part in (part for found in lists for part in found.value):
            yield from self.read(part, typed, head.api_version if typed else "")
        self.depth -= 1

    def _head(self, node: yaml.MappingNode, line: int, kind: str, api_version: str) -> Head:
        faults: list[Fault] = []

        def take(above: Fields, name: str, path: str, shape: re.Pattern[str]) -> str:
            found = above.get(name, ())
            texts = {text_of(part) for part in found}
            if not texts:
                return ""
            where = self.offset + found[-1].start_mark.line + 1
            if len(found) > 1:
                faults.append(Fault(field=path, what=_TWICE, fix="Leave one of them.", line=where))
                return ""
            text = texts.pop()
            if text is None or (text and not shape.fullmatch(text)):
                what = "isn't a text that every reader takes for the same valid name"
                fix = "Write it out, in quotes, without variables and tags."
                faults.append(Fault(field=path, what=what, fix=fix, line=where))
                return ""
            return text

        top = index_map(node)
        self._check_keys(top, _HEAD, "", faults)
        if self.has_tags:
            self._check_tags(node, faults)
        written_kind = take(top, "kind", "kind", _KIND) or kind
        version = take(top, "apiVersion", "apiVersion", _API_VERSION) or api_version
        metadata = top.get("metadata", [])
        if len(metadata) > 1:
            faults.append(Fault(field="metadata", what=_TWICE, fix="Leave one of them.", line=line))
        names = {"namespace": "", "name": "", "generateName": ""}
        for part in metadata[:1]:
            if not isinstance(part, yaml.MappingNode):
                continue
            fields = index_map(part)
            self._check_keys(fields, _METADATA, "metadata.", faults)
            for name in names:
                shape = _NAMESPACE if name == "namespace" else _NAME
                names[name] = take(fields, name, f"metadata.{name}", shape)
        group = version.rpartition("/")[0]
        if group and not _GROUP.fullmatch(group):
            what = "names no valid group"
            faults.append(Fault(field="apiVersion", what=what, fix="Correct it.", line=line))
        for name, text in (("kind", written_kind), ("apiVersion", version)):
            if not text and not any(fault.field == name for fault in faults):
                fix = "Every resource needs `apiVersion` and `kind`."
                faults.append(Fault(field=name, what="is missing", fix=fix, line=line))
        return Head(
            api_version=version.removeprefix("/"),
            kind=written_kind,
            namespace=names["namespace"],
            name=names["name"],
            generated=names["generateName"],
            line=line,
            offset=self.offset,
            template=self.template,
            node=node,
            faults=tuple(faults),
        )

    def _check_keys(self, fields: Fields, names: dict[str, str], path: str, faults: list[Fault]) -> None:
        """Refuse keys that only some readers take for a field: Go's encoding/json doesn't tell case apart."""
        for text, values in fields.items():
            meant = names.get(text.strip().lower())
            if meant and meant != text:
                line = self.offset + values[0].start_mark.line + 1
                what = f"is `{meant}` to some readers"
                faults.append(Fault(field=f"{path}{text}", what=what, fix=f"Write `{meant}`.", line=line))

    def _check_tags(self, node: yaml.MappingNode, faults: list[Fault]) -> None:
        """Refuse tags that hide a key, or that not every reader knows."""
        for below in list_nodes(node):
            keys = [key for key, _ in below.value] if isinstance(below, yaml.MappingNode) else []
            hidden = [key for key in keys if key.tag not in _KEY_TAGS]
            if below.tag not in _TAGS:
                hidden.append(below)
            for part in hidden[:1]:
                line = self.offset + part.start_mark.line + 1
                what = f"has the tag {part.tag!r}, which not every reader takes for the same"
                faults.append(Fault(field="", what=what, fix="Leave out the tag.", line=line))
                return
