"""Where a component's files are: Fabrikate's `source`, `method`, `path`, `branch` and `version`.

Paths are only text here. One that leaves its source (the repository, or the definition's folder) is an
error, for that could be anybody's file. Where hooks run, every source lies in one working copy, as
Fabrikate lays it out: git components in `components/<name>` and charts in `helm_repos/<name>` of the
component that names them. There a path may lead from one to another.
"""

from __future__ import annotations

from promotion.common.addresses import is_address, without_credentials
from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import manifest_flaw
from promotion.common.phrases import say
from promotion.errors import DefinitionError
from promotion.rendering.definition.definition_reader import Reader
from promotion.rendering.model import Definition, Folder, error_about
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.source_kinds import KINDS, find_kind

TYPES = ("component", "helm", "static")
METHODS = (*(kind.METHOD for kind in KINDS), "local")

Content = Folder | Source


@dataclass(frozen=True, kw_only=True)
class SourcePaths:
    """Finds folders and contents of components.

    Args:
        working_copy: the root's source, if all sources are laid out in its working copy; None if not.
    """

    reader: Reader
    working_copy: Source | None = None

    def check(self, definition: Definition) -> None:
        """Refuse a type or method that doesn't exist (fab would write an empty manifest: GEN:66).

        Raises:
            DefinitionError
        """
        if definition.type not in TYPES:
            raise error_about(
                definition, f"the type {definition.type!r} isn't known", "Use component, helm or static."
            )
        if definition.method and _method(definition) not in METHODS:
            raise error_about(
                definition,
                f"the method {definition.method!r} isn't known",
                f"Use {', '.join(METHODS[:-1])} or {METHODS[-1]}.",
            )

    def find_component(self, entry: Definition, folder: Folder, reach: Reach = Reach.OWN) -> Folder:
        """Return the folder of the component that an entry refers to (fab: core/component.go:149).

        Args:
            reach: whether credentials of ours go to a source that it names.

        Raises:
            DefinitionError: the path leaves its source, or the method can't be right.
        """
        if kind := find_kind(_method(entry), "component"):
            source = self._name_source(kind, entry, folder, "components", reach)
            return self._climb(entry, Folder(source), "", entry.path)
        if is_address(entry.source):
            raise _unfetched(entry)
        return self._climb(entry, folder, entry.source, entry.path)

    def find_content(
        self, definition: Definition, folder: Folder, reach: Reach = Reach.OWN
    ) -> Content | None:
        """Return what a component's manifest is made of; None for the type `component`.

        Raises:
            DefinitionError: as for `find_component`, or a field that is needed is missing.
        """
        if definition.type == "component":
            return None
        kind = find_kind(_method(definition), definition.type)
        if kind is None:
            return self._local(definition, folder)
        source = self._name_source(kind, definition, folder, "helm_repos", reach)
        has_folders = "component" in kind.TYPES
        return self._climb(definition, Folder(source), "", definition.path) if has_folders else source

    def _name_source(
        self, kind: type[Source], definition: Definition, folder: Folder, below: str, reach: Reach
    ) -> Source:
        copy = "" if self.working_copy is None else folder.path_in_copy(below, definition.name)
        return kind.from_definition(definition, copy, reach)

    def _local(self, definition: Definition, folder: Folder) -> Folder:
        """Return the folder of `path`, as Fabrikate (H:146); `source` counts where that leads nowhere."""
        source, path = definition.source, definition.path
        if not source and not path and definition.type == "static":
            raise error_about(
                definition, "a static component needs a `path`", "Name the folder that holds its manifests."
            )
        found = self._climb(definition, folder, "", path)
        if not source or (path and self.reader.has_folder(found)):
            return found
        if is_address(source):
            raise _unfetched(definition)
        return self._climb(definition, folder, source, path)

    def _climb(self, definition: Definition, folder: Folder, source: str, path: str) -> Folder:
        if source.startswith("/"):
            raise error_about(
                definition,
                f"the source {source!r} is an absolute path",
                "Write it relative to the folder of the component file.",
            )
        names: list[str] = []
        start = folder.path_in_copy() if self.working_copy is not None else folder.path
        for name in "/".join((start, source, path)).split("/"):
            if name == ".." and not names:
                written = "/".join(part for part in (source, path) if part)
                raise error_about(
                    definition,
                    f"the path {written!r} leaves {folder.source.BOUNDARY}",
                    "Use files of the same repository only; name another repository with `method: git`.",
                )
            if name == "..":
                names.pop()
            elif name not in ("", "."):
                names.append(name)
        return self._folder(folder, names)

    def _folder(self, folder: Folder, names: list[str]) -> Folder:
        """Return the folder of names from the source's root, or from the working copy's."""
        source = folder.source
        if self.working_copy is None:
            return Folder(source, "/".join(names))
        copied = source.copy.split("/") if source.copy else []
        if names[: len(copied)] == copied:
            return Folder(source, "/".join(names[len(copied) :]))
        return Folder(self.working_copy, "/".join(names))


def check_name(definition: Definition) -> None:
    """Check that a component with a manifest has a name that can be a file's.

    Raises:
        DefinitionError
    """
    name = definition.name
    if not name:
        what = "a component without a name has a manifest, and no file to write it to"
        raise error_about(definition, what, "Give it a `name`.")
    if name in (".", ".."):
        problem = "means a folder"
    else:
        problem = "holds a slash" if "/" in name else manifest_flaw(f"{name}.yaml")
        # The flaw is the file's, and the sentence is about the component's name.
        problem = problem.replace("has the name", "makes the file", 1)
        problem = problem.replace("has a name that", "makes a file whose name", 1)
    if problem:
        what = f"the name {name!r} {problem}, so it can't name the manifest's file"
        raise error_about(definition, what, "Rename the component.")


def _method(definition: Definition) -> str:
    """Return the method, of which only http is known in any case (fab: generators/static.go:60)."""
    return "http" if definition.method.lower() == "http" else definition.method


def _unfetched(definition: Definition) -> DefinitionError:
    what = f"the source {without_credentials(definition.source)!r} is an address, "
    if definition.method in ("", "local"):
        kinds = (kind for kind in KINDS if definition.type in kind.TYPES)
        fix = f"Add {' or '.join(f'`method: {kind.METHOD}`' for kind in kinds)}."
        return error_about(definition, what + "and the method that fetches it is missing", fix)
    return error_about(
        definition,
        what + f"which the method {definition.method} doesn't fetch for the type {definition.type}",
        "Use `method: git`, or a path.",
    )


def hooks_denied(definition: Definition) -> DefinitionError:
    """Return the error for a component that has hooks where they may not run."""
    return error_about(
        definition,
        "the component has hooks, shell commands of its repository, which are denied",
        say("Remove them, or set {hooks: allow} if you trust every repository of the definition."),
    )
