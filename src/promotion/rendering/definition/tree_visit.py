"""What a walk of the component tree gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from promotion.common.lazy_dataclass import dataclass
from promotion.errors import Location
from promotion.rendering.definition.source_paths import Content
from promotion.rendering.definition.spelling_remarks import Remark
from promotion.rendering.model import Component
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.source_interface import Source

Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Need:
    """A source that a component needs.

    `variable` is the environment variable that access.yaml names for exactly this source, else empty;
    `access` is that file, and `permitted` whether it may (`promotion.rendering.definition.access_grants`).
    `part` is the entry of the definition's own files that brings the component. Of a source that is asked for
    without a credential, `withheld` is the variable that an access.yaml names for it all the same, and
    `advice` says what allows it.
    """

    source: Source
    label: str
    where: Location
    variable: str = ""
    access: Location | None = None
    permitted: bool = True
    part: str = ""
    withheld: str = ""
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class Visited:
    """A component of the tree.

    `key` tells visits apart; `parent` is the parent's, `None` at the root. `content` is what its manifest is
    made of. `needs` are the sources of its own content and of its by-reference subcomponents, in that order.
    `replaced` marks a root with `method: git`, whose place the definition fetched takes. `reaches` says of
    each entry of its definition whether credentials of ours go to what it names. `subtree` is the
    digest of the subtree that decides its content.
    """

    key: Key
    parent: Key | None
    component: Component
    content: Content | None
    needs: tuple[Need, ...]
    replaced: bool = False
    subtree: str = ""
    reaches: tuple[Reach, ...] = ()

    def placed_path(self, source: Source) -> str:
        """Return where Fabrikate lays out a source that this component needs, in the working copy.

        For git that is where `source.copy` says (fab: core/component.go:259-282, generators/helm.go:239,
        static.go:60).
        """
        return source.placed_path(self.component.folder, self.component.name)


@dataclass(frozen=True, kw_only=True)
class Subtree:
    """A part of the tree that a source decides: `need` is for the source, None for the whole tree.

    `subtrees` are the digests of the subtrees within it.
    """

    need: Need | None
    subtrees: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Components in tree order (a parent before its children, children as listed), disabled ones left out.

    `remarks` are on the files of these components, in the same order. `subtrees` are those that were visited,
    by digest; `kept` are those that weren't, for they were known, each as often as the tree has it. The
    definition's own files lie in `own`.
    """

    visited: tuple[Visited, ...]
    remarks: tuple[Remark, ...] = ()
    subtrees: Mapping[str, Subtree] = field(default_factory=dict)
    kept: tuple[tuple[str, Need], ...] = ()
    own: Source | None = None

    @property
    def needs(self) -> tuple[Need, ...]:
        """Each source once, in tree order; where one access.yaml gives it a variable, that counts."""
        found: dict[Source, Need] = {}
        for visited in self.visited:
            for need in visited.needs:
                known = found.get(need.source)
                if known is None or (need.variable and not (known.variable and known.permitted)):
                    found[need.source] = need
        return tuple(found.values())
