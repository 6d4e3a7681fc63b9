"""The place of a resource in a manifest: its line, its template and its images."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from promotion.common.git_ids import is_commit
from promotion.rendering.lock import value_origins as origins
from promotion.rendering.lock.lock import LockedComponent
from promotion.rendering.lock.value_origins import FileOrigin
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.manifests.resources import Described, parse_documents, split_documents

_SOURCE = re.compile(r"^# Source: (.+?)\s*$", re.MULTILINE)  # Helm's


@dataclass(frozen=True, kw_only=True)
class Place:
    """A resource in a manifest.

    `line` is that of the manifest where it begins, `first` where its document does, whose text is `text`;
    that is empty if it shows a Secret. `template` is what Helm names as its source, `images` are whole
    references.
    """

    resource: Resource
    line: int
    first: int
    template: str
    images: tuple[str, ...]
    text: str = field(repr=False)
    content: object = field(repr=False, compare=False)


def find_places(manifest: bytes, wanted: Collection[Resource] = ()) -> list[Place]:
    """Return the resources of a manifest in their order: the wanted ones, or all."""
    try:
        text = manifest.decode("utf-8")
    except UnicodeDecodeError:
        return []
    return list(_find(text, wanted))


def find_contents(manifest: bytes, wanted: Collection[Resource]) -> list[object]:
    """Return the wanted resources in a form that compares; without any, the whole manifest."""
    return [place.content for place in find_places(manifest, wanted)] if wanted else [manifest]


def find_template(component: LockedComponent, template: str) -> str:
    """Return the path, in the component's repository, of the template `chart/templates/x.yaml`.

    Empty where that isn't known: of charts from chart repositories, and of charts within charts, which may
    come from elsewhere.
    """
    _, _, below = template.partition("/")
    origin = component.provenance
    is_in_repository = not origin.source or is_commit(origin.revision)
    if component.kind != "helm" or not is_in_repository or not below.startswith("templates/"):
        return ""
    return f"{origin.path}/{below}".strip("/")


def find_file(component: LockedComponent, line: int) -> tuple[FileOrigin, int] | None:
    """Return the static file, and its line, that a line of the manifest comes from."""
    return origins.find_file(component.origins, line)


def _find(text: str, wanted: Collection[Resource]) -> Iterator[Place]:
    before = 0  # lines
    for chunk in split_documents(text):
        for document in parse_documents(chunk.encode()):
            if not document.readable or (wanted and not set(document.resources) & set(wanted)):
                continue
            source = _SOURCE.search(chunk)
            is_plain = document.shown() == document.text
            for described in document.described:
                if not wanted or described.resource in wanted:
                    yield Place(
                        resource=described.resource,
                        line=before + described.node.start_mark.line + 1,
                        first=before + 1,
                        template=source[1] if source else "",
                        images=_images(described),
                        text=chunk if is_plain else "",
                        content=described.content,
                    )
        before += chunk.count("\n")


def _images(described: Described) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, described.images.values())))
