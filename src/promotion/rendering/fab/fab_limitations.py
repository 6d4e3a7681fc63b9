"""What real fab would get wrong, or what would be unsafe to let it do: found on the tree, before it runs.

The numbers of bugs are those of the Fabrikate semantics, section 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from posixpath import normpath

from promotion.common.paths import flaw
from promotion.common.phrases import say
from promotion.errors import DefinitionError, UsageError
from promotion.rendering.definition.source_paths import hooks_denied
from promotion.rendering.definition.tree_visit import Visited
from promotion.rendering.definition.tree_walk import COMMON
from promotion.rendering.fab.clone_layout import about, fetched, folder_of, places_of
from promotion.rendering.model import Definition, Folder, error_about
from promotion.rendering.sources.git_source import GitSource

_FETCHED = ("git", "helm", "http")  # methods that lay something out under the component's name


def read_arguments(configs: Sequence[str]) -> tuple[str, ...]:
    """Return the environments for `fab generate`, each once and without `common`, which fab adds itself.

    Each run has a copy of its own, so `a b` and `a-b`, which share an output folder (bug 24), never meet.

    Raises:
        UsageError: fab would read a name as an option or as a path (bug 23), or can't express the order.
    """
    names = tuple(dict.fromkeys(configs))
    for name in names:
        problem = "holds a slash" if "/" in name else "begins with a hyphen" if name.startswith("-") else ""
        if problem := problem or flaw(name):
            raise UsageError(
                f"the config {name!r} {problem}, which `fab generate` can't take",
                fix=say("Rename its file in config/, or use {engine: native}."),
            )
    if COMMON in names[:-1]:
        raise UsageError(
            f"fab always reads the config {COMMON} last, and would read it twice here (bug 7)",
            fix=say("Leave {} out, or use {engine: native}.", COMMON),
        )
    return tuple(name for name in names if name != COMMON)


def output_folder(arguments: Sequence[str]) -> str:
    """Return where `fab generate` writes, below its working folder (fab: cmd/generate.go:83)."""
    return "generated/" + ("-".join(arguments) or COMMON)


def check_hooks(visited: Iterable[Visited]) -> None:
    """Refuse a tree that has hooks.

    Raises:
        DefinitionError: the first that has.
    """
    for item in visited:
        if item.component.definition.hooks:
            raise about(item, hooks_denied(item.component.definition))


def check_names(visited: Iterable[Visited]) -> None:
    """Refuse names that lead elsewhere (bug 23), those of disabled components too, which fab clones as well.

    Raises:
        DefinitionError: a name has a slash, leaves its folder, or is missing where a folder gets it; or two
            components by reference share one, and with it their config (bug 22).
    """
    for item in visited:
        definition = item.component.definition
        _check_name(item, definition, item.component.name)
        present: set[str] = set()
        for entry in definition.subcomponents:
            _check_name(item, entry, entry.name)
            if entry.type == "component" and entry.name in present:
                what = f"two subcomponents are called {entry.name}, and fab mixes up their configs (bug 22)"
                raise about(item, error_about(entry, what, say("Rename one, or use {engine: native}.")))
            present.add(entry.name)


def check_methods(visited: Iterable[Visited]) -> None:
    """Refuse what fab takes in silence, and then does nothing about.

    Raises:
        DefinitionError: a static component from git, of which fab clones nothing, or a folder named by
            `source`, which fab doesn't look at (bug 17).
    """
    for item in visited:
        definition = item.component.definition
        if isinstance(item.content, Folder) and definition.method in ("", "local"):
            read = normpath(f"/{item.component.folder.path_in_copy()}/{definition.path}").lstrip("/")
            if item.content.path_in_copy() != read:
                what = f"fab looks at `path` only and ignores the source {definition.source!r} (bug 17)"
                raise about(item, error_about(definition, what, "Write the whole way in `path`."))
        if definition.type == "static" and definition.method == "git":
            what = "fab fetches nothing for a static component with the method git (bug 17)"
            fix = say("Put a component file beside the manifests and refer to that, or use {engine: native}.")
            raise about(item, error_about(definition, what, fix))


def check_installed(visited: Iterable[Visited], installed: Sequence[Visited]) -> None:
    """Refuse what an environment enables and `common` doesn't, for `fab install` reads `common` only (bug 6).

    Args:
        visited: the tree that `fab generate` walks.
        installed: the tree that `fab install` walks.

    Raises:
        DefinitionError: the first component whose source wouldn't be there.
    """
    there = {(item.key, place.path) for item in installed for place in places_of(item)}
    for item in visited:
        for need in fetched(item):
            if (item.key, folder_of(item, need.source)) not in there:
                raise DefinitionError(
                    "`fab install`, which reads the config common only, doesn't fetch "
                    f"{need.source.without_copy()}, which this config needs (bug 6)",
                    where=need.where,
                    component=need.label,
                    fix=say("Enable the component in config/common.yaml, or use {engine: native}."),
                )


def find_shared_clones(sources: Iterable[GitSource]) -> Iterator[tuple[GitSource, GitSource]]:
    """Yield pairs that fab takes for one: the branch master, and no branch, of one repository (bug 11)."""
    known = set(sources)
    for source in sorted(known, key=str):
        other = replace(source, branch="master")
        if not source.branch and other in known:
            yield source, other


def _check_name(item: Visited, definition: Definition, name: str) -> None:
    problem = "holds a slash" if "/" in name else flaw(name) if name else ""
    if not name and definition.method.lower() in _FETCHED:
        problem = "is empty, so what it fetches would replace that of others"
    if problem:
        what = f"the name {name!r} {problem}, and fab makes paths of names (bug 23)"
        raise about(item, error_about(definition, what, "Rename the component."))
