"""The resources in a manifest: what each is, where it stands, and its node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.verbatim import compose_all
from promotion.errors import DefinitionError, Location
from promotion.rendering.lock.value_origins import FileOrigin, describe_line
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.manifests.resources import split_documents
from promotion.rendering.validation.field_checks import entries
from promotion.rendering.validation.value_types import read_scalar

_SOURCE = re.compile(r"^# Source: (.+?)\s*$", re.MULTILINE)
_NO_MAP = "a document of a manifest must be a map"
_DEEPEST = 10  # lists within lists


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A component's label, its manifest's path below the output folder, its content, and the files in it."""

    label: str
    path: str
    data: bytes = field(repr=False)
    origins: tuple[FileOrigin, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One resource, without its content: a whole cluster's would take much memory.

    `line` counts from 1 in the manifest; `template` printed it, if its chart says so. `problem` is why a
    document is no resource; then the rest is empty. `generated` is its `generateName`.
    """

    manifest: Manifest
    template: str
    line: int
    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    generated: str = ""
    problem: str = ""

    @property
    def group(self) -> str:
        """The API group; empty for the core's."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version in its group."""
        return self.api_version.rpartition("/")[2]

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return describe_line(self.manifest.origins, self.manifest.path, self.line)

    def __str__(self) -> str:
        """`Deployment cats/web`."""
        name = self.name or self.generated
        return str(Resource(kind=self.kind or "a resource", namespace=self.namespace, name=name))


def read_items(manifest: Manifest) -> Iterator[tuple[Item, yaml.MappingNode]]:
    """Yield the resources of a manifest in their order, those in lists one by one, each with its node.

    Empty documents are left out. One that is no resource has a `problem`, and an empty node.
    """
    try:
        text = manifest.data.decode()
    except UnicodeDecodeError:
        problem = "the manifest isn't UTF-8"
        yield Item(manifest=manifest, template="", line=1, problem=problem), _EMPTY
        return
    template, line = "", 0
    for piece in split_documents(text):
        sources = _SOURCE.findall(piece)
        template = sources[-1] if sources else template  # the first document alone of a template may say so
        try:
            for node in compose_all(piece, Location("")):
                yield from _Reader(manifest, template, line).read(node)
        except DefinitionError as error:
            place = line + ((error.where and error.where.line) or 1)
            yield Item(manifest=manifest, template=template, line=place, problem=error.what), _EMPTY
        line += piece.count("\n")


_EMPTY = yaml.MappingNode("", [])


@dataclass(frozen=True)
class _Reader:
    manifest: Manifest
    template: str
    offset: int  # lines before the document

    def read(
        self, node: yaml.Node, kind: str = "", api_version: str = "", depth: int = 0
    ) -> Iterator[tuple[Item, yaml.MappingNode]]:
        """Yield the resources in a node. The items of a typed list may leave out kind and version."""
        line = self.offset + node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode) and read_scalar(node) is None:
            return
        if not isinstance(node, yaml.MappingNode) or depth > _DEEPEST:
            problem = f"lists nest more than {_DEEPEST} deep" if depth > _DEEPEST else _NO_MAP
            yield Item(manifest=self.manifest, template=self.template, line=line, problem=problem), _EMPTY
            return
        if not node.value:
            return
        head = _Head(node)
        kind, api_version = head.text("kind") or kind, head.text("apiVersion") or api_version
        items = head.get("items")
        if kind.endswith("List") and isinstance(items, yaml.SequenceNode):
            typed = kind.removesuffix("List")
            for part in items.value:
                yield from self.read(part, typed, api_version if typed else "", depth + 1)
            return
        metadata = _Head(head.get("metadata"))
        item = Item(
            manifest=self.manifest,
            template=self.template,
            line=line,
            api_version=api_version,
            kind=kind,
            name=metadata.text("name"),
            namespace=metadata.text("namespace"),
            generated=metadata.text("generateName"),
        )
        yield item, node


class _Head:
    """A map's values by key; of a key that is there twice the last, as for most readers."""

    def __init__(self, node: yaml.Node | None) -> None:
        self._values: dict[str, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            self._values = {str(key.value): value for key, value in entries(node)}

    def get(self, name: str) -> yaml.Node | None:
        return self._values.get(name)

    def text(self, name: str) -> str:
        node = self._values.get(name)
        return str(node.value) if isinstance(node, yaml.ScalarNode) and read_scalar(node) is not None else ""
