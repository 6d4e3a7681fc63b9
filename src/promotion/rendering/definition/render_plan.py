"""What a run will render, with all that is needed for it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promotion.common.addresses import without_credentials
from promotion.rendering.definition.source_paths import Content
from promotion.rendering.definition.spelling_remarks import Remark
from promotion.rendering.definition.tree_visit import Need, Visited
from promotion.rendering.lock.lock import LockedSubtree
from promotion.rendering.manifests.manifest_file import ManifestFile
from promotion.rendering.model import Component, Folder, Provenance, ResolvedChart
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.web_source import WebSource


@dataclass(frozen=True, kw_only=True)
class RenderJob:
    """A component that may have a manifest: a chart to render, or static files to join.

    `digest` covers the chart or the files; `commit` is theirs if they are from git, else empty. `unit` is the
    digest of the unit that it belongs to. `remarks` are on what was left out of it.
    """

    component: Component
    content: Content
    chart: ResolvedChart | None = None
    files: tuple[ManifestFile, ...] = field(default=(), repr=False)
    digest: str
    commit: str = ""
    unit: str = ""
    remarks: tuple[Remark, ...] = ()

    def trace(self, own: Source) -> Provenance:
        """Return where it comes from; files of `own`, the definition's source, have no other origin."""
        match self.content:
            case ChartSource(repository=repository, chart=chart, version=version):
                revision = f"{self.chart.version} {self.chart.digest}" if self.chart else ""
                return Provenance(f"{without_credentials(repository).rstrip('/')}/{chart}", version, revision)
            case WebSource(url=url):
                return Provenance(without_credentials(url), "", self.digest)
            case Folder(source=GitSource() as source, path=path) if source != own:
                ref = source.version or source.branch
                return Provenance(without_credentials(source.url), ref, self.commit, path)
            case Folder(path=path):
                return Provenance(path=path)
        return Provenance()


@dataclass(frozen=True, kw_only=True)
class RenderPlan:
    """The whole tree of the definition in `root`, and the jobs in tree order.

    `remarks` are on what its files say and can hardly mean. `units` are those that were resolved, by digest,
    as far as they may be kept another time; `kept` are the digests of those that weren't resolved.
    """

    root: Folder
    tree: tuple[Visited, ...]
    jobs: tuple[RenderJob, ...]
    remarks: tuple[Remark, ...] = ()
    units: Mapping[str, LockedSubtree] = field(default_factory=dict)
    kept: tuple[tuple[str, Need], ...] = ()
