"""Where fab lays out what it fetches, and whether that is safe.

It clones and unpacks into folders beside the files that name the sources, and replaces what is there. The
trees are walked in the working copy's layout, so a git source's `copy` is the folder of its clone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import normpath

from promotion.errors import DefinitionError
from promotion.rendering.definition.tree_visit import Need, Visited
from promotion.rendering.model import Folder, Snapshot, error_about
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.web_source import WebSource


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """fab's git finds these commits and nothing else, so it can't get files that nobody has checked.

    `users` are the names that fab may put before the host of an address, by address.
    """

    snapshots: Mapping[GitSource, Snapshot]
    users: Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Authorized:
    """fab's git goes to the servers, for hooks may name sources that we don't know. Tokens are by address,
    `addresses` are those that we know, `users` as of `Pinned`.
    """

    tokens: Mapping[str, str] = field(repr=False)
    addresses: tuple[str, ...] = ()
    users: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Place:
    """A folder that fab fills: its path in the working copy, from which source, and whose clone it is in."""

    path: str
    source: Source
    inside: str


def find_places(visited: Iterable[Visited]) -> dict[str, Place]:
    """Return every folder that `fab install` fills, by path.

    Raises:
        DefinitionError: two sources share one, or one lies in another that doesn't name it.
    """
    places: dict[str, Place] = {}
    for item in visited:
        for place in places_of(item):
            other = places.setdefault(place.path, place)
            if other.source.without_copy() != place.source.without_copy():
                names = (str(each.source.without_copy()) for each in (other, place))
                raise _misplaced(item, f"fab would put two sources, {' and '.join(names)}, in {place.path}")
    for item in visited:
        for place in places_of(item):
            if _deepest(places, place.path, proper=True) != place.inside:
                raise _misplaced(item, f"fab would write {place.path} into the files of another source")
    return places


def check_layout(
    visited: Iterable[Visited], places: Mapping[str, Place], snapshots: Mapping[Source, Snapshot]
) -> None:
    """Refuse files that fab would replace before it reads them: it would read others than were checked.

    Args:
        snapshots: the repositories, by their sources in the working copy's layout.

    Raises:
        DefinitionError: a component's folder, or a repository's own, is where fab puts something else.
    """
    for item in visited:
        content = item.content
        for folder in (item.component.folder, *([content] if isinstance(content, Folder) else [])):
            path = folder.path_in_copy()
            if _deepest(places, path) != folder.source.copy:
                raise _misplaced(item, f"the folder {path} is one that fab replaces by another source")
    for place in places.values():
        owner = next((source for source in snapshots if place.inside and source.copy == place.inside), None)
        if owner is None:  # the definition's own source: the copy of that is cleared
            continue
        path = place.path.removeprefix(f"{place.inside}/")
        if snapshots[owner].list(path) is not None or snapshots[owner].read(path) is not None:
            raise DefinitionError(
                f"{owner.without_copy()} holds {path}, which fab replaces by {place.source.without_copy()}",
                fix="Remove it from the repository, or rename the component.",
            )


def find_clones(visited: Iterable[Visited]) -> dict[GitSource, Visited]:
    """Return the repositories that `fab install` clones, with the first component that asks for each."""
    found: dict[GitSource, Visited] = {}
    for item in visited:
        for place in places_of(item):
            if isinstance(place.source, GitSource):
                found.setdefault(replace(place.source, copy=""), item)
    return found


def find_relative(sources: Pinned | Authorized, path: str) -> dict[str, dict[GitSource, Snapshot]]:
    """Return the git sources whose address is a relative path, by where that leads from the copy's root.

    Args:
        path: where fab runs, and such an address starts.
    """
    found: dict[str, dict[GitSource, Snapshot]] = {}
    for source, snapshot in sources.snapshots.items() if isinstance(sources, Pinned) else ():
        if source.url.startswith(("./", "../")):
            found.setdefault(normpath(f"{path or '.'}/{source.url}"), {})[source] = snapshot
    return found


def places_of(item: Visited) -> Iterator[Place]:
    """Yield the folders that a component has filled when its install is done."""
    inside = item.component.folder.source.copy
    for need in fetched(item):
        yield Place(folder_of(item, need.source), need.source, inside)
    entries = () if item.replaced else item.component.definition.subcomponents
    for entry, reach in zip(entries, item.reaches if entries else (), strict=True):
        if entry.type == "component" and entry.method == "git":  # fab clones disabled ones, too (bug 6)
            path = item.component.folder.path_in_copy("components", entry.name)
            yield Place(path, GitSource.from_definition(entry, path, reach), inside)


def fetched(item: Visited) -> Iterator[Need]:
    """Yield the sources that a component fetches, unless they lie in the files at hand."""
    content = item.content
    at_hand = content.source if isinstance(content, Folder) else None
    if item.component.definition.method == "git":
        at_hand = None
    return (need for need in item.needs if need.source != at_hand)


def folder_of(item: Visited, source: Source) -> str:
    """Return the folder that a source fills."""
    path = item.placed_path(source)
    return path.rpartition("/")[0] if isinstance(source, WebSource) else path


def about(item: Visited, error: DefinitionError) -> DefinitionError:
    """Return the error, with the component that it is about."""
    error.component = error.component or item.component.label
    return error


def _deepest(places: Mapping[str, Place], path: str, *, proper: bool = False) -> str:
    """Return the innermost of the places that a path lies in."""
    names = path.split("/")
    for end in range(len(names) - proper, 0, -1):
        if (above := "/".join(names[:end])) in places:
            return above
    return ""


def _misplaced(item: Visited, what: str) -> DefinitionError:
    fix = "Rename the component, or move the folder."
    return about(item, error_about(item.component.definition, what, fix))
