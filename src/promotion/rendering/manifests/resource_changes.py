"""What a commit changes in the cluster, resource by resource, and the difference for people to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from functools import cached_property
from typing import Literal

from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import count, line
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.manifests.resources import Described, Image, ManifestDocument, parse_documents

Action = Literal["added", "changed", "removed"]
DIFF_LIMIT = 200_000  # bytes
_LONGEST = 50_000  # lines; comparing more takes too long to be worth it


@dataclass(frozen=True, kw_only=True)
class ImageChange:
    """A container image whose tag (or digest) changes.

    Where even the name changes, `before` and `after` are whole references.
    """

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name}: {self.before} → {self.after}"


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """One resource that a commit adds, changes or removes, with the component that it belongs to."""

    action: Action
    resource: Resource
    component: str
    path: str
    images: tuple[ImageChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """A manifest before and after; None where there is no file. `parsed` is what `after` holds, if somebody
    has read it already.
    """

    path: str
    component: str
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    parsed: Sequence[ManifestDocument] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def old(self) -> list[ManifestDocument]:
        """The documents before."""
        return parse_documents(self.before or b"", self.new)

    @cached_property
    def new(self) -> Sequence[ManifestDocument]:
        """The documents after."""
        return parse_documents(self.after or b"") if self.parsed is None else self.parsed


@dataclass(frozen=True, kw_only=True)
class ManifestDifference:
    """A change with the resource before and after it; None where it isn't there.

    `diff` is the unified difference of its document, without any Secret's values; empty if an earlier
    resource, with which it shares the document, has it.
    """

    change: ResourceChange
    before: Described | None
    after: Described | None
    diff: str = field(repr=False)


def compare_resources(files: Iterable[FileChange]) -> tuple[ResourceChange, ...]:
    """Return the resources that differ, in order of the files and of their place in them.

    A resource is known by group, kind, namespace and name, so that one which moves to another file or
    only to another API version isn't removed and added.
    """
    return tuple(change for change, _, _ in _compare(files))


def compare_closely(files: Iterable[FileChange]) -> tuple[ManifestDifference, ...]:
    """Compare as `compare_resources`, each change with both sides of it and their difference."""
    found = []
    shown: set[tuple[int, int]] = set()
    for change, before, after in _compare(files):
        old, new = before.document if before else None, after.document if after else None
        is_first = (id(old), id(new)) not in shown
        shown.add((id(old), id(new)))
        found.append(
            ManifestDifference(
                change=change,
                before=before.described if before else None,
                after=after.described if after else None,
                diff="".join(_hunk(line(str(change.resource)), old, new)) if is_first else "",
            )
        )
    return tuple(found)


def _compare(files: Iterable[FileChange]) -> list[tuple[ResourceChange, _Place | None, _Place | None]]:
    files = list(files)
    old = _index((file, document) for file in files for document in file.old)
    new = _index((file, document) for file in files for document in file.new)
    changes: list[tuple[ResourceChange, _Place | None, _Place | None]] = []
    for key, after in new.items():
        before = old.get(key)
        if before is None:
            changes.append((after.change("added"), None, after))
        elif before.document.text != after.document.text and before.content != after.content:
            images = _compare_images(before, after)
            changes.append((after.change("changed", images), before, after))
    changes += [(before.change("removed"), before, None) for key, before in old.items() if key not in new]
    return sorted(changes, key=lambda found: found[0].path)


def render_diff(files: Iterable[FileChange], limit: int = DIFF_LIMIT) -> str:
    """Return a unified difference by file and resource, without any Secret's values, at most `limit` bytes
    long.

    What doesn't fit is left out by whole resources, and counted.
    """
    parts: list[str] = []
    left, skipped, skipped_files = limit - 100, 0, 0  # 100: for the line that counts
    for file in files:
        head = _head(file)
        hunks = list(_hunks(file.old, file.new)) or ["@@ only comments, order or white space @@\n"]
        fitting = []
        left -= len(head.encode())
        for hunk in hunks:
            if (size := len(hunk.encode())) <= left:
                fitting.append(hunk)
                left -= size
        parts += [head, *fitting] if fitting else []
        skipped += len(hunks) - len(fitting)
        skipped_files += len(hunks) > len(fitting)
    if skipped:
        places = count(skipped_files, "file")
        parts.append(f"… and {count(skipped, 'more change')} in {places}, too long to show\n")
    return "".join(parts)


@dataclass(frozen=True)
class _Place:
    """Where a resource stands: in which document of which file."""

    file: FileChange
    document: ManifestDocument
    number: int

    @property
    def described(self) -> Described:
        return self.document.described[self.number]

    @property
    def content(self) -> object:
        return self.described.content

    def change(self, action: Action, images: tuple[ImageChange, ...] = ()) -> ResourceChange:
        return ResourceChange(
            action=action,
            resource=self.document.resources[self.number],
            component=self.file.component,
            path=self.file.path,
            images=images,
        )


def _index(documents: Iterable[tuple[FileChange, ManifestDocument]]) -> dict[tuple[Resource, int], _Place]:
    """Return resources by identity; a number tells those apart that are there twice."""
    found: dict[tuple[Resource, int], _Place] = {}
    counts: dict[Resource, int] = {}
    for file, document in documents:
        for number, resource in enumerate(document.resources):
            counts[resource] = counts.get(resource, 0) + 1
            found[resource, counts[resource]] = _Place(file, document, number)
    return found


def _compare_images(before: _Place, after: _Place) -> tuple[ImageChange, ...]:
    old = before.described.images
    changes = (
        _image_change(old[container], image)
        for container, image in after.described.images.items()
        if container in old and old[container] != image
    )
    return tuple(dict.fromkeys(changes))


def _image_change(before: Image, after: Image) -> ImageChange:
    if before.name == after.name:
        return ImageChange(name=after.name, before=before.tag, after=after.tag)
    return ImageChange(name=after.name, before=str(before), after=str(after))


def _head(file: FileChange) -> str:
    before = "/dev/null" if file.before is None else f"a/{file.path}"
    after = "/dev/null" if file.after is None else f"b/{file.path}"
    return f"--- {before}\n+++ {after}\n"


def _hunks(old: Sequence[ManifestDocument], new: Sequence[ManifestDocument]) -> Iterator[str]:
    """Yield one text for each document that differs, in the new order, removed ones last."""
    before, after = _by_title(old), _by_title(new)
    for key, document in after.items():
        yield from _hunk(key[0], before.get(key), document)
    for key, document in before.items():
        if key not in after:
            yield from _hunk(key[0], document, None)


def _by_title(documents: Sequence[ManifestDocument]) -> dict[tuple[str, int], ManifestDocument]:
    found: dict[tuple[str, int], ManifestDocument] = {}
    counts: dict[str, int] = {}
    for document in documents:
        title = _title(document)
        counts[title] = counts.get(title, 0) + 1
        found[title, counts[title]] = document
    return found


def _title(document: ManifestDocument) -> str:
    first, *others = [str(resource) for resource in document.resources] or ["a document"]
    return line(f"{first} and {len(others)} more" if others else first)


def _hunk(title: str, before: ManifestDocument | None, after: ManifestDocument | None) -> Iterator[str]:
    if before and after and before.text == after.text:
        return
    old = _lines(before.shown() if before else "")
    new = _lines(after.shown(before) if after else "")
    if len(old) + len(new) > _LONGEST:
        yield f"@@ {title} @@\n… {count(len(old), 'line')} before, {len(new)} after: too long to compare\n"
        return
    rows = [
        f"@@ {title} @@" if row.startswith("@@") else row
        for row in list(difflib.unified_diff(old, new, lineterm=""))[2:]
    ]
    if rows:
        yield "\n".join(rows) + "\n"


def _lines(text: str) -> list[str]:
    return text.rstrip().split("\n") if text.strip() else []
