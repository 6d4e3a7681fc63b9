"""One side of a change: all sources as they are, except the changing repository, at a given commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promotion.commands.preview.pull_change import PullChange
from promotion.common.addresses import identify
from promotion.errors import Location
from promotion.rendering.component_rendering import HelmRenderer
from promotion.rendering.definition.hook_stages import Workspace
from promotion.rendering.definition.source_fetching import SourceFetcher
from promotion.rendering.fab.fab_rendering import Fab
from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.model import ResolvedChart, Snapshot
from promotion.rendering.rendering_tools import RenderingTools
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Fetched, Source, SourceKind
from promotion.rendering.validation.cluster_policy import Schemas


@dataclass(frozen=True)
class KnownTree:
    """Manifests of an earlier side, read like those of a branch. Implements `manifest_branch.BranchTree`."""

    content: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    commit: None = None

    def files(self) -> Mapping[str, str]:
        """Return every path → its mode and blob id."""
        return {path: f"100644 {blob_id(data)}" for path, data in self.content.items()}

    def read(self, path: str) -> bytes | None:
        """Return a file's content; None if there is none."""
        return self.content.get(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        """Do nothing: all content is here."""


class SideFetcher:
    """Fetches sources, those that the change moves at `commit`. Implements `source_fetching.SourceFetcher`.

    Args:
        fetcher: gets them all; whatever both sides have is fetched once.
        address: a repository's address in full.
        token: for the changing repository, whichever ref of it is meant; empty for the run's own.

    `asked` are the repositories that were asked for; `moved` are those that the change moves.
    """

    def __init__(
        self,
        fetcher: SourceFetcher,
        address: Callable[[str], str],
        change: PullChange,
        commit: str,
        token: str = "",
    ) -> None:
        self._fetcher, self._address, self._change = fetcher, address, change
        self._commit, self._token = commit, token
        self._identity = identify(address(change.repository))
        self.asked: set[GitSource] = set()
        self.moved: set[GitSource] = set()

    def expect(self, answers: Mapping[Source, str]) -> None:
        """Prepare for questions."""
        self._fetcher.expect(answers)

    def ask(self, source: Source, *, token: str) -> str:
        """Return the revision of a source without fetching it."""
        source, token = self._place(source, token)
        return self._fetcher.ask(source, token=token)

    def fetch(self, source: SourceKind[Fetched], *, token: str) -> Fetched:
        """Return what a source holds."""
        placed, token = self._place(source, token)
        found: Fetched = self._fetcher.fetch(placed, token=token)
        return found

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        """Return a chart in a folder of a snapshot."""
        return self._fetcher.local_chart(snapshot, path, repository=repository)

    def _place(self, source: Source, token: str) -> tuple[Source, str]:
        """Return the source to ask for, and the token for it."""
        if not isinstance(source, GitSource):
            return source, token
        self.asked.add(source)
        if identify(self._address(source.url)) != self._identity:
            return source, token
        if source.reach is Reach.PUBLIC:  # the repository whose pull request shows what is read of it
            source = replace(source, reach=Reach.ALLOWED)
        if self._change.moves(source):
            self.moved.add(source)
            source = replace(source, branch="", version=self._commit)
        return source, token or self._token


class SideTools:
    """The tools for one side. Implements `rendering_tools.RenderingTools`.

    Args:
        is_told: whether its warnings are shown.
    """

    def __init__(self, tools: RenderingTools, fetcher: SideFetcher, *, is_told: bool) -> None:
        self._tools, self.fetcher, self._is_told = tools, fetcher, is_told
        self.times = tools.times
        self.warnings: list[str] = []

    @property
    def helm(self) -> HelmRenderer:
        """Renders charts."""
        return self._tools.helm

    @property
    def schemas(self) -> Schemas:
        """The schemas of Kubernetes."""
        return self._tools.schemas

    @property
    def fab(self) -> Fab:
        """Real fab."""
        return self._tools.fab

    def read_templates(self, chart: ResolvedChart) -> Iterable[str]:
        """Return the texts of a chart that contain template actions."""
        return self._tools.read_templates(chart)

    def wait(self, seconds: float) -> None:
        """Wait for some seconds."""
        self._tools.wait(seconds)

    def warn(self, text: str, where: Location | None = None) -> None:
        """Warn of something once."""
        self.warnings.append(f"{where}: {text}" if where else text)
        if self._is_told:
            self._tools.warn(text, where)

    def address(self, repository: str) -> str:
        """Return a repository's full address, without credentials."""
        return self._tools.address(repository)

    def workspace(self, source: Snapshot) -> Workspace:
        """Return a working copy for hooks."""
        return self._tools.workspace(source)


def list_warnings(tools: SideTools) -> Sequence[str]:
    """Return the warnings of a side, each once."""
    return list(dict.fromkeys(tools.warnings))
