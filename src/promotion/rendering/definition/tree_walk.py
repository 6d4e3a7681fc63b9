"""The component tree, as far as the sources at hand go, and the sources that it needs.

The walk is pure: a driver fetches what is missing and walks again (semantics: core/component.go:336-428).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from promotion.common.paths import flaw, folder_flaw
from promotion.errors import PromotionError, UsageError
from promotion.rendering.definition.access_grants import add_grants, judge_address
from promotion.rendering.definition.config_layers import ConfigLayer, merge
from promotion.rendering.definition.definition_reader import Reader, location
from promotion.rendering.definition.part_failures import blaming
from promotion.rendering.definition.source_paths import Content, SourcePaths, check_name, hooks_denied
from promotion.rendering.definition.source_rights import SourceRights
from promotion.rendering.definition.spelling_check import SpellingCheck
from promotion.rendering.definition.subtree_digest import SubtreeDigests, digest_component, digest_content
from promotion.rendering.definition.tree_position import Loaded, TreePosition
from promotion.rendering.definition.tree_visit import Key, Need, Visited, Walk
from promotion.rendering.model import Component, Definition, Folder, error_about

COMMON = "common"
_DEEPEST = 100  # levels; no honest definition comes near, and a hostile one must end
_MOST = 20_000  # components of one part


def walk_tree(
    root: Folder,
    reader: Reader,
    layers: Sequence[str],
    *,
    ran: Collection[Key] | None = None,
    subtree: str = "",
    known: Collection[str] = (),
    held: Collection[str] = (),
    turn: Callable[[str], object] = str,
    rights: SourceRights | None = None,
) -> Walk:
    """Visit every component that can be reached through the sources at hand.

    Args:
        root: the folder of the definition; its source must be at hand.
        layers: names of config layers, the most important first; `common` is added.
        ran: None if hooks are denied. Else the components whose hooks have run: the walk goes no further
            below others, for their hooks may still change what lies there.
        subtree: the digest of the tree as a subtree.
        known: digests of subtrees that aren't to be visited.
        held: parts to leave out.
        turn: told the part whose files are read next; empty for the definition's own files.
        rights: which sources that parts name may have our credentials; without it their own repositories.

    Raises:
        DefinitionError: a file is malformed, or says something that can't be; the first in tree order. It
            carries the remarks so far, and the part whose fault it is: what the definition's own files say
            is nobody's.
        UsageError: a layer's name leads out of the config folder.
    """
    for layer in layers:
        if problem := flaw(layer):
            raise UsageError(
                f"the config {layer!r} {problem}", fix="Give names of files in config/, as `prod`."
            )
    walker = _Walker(root, reader, tuple(dict.fromkeys((*layers, COMMON))), ran, known, held=held, turn=turn)
    try:
        walker.visit_root(subtree, rights or SourceRights())
    except PromotionError as error:
        error.remarks = walker.slips.remarks(complete=False)
        raise
    return Walk(
        visited=tuple(walker.visited),
        remarks=walker.slips.remarks(complete=not walker.subtrees.kept and not held),
        subtrees=walker.subtrees.visited(),
        own=walker.own,
        kept=tuple(walker.subtrees.kept),
    )


class _Walker:
    def __init__(
        self,
        root: Folder,
        reader: Reader,
        layers: tuple[str, ...],
        ran: Collection[Key] | None,
        known: Collection[str],
        *,
        held: Collection[str],
        turn: Callable[[str], object],
    ) -> None:
        self._root, self._reader, self._layers, self._ran = root, reader, layers, ran
        self._places = SourcePaths(reader=reader, working_copy=None if ran is None else root.source)
        self.own = root.source  # what the definition's own files lie in
        self._held, self._turn = held, turn
        self.visited: list[Visited] = []
        self._counts: Counter[str] = Counter()
        self.subtrees = SubtreeDigests(known)
        self.slips = SpellingCheck([layer for layer in layers if layer != COMMON])

    def visit_root(self, subtree: str, rights: SourceRights) -> None:
        """Visit the root; one with `method: git` gives way to its target (fab: core/component.go:564-604)."""
        self.subtrees.begin(subtree)
        spot, definition = self._load(TreePosition(folder=self._root, subtree=subtree, rights=rights), None)
        if definition.type != "component" or definition.method != "git":
            self._visit(spot, definition)
            return
        with spot.naming(definition):
            self._check(definition, spot, spot.label(definition))
            inner = self._places.find_component(definition, spot.folder)
        need = replace(spot.need(definition, inner.source, spot.label(definition)), part="")
        self.own = inner.source
        below = TreePosition(key=("root",), folder=inner, config=spot.config, mentions=spot.mentions)
        below = replace(
            below, rights=rights, subtree=digest_component(replace(spot, key=below.key), definition)
        )
        is_kept = self.subtrees.keep(below.subtree, need, within=spot.subtree)
        self._add(spot, definition, None, [] if is_kept else [need], replaced=True)
        if not is_kept and self._may_descend(spot) and self._reader.has(inner.source):
            self._visit(*self._load(below, definition))

    def _load(self, spot: TreePosition, entry: Definition | None) -> tuple[TreePosition, Definition]:
        """Return the component file of a folder, and the spot with what else the folder says.

        Its config goes below what is handed down, its access.yaml below those on the way.
        """
        definition = self._reader.component(spot.folder, asked=entry.location if entry else None)
        config, files = spot.config, []
        for layer in self._layers:
            files.append(self._reader.config(spot.folder, layer))
            config = merge(config, files[-1])
        self._note_remarks(spot, definition, files)
        access = add_grants(
            spot.access,
            self._reader.access(spot.folder),
            location(spot.folder, "access.yaml"),
            trusted=spot.folder.source == self.own,
        )
        above = (*spot.above, Loaded(spot.folder, spot.config, entry.name if entry else definition.name))
        mentions = (*spot.mentions, *(file for file in files if file.subcomponents))
        is_foreign = spot.is_foreign or spot.folder.source != self.own
        loaded = replace(spot, config=config, mentions=mentions, access=access, above=above)
        return replace(loaded, is_foreign=is_foreign), definition

    def _note_remarks(self, spot: TreePosition, definition: Definition, files: Sequence[ConfigLayer]) -> None:
        """Note remarks on the files of a folder: its component file, and one of each config layer."""
        self.slips.add(definition.remarks, spot.label(definition))
        for file in files:
            self.slips.add(file.remarks, spot.label(definition))
        found = [layer for layer, file in zip(self._layers, files, strict=True) if file.location]
        self.slips.see_layers([*found, *self._reader.layers(spot.folder)])

    def _visit(self, spot: TreePosition, definition: Definition) -> None:
        """Visit a component whose config is complete, then those below it."""
        with spot.naming(definition):
            self._check(definition, spot, spot.label(definition))
            content, needs, own = self._find_content(spot, definition)
        self.slips.check_names(spot.mentions, definition.subcomponents, spot.label(definition))
        children = []
        for below, entry, folder in self._children(spot, definition):
            subtree = below.subtree
            if folder and entry.method == "git":
                if below.part in self._held:
                    continue
                need = below.need(entry, folder.source, "/".join(below.folders))
                subtree = digest_component(below, entry)
                if self.subtrees.keep(subtree, need, within=spot.subtree):
                    continue
                needs.append(need)
            children.append((replace(below, subtree=subtree), entry, folder))
        self._add(spot, definition, content, needs, subtree=own)
        if self._may_descend(spot):
            for below, entry, folder in children:
                self._descend(below, entry, folder)
        self._turn("")

    def _find_content(
        self, spot: TreePosition, definition: Definition
    ) -> tuple[Content | None, list[Need], str]:
        """Return what a component's manifest is made of, the need for it, and its subtree; no content if it
        is kept or held.
        """
        content = self._places.find_content(definition, spot.folder, spot.judge(definition))
        if content is None or (spot.part or spot.label(definition)) in self._held:
            return None, [], spot.subtree
        check_name(definition)
        source = content.source if isinstance(content, Folder) else content
        need = spot.need(definition, source, spot.label(definition))
        if source == spot.folder.source:
            return content, [need], spot.subtree
        subtree = digest_content(spot, definition, source.reach)
        if self.subtrees.keep(subtree, need, within=spot.subtree):
            return None, [], subtree
        return content, [need], subtree

    def _children(
        self, spot: TreePosition, definition: Definition
    ) -> Iterator[tuple[TreePosition, Definition, Folder | None]]:
        """Yield the entries that aren't disabled; for one by reference its folder, fetched or not."""
        for index, entry in enumerate(definition.subcomponents):
            config = spot.config.below(entry.name)
            if config.disabled:
                continue
            key = (*spot.key, f"{index}:{entry.name}")
            mentions = tuple(
                file.subcomponents[entry.name] for file in spot.mentions if entry.name in file.subcomponents
            )
            below = replace(spot, key=key, parent=spot.key, config=config, mentions=mentions)
            self.slips.add(entry.remarks, "/".join((*spot.folders, entry.name)))
            if entry.type != "component":  # inlined: in its parent's folder, with no files of its own
                yield (below if spot.is_foreign else replace(below, part=below.label(entry))), entry, None
                continue
            below = replace(below, folders=(*spot.folders, *(name for name in entry.name.split("/") if name)))
            if not spot.is_foreign:
                below = replace(below, part="/".join(below.folders))
            with below.naming(entry):
                if below.folders and (problem := folder_flaw("/".join(below.folders))):
                    raise error_about(entry, f"the name {entry.name!r} {problem}", "Rename the subcomponent.")
                self._places.check(entry)
                self._check_address(entry, spot, "/".join(below.folders))
                folder = self._places.find_component(entry, spot.folder, spot.judge(entry))
            origin = spot.origin if spot.is_foreign else folder.source.address
            yield replace(below, folder=folder, origin=origin), entry, folder

    def _descend(self, spot: TreePosition, entry: Definition, folder: Folder | None) -> None:
        is_foreign = spot.is_foreign or (folder is not None and folder.source != self.own)
        part = spot.part if is_foreign else ""
        self._turn(part)
        with blaming(part):
            if folder is None:
                self._visit(spot, entry)
            elif self._reader.has(folder.source):
                with spot.naming(entry):
                    spot.check_circle(entry)
                    spot, definition = self._load(spot, entry)
                self._visit(spot, definition)

    def _may_descend(self, spot: TreePosition) -> bool:
        return self._ran is None or spot.key in self._ran

    def _check(self, definition: Definition, spot: TreePosition, label: str) -> None:
        self._places.check(definition)
        self._check_address(definition, spot, label)
        if definition.hooks and self._ran is None:
            raise hooks_denied(definition)

    def _check_address(self, definition: Definition, spot: TreePosition, label: str) -> None:
        """Look for a credential in the source that a file in the spot's folder names."""
        trusted = spot.folder.source == self.own
        if remark := judge_address(definition.source, definition.location, trusted=trusted):
            self.slips.add([remark], label)

    def _add(
        self,
        spot: TreePosition,
        definition: Definition,
        content: Content | None,
        needs: list[Need],
        *,
        replaced: bool = False,
        subtree: str = "",
    ) -> None:
        part = spot.part if spot.is_foreign else ""
        self._counts[part] += 1
        if self._counts[part] > _MOST or len(spot.key) >= _DEEPEST:
            limit = (
                f"more than {_MOST} components"
                if len(spot.key) < _DEEPEST
                else f"more than {_DEEPEST} levels"
            )
            raise error_about(
                definition, f"the definition has {limit}", "Look for subcomponents that repeat themselves."
            )
        component = Component(
            name=definition.name,
            folders=spot.folders,
            definition=definition,
            folder=spot.folder,
            values=spot.config.values,
            namespace=spot.config.namespace,
            inject_namespace=spot.config.inject_namespace,
            part=spot.part or spot.label(definition),
        )
        if content is not None:
            self.slips.check_path(component)
        visited = Visited(
            key=spot.key,
            parent=spot.parent,
            component=component,
            content=content,
            needs=tuple(needs),
            replaced=replaced,
            subtree=subtree,
            reaches=tuple(spot.judge(entry) for entry in definition.subcomponents),
        )
        self.visited.append(visited)
