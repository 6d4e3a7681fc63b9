"""The Kubernetes resources in a manifest: which they are, what images they run, how they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

import yaml

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.yaml_nodes import canonical, decode_binaries, get, text_at
from promotion.errors import DefinitionError, Location
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.manifests.secret_masking import find_secrets, masked_text

# A line that starts so begins a document, wherever it stands. The blanks are libyaml's: at any other, as a
# no-break space, the line may belong to a Secret's quoted value. Lines that end in `\r` alone are left
# together, since several documents in one text do no harm.
_MARKER = re.compile(r"^---(?=[ \t\r\n\x85\u2028\u2029]|\Z)", re.MULTILINE)
_POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"),
        ("spec", "template", "spec"),
    ),
}
_UNREADABLE = "# not readable as YAML, so not shown: it might hold a Secret\n"
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Image:
    """A container's image: its name, and its tag (or digest, or `latest` as Docker reads none)."""

    name: str
    tag: str

    def __str__(self) -> str:
        return f"{self.name}{'@' if ':' in self.tag else ':'}{self.tag}"


@dataclass(frozen=True, kw_only=True)
class Described:
    """A resource with its content in a form that compares, and its images by container."""

    resource: Resource
    node: yaml.Node = field(repr=False, compare=False)

    @cached_property
    def content(self) -> Any:
        """Equal for equal content, whatever the order of keys, the style and the comments."""
        return canonical(self.node)

    @cached_property
    def images(self) -> dict[str, Image]:
        """Container → image, for the workloads that Kubernetes has built in."""
        return dict(_images(self.node, self.resource.kind))


@dataclass(frozen=True)
class ManifestDocument:
    """One document of a manifest.

    It keeps its text only: the nodes of a whole cluster would take much memory, and few are looked at.
    An unreadable one isn't YAML, so nobody knows what it holds.
    """

    text: str = field(repr=False)
    resources: tuple[Resource, ...] = ()
    readable: bool = True

    @cached_property
    def described(self) -> tuple[Described, ...]:
        """The resources with their content, in the same order."""
        return tuple(_describe_all(_compose(self.text)))

    def shown(self, before: ManifestDocument | None = None) -> str:
        """Return the text for people: no Secret's value is in it, only which keys differ from `before`."""
        if not self.readable:
            return _UNREADABLE
        nodes = self._nodes_with_secrets()
        if not nodes:
            return self.text
        return masked_text(nodes, find_secrets(before._nodes_with_secrets()) if before else {})

    def _nodes_with_secrets(self) -> list[yaml.Node]:
        """Return the document's nodes if a Secret is among them. Without these signs none can be."""
        signs = ("secret", "\\", "binary", "%")  # `%TAG` gives a tag another name, `%62` is a letter of one
        if not self.readable or not any(sign in self.text.lower() for sign in signs):
            return []
        nodes = _compose(self.text)
        for node in nodes:
            decode_binaries(node)
        return nodes if find_secrets(nodes) else []


def list_resources(manifest: bytes) -> tuple[str, ...]:
    """Return the identities of the resources in a manifest, sorted, with duplicates."""
    return name_resources(parse_documents(manifest))


def name_resources(documents: Iterable[ManifestDocument]) -> tuple[str, ...]:
    """Return the identities of the resources in documents, sorted, with duplicates."""
    return tuple(sorted(part.identity for document in documents for part in document.resources))


def parse_documents(manifest: bytes, known: Iterable[ManifestDocument] = ()) -> list[ManifestDocument]:
    """Return a manifest's documents; those without content (comments, an empty one) are left out.

    Args:
        known: documents that were parsed before; those that are here, too, aren't parsed again.
    """
    try:
        text = manifest.decode("utf-8")
    except UnicodeDecodeError:
        return [ManifestDocument("", readable=False)]
    parsed = {document.text: document for document in known}
    chunks = (chunk for chunk in split_documents(text) if chunk.strip())
    return [document for chunk in chunks if (document := parsed.get(chunk) or _parse(chunk))]


def split_documents(manifest: str) -> list[str]:
    """Return the texts of a manifest's documents, each with its first line of dashes; some are blank."""
    starts = [match.start() for match in _MARKER.finditer(manifest)]
    return [manifest[start:end] for start, end in zip([0, *starts], [*starts, len(manifest)], strict=True)]


def _parse(text: str) -> ManifestDocument | None:
    try:
        nodes = _compose_heads(text)
    except (DefinitionError, UnicodeEncodeError):
        return ManifestDocument(text, readable=False)
    resources = tuple(described.resource for described in _describe_all(nodes))
    return ManifestDocument(text, resources) if nodes else None


def _compose_heads(text: str) -> list[yaml.Node]:
    """Return the same as `_compose`, but for tags that aren't written: only merge keys need those here."""
    if "<<" in text:
        return _compose(text)
    from promotion.common.yaml.quick_composer import compose_all
    from promotion.common.yaml.verbatim import AsWritten

    return [node for node in compose_all(text, Location("manifest"), AsWritten) if node.value]


def _compose(text: str) -> list[yaml.Node]:
    """Return the text's documents that have content."""
    from promotion.common.yaml.quick_composer import compose_all  # most runs have nothing to read

    return [node for node in compose_all(text, Location("manifest")) if node.value]


def _describe_all(nodes: Iterable[yaml.Node]) -> Iterator[Described]:
    for node in nodes:
        yield from _describe(node, "")


def _describe(node: yaml.Node, kind: str) -> Iterator[Described]:
    """Yield the resources in a node: a list's items one by one, which in typed lists have no kind."""
    kind = text_at(node, "kind") or kind
    parts = get(node, "items")
    if kind.endswith("List") and isinstance(parts, yaml.SequenceNode):
        for part in parts.value:
            yield from _describe(part, kind.removesuffix("List"))
    elif isinstance(node, yaml.MappingNode):
        group, _, version = text_at(node, "apiVersion").rpartition("/")
        yield Described(
            resource=Resource(
                kind=kind or "(no kind)",
                namespace=text_at(node, "metadata", "namespace"),
                name=text_at(node, "metadata", "name") or text_at(node, "metadata", "generateName"),
                group=group if version else "",
            ),
            node=node,
        )


def _images(node: yaml.Node, kind: str) -> Iterator[tuple[str, Image]]:
    spec = get(node, *_POD_SPECS[kind]) if kind in _POD_SPECS else None
    for group in _CONTAINERS:
        parts = get(spec, group)
        for index, part in enumerate(parts.value if isinstance(parts, yaml.SequenceNode) else ()):
            if reference := text_at(part, "image"):
                yield f"{group}/{text_at(part, 'name') or index}", parse_image(reference)


def parse_image(reference: str) -> Image:
    """Split an image reference, as `registry:5000/team/cat:1.2@sha256:0a1b...`."""
    rest, _, digest = reference.partition("@")
    name, separator, tag = rest.rpartition(":")
    if not separator or "/" in tag:  # the colon belongs to the registry's port
        name, tag = rest, ""
    return Image(name, tag or digest[:19] or "latest")  # 19: `sha256:` and twelve digits


_IMAGE = re.compile(r"""["']?image["']?\s*:""")


def list_images(manifest: bytes) -> tuple[Image, ...]:
    """Return the images of the workloads in a manifest, each once, in order."""
    try:
        text = manifest.decode("utf-8")
    except UnicodeDecodeError:
        return ()
    found = (
        image
        for chunk in split_documents(text)
        if _IMAGE.search(chunk)
        for document in parse_documents(chunk.encode())
        if document.readable
        for described in document.described
        for image in described.images.values()
    )
    return tuple(dict.fromkeys(found))
