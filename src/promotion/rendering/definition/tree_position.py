"""Where a walk of the component tree stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace

from promotion.common.lazy_dataclass import dataclass
from promotion.errors import PromotionError
from promotion.rendering.definition.access_grants import Grant
from promotion.rendering.definition.config_layers import ConfigLayer
from promotion.rendering.definition.source_rights import SourceRights
from promotion.rendering.definition.tree_visit import Key, Need
from promotion.rendering.model import Definition, Folder, error_about
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.source_interface import Source


@dataclass(frozen=True)
class Loaded:
    """A component folder on the way, with the config that was handed down to it."""

    folder: Folder
    config: ConfigLayer
    name: str


@dataclass(frozen=True, kw_only=True)
class TreePosition:
    """Where the walk stands, with what comes from above.

    `mentions` is what the files say that `config` is merged from; `subtree` is the digest of the subtree.
    `part` is the label of the last entry that the definition's own files name on the way, and `origin` the
    address of the repository that this entry names; once `is_foreign`, which is below a folder of another
    repository, nothing changes them, also no entry that leads back to their own.
    """

    key: Key = ()
    parent: Key | None = None
    subtree: str = ""
    folder: Folder
    folders: tuple[str, ...] = ()
    config: ConfigLayer = field(default_factory=ConfigLayer)
    mentions: tuple[ConfigLayer, ...] = ()
    access: Mapping[str, Grant] = field(default_factory=dict)
    above: tuple[Loaded, ...] = ()
    part: str = ""
    origin: str = ""
    is_foreign: bool = False
    rights: SourceRights = field(default_factory=SourceRights)

    def label(self, definition: Definition) -> str:
        """Return the name of the component here, as users know it."""
        folders, name = self.folders, definition.name
        if folders and folders[-1] == name:
            return "/".join(folders)
        return "/".join((*folders, name)) or "the root component"

    def judge(self, definition: Definition) -> Reach:
        """Return whether our credentials go to what a file of the folder here names."""
        if not self.is_foreign:
            return Reach.OWN
        return self.rights.judge(definition.source, part=self.part, own=self.origin)

    def need(self, definition: Definition, source: Source, label: str) -> Need:
        """Return a source that a component needs, with what access.yaml files on the way say of it."""
        need = Need(source=source, label=label, where=definition.location, part=self.part or label)
        if source.reach is Reach.PUBLIC:
            need = replace(need, advice=self.rights.advise(definition.source, need.part))
        grant = self.access.get(definition.source)
        if grant is None:
            return need
        if grant.permitted and source.reach is Reach.PUBLIC:
            return replace(need, withheld=grant.variable)
        return replace(need, variable=grant.variable, access=grant.where, permitted=grant.permitted)

    def check_circle(self, entry: Definition) -> None:
        """Refuse a folder below itself if nothing in its config could end the recursion.

        Raises:
            DefinitionError
        """
        rounds = [index for index, loaded in enumerate(self.above) if loaded.folder == self.folder]
        if any(self.above[index].config == self.config for index in rounds):
            names = [*(loaded.name for loaded in self.above[rounds[0] :]), entry.name]
            raise error_about(
                entry,
                f"the component leads back to itself in a circle: {' → '.join(names)}",
                "Check `source` and `path`; without either, an entry means its parent's own directory.",
            )

    @contextmanager
    def naming(self, definition: Definition) -> Iterator[None]:
        """Open errors inside are about this component."""
        try:
            yield
        except PromotionError as error:
            error.component = error.component or self.label(definition)
            raise
