"""What a run will render, with all that is needed for it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from promotion.common.lazy_dataclass import dataclass
from promotion.rendering.definition.source_paths import Content
from promotion.rendering.definition.spelling_remarks import Remark
from promotion.rendering.definition.tree_visit import Need, Visited
from promotion.rendering.lock.lock import LockedSubtree
from promotion.rendering.manifests.manifest_file import ManifestFile
from promotion.rendering.model import Component, Folder, Provenance, ResolvedChart
from promotion.rendering.sources.source_interface import Source


@dataclass(frozen=True, kw_only=True)
class RenderJob:
    """A component that may have a manifest: a chart to render, or static files to join.

    `digest` covers the chart or the files; `commit` is theirs if they are from git, else empty. `subtree` is
    the digest of the subtree that it belongs to. `remarks` are on what was left out of it.
    """

    component: Component
    content: Content
    chart: ResolvedChart | None = None
    files: tuple[ManifestFile, ...] = field(default=(), repr=False)
    digest: str
    commit: str = ""
    subtree: str = ""
    remarks: tuple[Remark, ...] = ()

    def trace(self, own: Source) -> Provenance:
        """Return where it comes from; files of `own`, the definition's source, have no other origin."""
        if not isinstance(self.content, Folder):
            return self.content.trace(self.chart.revision if self.chart else self.digest, "")
        source, path = self.content.source, self.content.path
        return Provenance(path=path) if source == own else source.trace(self.commit, path)


@dataclass(frozen=True, kw_only=True)
class RenderPlan:
    """The whole tree of the definition in `root`, and the jobs in tree order.

    `remarks` are on what its files say and can hardly mean. `subtrees` are those that were resolved, by
    digest, as far as they may be kept another time; `kept` are the digests of those that weren't resolved.
    `subtree_parts` are the parts of both, those of the whole tree aside.
    """

    root: Folder
    tree: tuple[Visited, ...]
    jobs: tuple[RenderJob, ...]
    remarks: tuple[Remark, ...] = ()
    subtrees: Mapping[str, LockedSubtree] = field(default_factory=dict)
    kept: tuple[tuple[str, Need], ...] = ()
    subtree_parts: Mapping[str, str] = field(default_factory=dict)
