"""What a run will render, with all that is needed for it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promotion.core.addresses import without_credentials
from promotion.core.hld.places import Content
from promotion.core.hld.remarks import Remark
from promotion.core.hld.visited import Need, Visited
from promotion.core.lock.lock import LockedUnit
from promotion.core.manifests.manifest import ManifestFile
from promotion.core.model import ChartSource, Component, Folder, GitSource, ResolvedChart, Source, WebSource


@dataclass(frozen=True)
class Origin:
    """Where a manifest came from; the fields are as in `RenderedComponent`."""

    source: str = ""
    ref: str = ""
    revision: str = ""
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Job:
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

    def origin(self, own: Source) -> Origin:
        """Where it comes from; `own` is the definition's source, whose files need no origin of their own."""
        match self.content:
            case ChartSource(repository=repository, chart=chart, version=version):
                revision = f"{self.chart.version} {self.chart.digest}" if self.chart else ""
                return Origin(f"{without_credentials(repository).rstrip('/')}/{chart}", version, revision)
            case WebSource(url=url):
                return Origin(without_credentials(url), "", self.digest)
            case Folder(source=GitSource() as source, path=path) if source != own:
                ref = source.version or source.branch
                return Origin(without_credentials(source.url), ref, self.commit, path)
            case Folder(path=path):
                return Origin(path=path)
        return Origin()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole tree of the definition in `root`, and the jobs in tree order.

    `remarks` are on what its files say and can hardly mean. `units` are those that were resolved, by digest,
    as far as they may be kept another time; `kept` are the digests of those that weren't resolved.
    """

    root: Folder
    tree: tuple[Visited, ...]
    jobs: tuple[Job, ...]
    remarks: tuple[Remark, ...] = ()
    units: Mapping[str, LockedUnit] = field(default_factory=dict)
    kept: tuple[tuple[str, Need], ...] = ()
