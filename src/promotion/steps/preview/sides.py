"""One side of a change: all sources as they are, but the repository in question at a commit of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promotion.core.addresses import identify
from promotion.core.lock.digest import blob_id
from promotion.core.model import ChartSource, GitSource, ResolvedChart, Snapshot, Source, WebSource
from promotion.core.preview.change import Change
from promotion.errors import Location
from promotion.steps.fab.engine import Fab
from promotion.steps.gather import Fetcher
from promotion.steps.inspection import Schemas
from promotion.steps.render import Helm
from promotion.steps.stage import Workspace
from promotion.steps.tools import Tools


@dataclass(frozen=True)
class KnownTree:
    """Manifests that an earlier side made, read as those of a branch are (`promotion.steps.making.Tree`)."""

    content: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def files(self) -> Mapping[str, str]:
        """Every path → its mode and blob id."""
        return {path: f"100644 {blob_id(data)}" for path, data in self.content.items()}

    def read(self, path: str) -> bytes | None:
        """A file's content, or None."""
        return self.content.get(path)


class SideFetcher:
    """Gets sources, those that the change moves at `commit` (`promotion.steps.gather.Fetcher`).

    Args:
        fetcher: gets them all; whatever both sides have is fetched once.
        address: a repository's address in full.
        token: for the changing repository, whichever ref of it is meant; empty for the run's own.

    `asked` are the repositories that were asked for; `moved` are those that the change moves.
    """

    def __init__(
        self, fetcher: Fetcher, address: Callable[[str], str], change: Change, commit: str, token: str = ""
    ) -> None:
        self._fetcher, self._address, self._change = fetcher, address, change
        self._commit, self._token = commit, token
        self._identity = identify(address(change.repository))
        self.asked: set[GitSource] = set()
        self.moved: set[GitSource] = set()

    def expect(self, answers: Mapping[Source, str]) -> None:
        """Prepare questions."""
        self._fetcher.expect(answers)

    def ask(self, source: Source, *, token: str) -> str:
        """What a source is, without fetching it."""
        if isinstance(source, GitSource):
            source, token = self._place(source, token)
        return self._fetcher.ask(source, token=token)

    def git(self, source: GitSource, *, token: str) -> Snapshot:
        """A repository's files at one commit."""
        source, token = self._place(source, token)
        return self._fetcher.git(source, token=token)

    def chart(self, source: ChartSource, *, token: str) -> ResolvedChart:
        """A chart of a Helm repository, unpacked."""
        return self._fetcher.chart(source, token=token)

    def web(self, source: WebSource, *, token: str) -> bytes:
        """A file at a web address."""
        return self._fetcher.web(source, token=token)

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        """A chart in a folder of a snapshot."""
        return self._fetcher.local_chart(snapshot, path, repository=repository)

    def _place(self, source: GitSource, token: str) -> tuple[GitSource, str]:
        """The source to ask for, and the token for it."""
        self.asked.add(source)
        if identify(self._address(source.url)) != self._identity:
            return source, token
        if self._change.moves(source):
            self.moved.add(source)
            source = replace(source, branch="", version=self._commit)
        return source, token or self._token


class SideTools:
    """The tools for one side (`promotion.steps.tools.Tools`).

    Args:
        is_told: whether its warnings are shown.
    """

    def __init__(self, tools: Tools, fetcher: SideFetcher, *, is_told: bool) -> None:
        self._tools, self.fetcher, self._is_told = tools, fetcher, is_told
        self.warnings: list[str] = []

    @property
    def helm(self) -> Helm:
        """Renders charts."""
        return self._tools.helm

    @property
    def schemas(self) -> Schemas:
        """What Kubernetes takes."""
        return self._tools.schemas

    @property
    def fab(self) -> Fab:
        """Real fab."""
        return self._tools.fab

    def read_templates(self, chart: ResolvedChart) -> Iterable[str]:
        """The texts of a chart that have a template's action in them."""
        return self._tools.read_templates(chart)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._tools.wait(seconds)

    def warn(self, text: str, where: Location | None = None) -> None:
        """Warn, once."""
        self.warnings.append(f"{where}: {text}" if where else text)
        if self._is_told:
            self._tools.warn(text, where)

    def address(self, repository: str) -> str:
        """A repository's address in full, without credentials."""
        return self._tools.address(repository)

    def workspace(self, source: Snapshot) -> Workspace:
        """A working copy for hooks."""
        return self._tools.workspace(source)


def list_warnings(tools: SideTools) -> Sequence[str]:
    """The warnings of a side, each once."""
    return list(dict.fromkeys(tools.warnings))
