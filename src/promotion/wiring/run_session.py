"""The edges of one attempt, put together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import KW_ONLY, field
from functools import cached_property, partial
from math import inf
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from promotion.common.addresses import is_address, without_credentials
from promotion.common.commit_history import CommitHistory
from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import without_level
from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.remotes import Access, parse_remote
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.edges.helm.helm_choice import choose
from promotion.edges.kubernetes_schemas import SchemaStore
from promotion.edges.part_stopwatch import PartStopwatch
from promotion.edges.scratch import open_scratch
from promotion.edges.single_flight import SingleFlight
from promotion.errors import Location, cut_credentials
from promotion.rendering.definition.part_times import ENDLESS, PartTimes
from promotion.rendering.materialize_request import EngineOptions, HelmOptions
from promotion.wiring.runtime import Runtime
from promotion.wiring.session_fetcher import SessionFetcher

if TYPE_CHECKING:  # a run imports what it opens
    from promotion.edges.charts.chart_store import ChartStore
    from promotion.edges.fab.fab_process import FabProgram
    from promotion.edges.git.branch_snapshot import BranchSnapshot
    from promotion.edges.git.git_client import GitClient
    from promotion.edges.helm.helm_program import ProgramHelm
    from promotion.edges.hook_workspace import HookWorkspace
    from promotion.edges.web.host_policy import HostPolicy
    from promotion.edges.web.web_client import WebClient
    from promotion.publishing.pull_request.pull_repository import Place
    from promotion.rendering.model import ResolvedChart, Snapshot
    from promotion.wiring.github_repository import GitHubRepository


@dataclass(frozen=True)
class RunContext:
    """What all attempts of a run share.

    `allow_local` lets sources lie on this machine; `base` is the HLD's folder, where relative addresses of
    git sources start (fab: its working folder). `part_timeout` are the seconds that each part of the
    definition has. `is_trusted` says that the definition may name servers of
    private networks. `told` are the warnings that were shown.
    """

    runtime: Runtime
    access: Access
    _: KW_ONLY
    allow_local: bool = False
    helm: HelmOptions = field(default_factory=HelmOptions)
    engine: EngineOptions = field(default_factory=EngineOptions)
    base: Path | None = None
    part_timeout: float = inf
    is_trusted: bool = True
    downloads: SingleFlight[str, bytes] = field(default_factory=SingleFlight, repr=False)
    told: set[str] = field(default_factory=set, repr=False)


@contextmanager
def open_session(context: RunContext) -> Iterator[RunSession]:
    """Open the tools of one attempt. What they wrote is removed at the end."""
    with open_scratch(context.runtime.cancellation) as folder:
        session = RunSession(context, folder)
        with closing(session):
            yield session


class RunSession:
    """The tools of one attempt. Implements `publishing_tools.PublishingTools`; writes below `scratch` only.

    `warnings` are what they warned of so far.
    """

    def __init__(self, context: RunContext, scratch: Path) -> None:
        runtime = context.runtime
        self._context, self._runtime, self.scratch = context, runtime, scratch
        self.schemas = SchemaStore()
        limit = context.part_timeout
        self.times: PartTimes = ENDLESS
        if limit != inf:
            self.times = PartStopwatch(limit, check=runtime.cancellation.check)
        self.warnings: list[str] = []
        self._commands = ProcessRunner(
            runtime.environment, runtime.redact, scratch, runtime.console.debug, runtime.cancellation
        )
        self._git: GitClient | None = None
        self._opening = Lock()

    @cached_property
    def _host_policy(self) -> HostPolicy:
        """Which hosts may be asked."""
        from promotion.edges.web.host_policy import HostPolicy

        server, variables = self._context.access.server_url, self._runtime.environment
        home = (server, variables.get("GITHUB_GRAPHQL_URL", ""))
        return HostPolicy() if self._context.is_trusted else HostPolicy(most=0, home=home)

    @property
    def git(self) -> GitClient:
        """Repositories; UsageError if the environment's settings for git are malformed."""
        with self._opening:  # threads may ask for it first
            if self._git is None:
                from promotion.edges.git.git_client import GitClient  # a local definition needs none

                self._git = GitClient(
                    self._commands,
                    self._context.access,
                    self.scratch,
                    environment=self._runtime.environment,
                    allow_local=self._context.allow_local,
                    warn=self.warn,
                    sleep=self.wait,
                    debug=self._runtime.console.debug,
                    host_policy=self._host_policy,
                )
            return self._git

    @cached_property
    def helm(self) -> EmbeddedHelm | ProgramHelm:
        """Helm as the inputs ask for it."""
        options = self._context.helm
        is_fab = self._context.engine.name == "fab"
        own = "program" if is_fab and self.fab else ""  # what fab runs; that says best what is missing
        return choose(
            program=self._helm_program or own,
            kube_version=options.kube_version,
            api_versions=options.api_versions,
            commands=self._commands,
            scratch=self.scratch,
            schemas=self.schemas,
            include_crds=options.include_crds,
            skip_tests=options.skip_tests,
            warn=self.warn,
            times=self.times,
        )

    @cached_property
    def _helm_program(self) -> str:
        """The input `helm`; of an address, the path of what it gives."""
        text = self._context.helm.program
        if not is_address(text):
            return text
        from promotion.edges.program_download import fetch_program  # few ask for it

        return str(fetch_program("helm", text, download=self._download_program, scratch=self.scratch))

    def _download_program(self, url: str) -> bytes:
        from promotion.edges.program_download import LARGEST

        return self._context.downloads.get(url, lambda: self.web.get(url, limit=LARGEST))

    def close(self) -> None:
        """End the processes that render, and those that nobody waits for any more; close git."""
        helm = self.__dict__.get("helm")  # if anybody asked for it
        if isinstance(helm, EmbeddedHelm):
            helm.close()
        self._commands.close()
        if self._git:
            self._git.close()

    @cached_property
    def fab(self) -> FabProgram:
        """Real fab; PromotionError if it, or what it needs, isn't there."""
        from promotion.edges.fab.fab_process import FabProgram
        from promotion.edges.fab.fab_program import find_program

        helm, search_path = self._helm_program, self._runtime.environment.get("PATH", "")
        program = find_program(
            self._context.engine.program,
            workspace=self._runtime.folder,
            search_path=search_path,
            download=self._download_program,
            scratch=self.scratch,
        )
        return FabProgram(
            program,
            commands=self._commands,
            git=self.git,
            scratch=self.scratch,
            search_path=search_path,
            helm="" if helm in ("embedded", "program") else helm,
            warn=self.warn,
        )

    @cached_property
    def fetcher(self) -> SessionFetcher:
        """Gets sources."""
        return SessionFetcher(self)

    @cached_property
    def web(self) -> WebClient:
        """Fetches files."""
        from promotion.edges.web.web_client import WebClient

        return WebClient(self._runtime.environment, host_policy=self._host_policy, sleep=self.wait)

    @cached_property
    def charts(self) -> ChartStore:
        """Gets charts."""
        from promotion.edges.charts.chart_store import ChartStore

        return ChartStore(self.web, self.scratch)

    def read_templates(self, chart: ResolvedChart) -> Iterator[str]:
        """Return the texts of a chart that have a template's action in them."""
        from promotion.edges.charts.chart_archive import read_templates

        return read_templates(chart.path)

    def wait(self, seconds: float) -> None:
        """Let time pass, unless the run is cancelled."""
        self._runtime.cancellation.sleep(seconds)

    def address(self, repository: str) -> str:
        """Return a repository's address in full, without credentials."""
        server = self._context.access.server_url
        return without_credentials(parse_remote(repository, server_url=server, allow_local=True).url)

    def workspace(self, source: Snapshot) -> HookWorkspace:
        """Return a working copy for hooks."""
        from promotion.edges.hook_workspace import HookWorkspace

        folder = Path(tempfile.mkdtemp(prefix="hooks-", dir=self.scratch))
        withheld = self._runtime.environment.keys() - self._commands.variables.keys()
        return HookWorkspace(source, self._commands, folder, withheld=withheld, warn=self.warn)

    def open_branch(
        self, repository: str, branch: str, *, verified: bool = False
    ) -> tuple[BranchSnapshot, Callable[[str], str]]:
        """Return the manifest branch as it is at this moment, and what pushes a commit to it."""
        opened = self.git.open_branch(repository, branch)
        if verified:
            return opened, partial(self._host(repository).push_signed, opened)
        return opened, partial(_push, self.git, opened)

    def open_place(self, repository: str, base: str, head: str, *, verified: bool) -> Place:
        """Return the manifest repository with the current two branches of a pull request."""
        return self._host(repository).open_place(base, head, verified=verified)

    def _host(self, repository: str) -> GitHubRepository:
        from promotion.wiring.github_repository import GitHubRepository  # costs what PyGithub does

        return GitHubRepository(
            repository,
            self.git,
            self._context.access,
            self._runtime.environment,
            warn=self.warn,
            wait=self.wait,
        )

    def list_branches(self, repository: str) -> list[str]:
        """Return the names of all branches of the manifest repository."""
        return self.git.list_branches(repository)

    def read_history(self, repository: str, branch: str) -> CommitHistory:
        """Return the commits that the manifest branch stands on at this moment."""
        return self.git.open_history(repository, branch)

    def open_commit(self, repository: str, branch: str, commit: str) -> BranchSnapshot:
        """Return the manifest branch as it was at a commit."""
        return self.git.open_commit(repository, branch, commit)

    def locate(self, url: str) -> str:
        """Return the address itself, or for a relative one the path on this machine that it means."""
        if self._context.base is None or not url.startswith(("./", "../")):
            return url
        return str((self._context.base / url).resolve())

    def hide(self, token: str) -> str:
        """Return the token itself, after it was hidden in all that follows."""
        self._runtime.hide(token)
        return token

    def warn(self, text: str, where: Location | None = None) -> None:
        """Warn, once in an attempt, and show it once in a run."""
        text = without_level(cut_credentials(text))
        full = f"{where}: {text}" if where else text
        if full not in self.warnings:
            self.warnings.append(full)
        if full not in self._context.told:
            self._context.told.add(full)
            self._runtime.console.warning(text, where)


def _push(git: GitClient, branch: BranchSnapshot, commit: str) -> str:
    git.push(branch, commit)
    return commit
