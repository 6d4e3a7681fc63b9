"""Repositories: sources to read, and the manifest branch to write."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dulwich.objects import ObjectID

from promotion.common.commit_history import CommitHistory
from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.branch_history import read_history
from promotion.edges.git.branch_snapshot import BranchSnapshot
from promotion.edges.git.callers_settings import CallersSettings
from promotion.edges.git.confirmation import Confirmation
from promotion.edges.git.fab_mirrors import write_mirrors
from promotion.edges.git.git_environment import GitEnvironment
from promotion.edges.git.git_snapshot import GitSnapshot
from promotion.edges.git.git_sources import GitSources
from promotion.edges.git.git_transport import GitTransport
from promotion.edges.git.in_process_fetcher import InProcessFetcher
from promotion.edges.git.merges import CleanMerges
from promotion.edges.git.object_store import Objects
from promotion.edges.git.protocol_v2 import ProtocolV2
from promotion.edges.git.push_queue import Pushes
from promotion.edges.git.remotes import Access, Remote, authorization, check_ref, parse_remote
from promotion.edges.git.repository_store import RepositoryStore
from promotion.edges.single_flight import SingleFlight
from promotion.edges.web.host_policy import HostPolicy
from promotion.edges.web.http_pool import HttpPool, Traffic
from promotion.errors import SourceError
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.git_source import GitSource


class GitClient:
    """The run's way to repositories. Close it to remove the ssh key and to close files.

    Args:
        commands: starts git.
        access: the credentials of the run.
        scratch: a folder of ours.
        environment: the caller's environment, for the settings of git that it hands to us.
        allow_local: whether addresses may be paths on this machine.
        warn: told of what the user should know, such as a repository that has moved.
        sleep: waits so many seconds between attempts.
        debug: told of each request over HTTP.
        timeout: seconds that one call of git, or one request, may take.
        host_policy: judges which hosts may be asked.

    Raises:
        UsageError: the environment's settings for git are malformed.
    """

    def __init__(
        self,
        commands: ProcessRunner,
        access: Access,
        scratch: Path,
        *,
        environment: Mapping[str, str],
        allow_local: bool,
        warn: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        debug: Callable[[str], None] = lambda _: None,
        timeout: float = 600.0,
        host_policy: HostPolicy | None = None,
    ) -> None:
        self._commands = commands
        self._scratch = scratch / "git"
        self._settings = GitEnvironment(
            access, self._scratch, environment=environment, allow_local=allow_local
        )
        self._host_policy = host_policy or HostPolicy()
        self._transport = GitTransport(
            commands,
            access,
            self._settings,
            warn=warn,
            sleep=sleep,
            timeout=timeout,
            host_policy=self._host_policy,
        )
        self._access = access
        self._server_url = access.server_url
        self._allow_local = allow_local
        self._pool = HttpPool(environment, timeout=timeout, host_policy=self._host_policy, debug=debug)
        self._depot = RepositoryStore(self._scratch)
        callers = CallersSettings(commands, self._settings, self._transport)
        self._direct = InProcessFetcher(
            ProtocolV2(self._pool),
            commands=commands,
            access=access,
            settings=self._settings,
            callers=callers,
            transport=self._transport,
            sleep=sleep,
            timeout=timeout,
        )
        self.pushes = Pushes(self._transport)
        self._sources = GitSources(self._transport, self._direct, callers, self._depot)
        self._confirmation = Confirmation(self._pool, environment.get("GITHUB_GRAPHQL_URL", ""), access)
        self._exports = itertools.count()
        self._fetched: SingleFlight[tuple[Remote, GitSource, str], tuple[Objects, ObjectID]] = SingleFlight()
        self._snapshots: SingleFlight[tuple[GitSource, str], GitSnapshot] = SingleFlight()

    def __enter__(self) -> GitClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the ssh key, and close connections and the repositories' files."""
        self._settings.close()
        self._pool.close()
        self._depot.close()

    @property
    def traffic(self) -> Traffic:
        """What this process itself has sent and received; what git programs do isn't in it."""
        return self._pool.traffic

    def ask(self, source: GitSource, *, token: str = "") -> str:
        """Return the commit that a source is at, without fetching it; each ref is asked for once.

        A `fetch` after it gives that very commit, also if the branch has moved meanwhile. A whole commit id
        is its own answer, whether there is such a commit or not.

        Args:
            token: as for `fetch`.

        Returns:
            The commit's id; empty if the version may be the beginning of one: only `fetch` can tell.

        Raises:
            SourceError: the address or ref is malformed or not there, or the server can't be reached.
            AccessError: the server doesn't let us in.
        """
        remote, plain = self._locate(source)
        return self._sources.ask(remote, plain, token)

    def expect(self, known: Mapping[GitSource, str]) -> None:
        """Ask GitHub, for many in one request, whether sources are still at the commits known of them.

        For those that are, `ask` needs no request of its own. Elsewhere, where anything is odd, and of what
        is asked for without our token, this does nothing.
        """
        places: dict[tuple[Remote, GitSource], str] = {}
        for source, commit in known.items():
            with suppress(SourceError):  # `ask` tells of it
                remote, plain = self._locate(source)
                if source.reach is not Reach.PUBLIC and self._direct.serves(remote):
                    places[remote, plain] = commit
        for remote, plain in self._confirmation.confirm(places):
            self._sources.remember(remote, plain, places[remote, plain])

    def fetch(self, source: GitSource, *, token: str = "") -> GitSnapshot:
        """Return the files of a source; each ref is fetched once, also by several threads at once.

        A branch may be a tag, as for `git clone --branch`. A version is a commit id, whole or abbreviated,
        a tag or a branch, as for `git checkout`; without either it is the default branch.

        Args:
            token: for this very repository, before those of the run.

        Raises:
            SourceError: the address or ref is malformed or not there, or the server can't be reached.
            AccessError: the server doesn't let us in.
        """
        return self._snapshots.get((source, token), lambda: self._take_snapshot(source, token))

    def open_branch(self, address: str, branch: str) -> BranchSnapshot:
        """Return the manifest branch as it is now; a missing one is an empty tree without a
        commit.

        Raises:
            SourceError: the address or branch name is malformed, or the server can't be reached.
            AccessError: the server doesn't let us in.
        """
        remote = self._parse(address)
        ref = f"refs/heads/{check_ref(branch)}"
        objects, tip = self._sources.open_tip(remote, ref)
        return BranchSnapshot(
            remote=remote, name=branch, objects=objects, commit=tip.decode() if tip else None
        )

    def open_history(self, address: str, branch: str, *, depth: int = 0) -> CommitHistory:
        """Return all that the manifest branch was, as it is at this moment; empty if there is no such branch.

        Args:
            depth: how many commits of its history are enough; 0 for all.

        Raises:
            SourceError: the address or branch name is malformed, or the server can't be reached.
            AccessError: the server doesn't let us in.
        """
        ref = f"refs/heads/{check_ref(branch)}"
        return read_history(*self._sources.open_history(self._parse(address), ref, depth=depth))

    def open_commit(self, address: str, branch: str, commit: str) -> BranchSnapshot:
        """Return the manifest branch as it was at a commit of its history, to be read.

        Args:
            commit: the whole id.

        Raises:
            SourceError: the address is malformed, or the server can't be reached or has no such commit.
            AccessError: the server doesn't let us in.
        """
        remote = self._parse(address)
        objects, found = self._sources.open_commit(remote, commit)
        return BranchSnapshot(remote=remote, name=branch, objects=objects, commit=found.decode())

    def find_tips(self, address: str, branches: Sequence[str]) -> Mapping[str, str]:
        """Return the commits of branches of the manifest repository; those missing are left out.

        Raises:
            SourceError: the address or a name is malformed, or the server can't be reached.
            AccessError: the server doesn't let us in.
        """
        refs = [f"refs/heads/{check_ref(name)}" for name in branches]
        tips = self._sources.list_tips(self._parse(address), refs)
        return {name: tips[f"refs/heads/{name}"] for name in branches if f"refs/heads/{name}" in tips}

    def push(self, branch: BranchSnapshot, commit: str) -> None:
        """Set the branch to a commit that its `write` made, unless it has moved. Raises as `Pushes` does."""
        self.pushes.push(branch, commit)

    def list_branches(self, address: str) -> list[str]:
        """Return the names of all branches of the manifest repository. Raises as `find_tips` does."""
        return self._sources.list_branches(self._parse(address))

    def open_merges(self, address: str) -> CleanMerges:
        """Return what makes merges of a repository's commits anew; SourceError for a malformed address."""
        remote = self._parse(address)
        return CleanMerges(
            self._depot.create(),
            remote,
            transport=self._transport,
            commands=self._commands,
            variables=lambda: self._settings.variables(remote, authorization(remote, self._access)),
        )

    def mirror(
        self, sources: Mapping[GitSource, GitSnapshot], users: Mapping[str, Collection[str]]
    ) -> dict[str, str]:
        """Return the environment for a program whose git is to find just these commits, and no network.

        Args:
            users: names that the program may put before the host of an address, by address.
        """
        return self._settings.variables_for_mirrors(write_mirrors(self._scratch, sources, users))

    def authorize(self, tokens: Mapping[str, str], addresses: Collection[str] = ()) -> dict[str, str]:
        """Return the environment for a program whose git is to get into all repositories that we can read.

        Args:
            tokens: by address, for this very repository, before those of the run.
            addresses: of repositories that will be read; a GitHub App has a token for each one's owner.
        """
        own = Remote(url=self._server_url.rstrip("/"), kind="http", name=self._server_url)
        headers = {f"{own.url}/": authorization(own, self._access)}
        for remote in self._served_by_app(addresses):
            headers[f"{remote.url.rpartition('/')[0]}/"] = authorization(remote, self._access)
        for address, token in tokens.items():
            remote = self._parse(address)
            headers[remote.url] = authorization(remote, self._access, token=token)
        return self._settings.variables_for_all({url: header for url, header in headers.items() if header})

    def _served_by_app(self, addresses: Collection[str]) -> Iterator[Remote]:
        for address in addresses if self._access.app else ():
            with suppress(SourceError):  # whoever fetches it tells of it
                remote = self._parse(address)
                if remote.kind == "http" and self._access.short_name(remote) and not remote.username:
                    yield remote

    def _take_snapshot(self, source: GitSource, token: str) -> GitSnapshot:
        remote, plain = self._locate(source)
        key = (remote, plain, token)
        objects, commit = self._fetched.get(key, lambda: self._sources.obtain(*key))
        return GitSnapshot(objects, commit, self._scratch / f"export-{next(self._exports)}")

    def _locate(self, source: GitSource) -> tuple[Remote, GitSource]:
        """Return where a source is, and the part of it that decides its ref."""
        remote = self._parse(source.url)
        if remote.kind == "http":
            self._host_policy.check(remote.url)
        version = source.version if source.version != "HEAD" else ""  # what was cloned (fab: git/core.go)
        plain = replace(source, url=remote.name, version=version, copy="")
        return remote, replace(plain, branch="") if version else plain

    def _parse(self, address: str) -> Remote:
        return parse_remote(address, server_url=self._server_url, allow_local=self._allow_local)
