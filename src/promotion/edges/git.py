"""Repositories: sources to read, and the manifest branch to write."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from dulwich.objects import Commit, ObjectID, Tag

from promotion.core.model import GitSource
from promotion.edges.command import Commands
from promotion.edges.git_branch import ManifestBranch
from promotion.edges.git_environment import GitEnvironment
from promotion.edges.git_failures import Failure
from promotion.edges.git_mirror import write_mirrors
from promotion.edges.git_objects import Objects, OpenStores
from promotion.edges.git_snapshot import GitSnapshot
from promotion.edges.git_transport import Transport
from promotion.edges.once import Once
from promotion.edges.remotes import Access, Remote, authorization, check_ref, parse_remote
from promotion.errors import AccessError, BranchMovedError, SourceError

_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_PREFIX = re.compile(r"[0-9a-fA-F]{4,39}")
_TIP = "refs/fetched/tip"
_NOW = "refs/fetched/now"
_DEPTH = ("--depth=1",)
_HISTORY = ("--depth=100", "--filter=tree:0")  # commits alone; more than are pushed while one push fails
_EVERYTHING = ("+refs/heads/*:refs/fetched/heads/*", "+refs/tags/*:refs/fetched/tags/*")
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"

Fetched = tuple[Objects, ObjectID]


class Git:
    """The run's way to repositories. Close it to remove the ssh key and to close files.

    Args:
        commands: starts git.
        access: the credentials of the run.
        scratch: a folder of ours.
        environment: the caller's environment, for the settings of git that it hands to us.
        allow_local: whether addresses may be paths on this machine.
        warn: told of what the user should know, such as a repository that has moved.
        sleep: waits so many seconds between attempts.
        timeout: seconds that one call of git may take.

    Raises:
        UsageError: the environment's settings for git are malformed.
    """

    def __init__(
        self,
        commands: Commands,
        access: Access,
        scratch: Path,
        *,
        environment: Mapping[str, str],
        allow_local: bool,
        warn: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        timeout: float = 600.0,
    ) -> None:
        self._scratch = scratch / "git"
        self._settings = GitEnvironment(
            access, self._scratch, environment=environment, allow_local=allow_local
        )
        self._transport = Transport(commands, access, self._settings, warn=warn, sleep=sleep, timeout=timeout)
        self._access = access
        self._server_url = access.server_url
        self._allow_local = allow_local
        self._fetched: Once[tuple[Remote, str, str, str], Fetched] = Once()
        self._snapshots: Once[tuple[GitSource, str], GitSnapshot] = Once()
        self._stores = OpenStores()

    def __enter__(self) -> Git:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the ssh key and close the repositories' files."""
        self._settings.close()
        self._stores.close()

    def fetch(self, source: GitSource, *, token: str = "") -> GitSnapshot:
        """The files of a source; each repository and ref is fetched once, also by several threads at once.

        A branch may be a tag, as for `git clone --branch`. A version is a commit id, whole or abbreviated,
        a tag or a branch, as for `git checkout`; without either it is the default branch.

        Args:
            token: for this very repository, before those of the run.

        Raises:
            SourceError: the address or ref is malformed or not there, or the server can't be reached.
            AccessError: the server doesn't let us in.
        """
        return self._snapshots.get((source, token), lambda: self._take_snapshot(source, token))

    def open_branch(self, address: str, branch: str) -> ManifestBranch:
        """The manifest branch as it is at this moment; a missing one is an empty tree without a commit.

        Raises:
            SourceError: the address or branch name is malformed, or the server can't be reached.
            AccessError: the server doesn't let us in.
        """
        remote = parse_remote(address, server_url=self._server_url, allow_local=self._allow_local)
        ref = f"refs/heads/{check_ref(branch)}"
        folder = self._create()
        missing = self._transport.fetch(folder, remote, [f"+{ref}:{_TIP}"], options=_DEPTH, write=True)
        commit = None if missing else _read_ref(folder).decode()
        return ManifestBranch(remote=remote, name=branch, objects=self._open(folder, remote), commit=commit)

    def push(self, branch: ManifestBranch, commit: str) -> None:
        """Set the branch to a commit that its `write` made, if it hasn't moved since we opened it.

        A push can succeed although its answer is lost: a failed one is forgiven when the branch has the
        commit, be it below those of others.

        Raises:
            BranchMovedError: it has moved: open it again.
            AccessError: the token or key may not write.
            PublishError: a rule protects the branch, or git fails otherwise.
            SourceError: the server can't be reached.
        """
        folder, expected = branch.objects.folder, branch.commit or ""
        try:
            self._transport.push(folder, branch.remote, branch.name, commit=commit, expected=expected)
        except AccessError:
            raise
        except (BranchMovedError, SourceError):
            if not self._has_arrived(branch, commit):
                raise

    def _has_arrived(self, branch: ManifestBranch, commit: str) -> bool:
        """Whether the branch on the server has the commit; no if the server doesn't tell."""
        folder, refspec = branch.objects.folder, f"+refs/heads/{branch.name}:{_NOW}"
        try:
            if self._transport.fetch(folder, branch.remote, [refspec], options=_HISTORY, write=True):
                return False
            return branch.objects.has_ancestor(_read_ref(folder, _NOW), ObjectID(commit.encode()))
        except SourceError:
            return False

    def mirror(
        self, sources: Mapping[GitSource, GitSnapshot], users: Mapping[str, Collection[str]]
    ) -> dict[str, str]:
        """The environment for a program whose git is to find just these commits, and no network.

        Args:
            users: names that the program may put before the host of an address, by address.
        """
        return self._settings.variables_for_mirrors(write_mirrors(self._scratch, sources, users))

    def authorize(self, tokens: Mapping[str, str]) -> dict[str, str]:
        """The environment for a program whose git is to get into all repositories that we can read.

        Args:
            tokens: by address, for this very repository, before those of the run.
        """
        own = Remote(url=self._server_url.rstrip("/"), kind="http", name=self._server_url)
        headers = {f"{own.url}/": authorization(own, self._access)}
        for address, token in tokens.items():
            remote = parse_remote(address, server_url=self._server_url, allow_local=self._allow_local)
            headers[remote.url] = authorization(remote, self._access, token=token)
        return self._settings.variables_for_all({url: header for url, header in headers.items() if header})

    def _take_snapshot(self, source: GitSource, token: str) -> GitSnapshot:
        remote = parse_remote(source.url, server_url=self._server_url, allow_local=self._allow_local)
        key = (remote, source.branch, source.version, token)
        objects, commit = self._fetched.get(key, lambda: self._obtain(remote, source, token))
        export = Path(tempfile.mkdtemp(prefix="export-", dir=self._scratch))
        return GitSnapshot(objects, commit, export)

    def _obtain(self, remote: Remote, source: GitSource, token: str) -> Fetched:
        folder = self._create()
        for ref in _candidates(source):
            failure = self._transport.fetch(folder, remote, [f"+{ref}:{_TIP}"], options=_DEPTH, token=token)
            if failure is None:
                objects = self._open(folder, remote)
                return objects, objects.peel(_read_ref(folder))
            if failure is Failure.REFUSED_COMMIT:
                return self._obtain_all(folder, remote, source.version, token)
        if not source.branch and not source.version:
            raise SourceError(f"{remote.name} is empty, or its default branch is not there")
        if _PREFIX.fullmatch(source.version):
            commit = self._complete(remote, source.version, token)
            if commit:
                return self._obtain(remote, GitSource(url=source.url, version=commit), token)
        raise _missing(remote, source)

    def _obtain_all(self, folder: Path, remote: Remote, commit: str, token: str) -> Fetched:
        """A commit of a server that gives none by id: from everything that it has."""
        self._transport.fetch(folder, remote, _EVERYTHING, token=token)
        commit_id = ObjectID(commit.lower().encode())
        objects = self._open(folder, remote)
        with objects.use() as store:
            is_there = commit_id in store
        if not is_there:
            raise _missing(remote, GitSource(url=remote.url, version=commit))
        return objects, objects.peel(commit_id)

    def _complete(self, remote: Remote, prefix: str, token: str) -> str:
        """The whole id of an abbreviated commit; empty if there is none."""
        folder = self._create()
        # the commits alone, if the server can leave out trees and files
        self._transport.fetch(folder, remote, _EVERYTHING, options=("--filter=tree:0",), token=token)
        objects = self._open(folder, remote)
        with objects.use() as store:
            ids = list(store.iter_prefix(prefix.lower().encode()))
        found = [one.decode() for one in ids if objects.read(one)[0] in (Commit.type_num, Tag.type_num)]
        if len(found) > 1:
            raise SourceError(
                f"{remote.name} has several commits that begin with {prefix!r}", fix="Give more of the id."
            )
        return found[0] if found else ""

    def _open(self, folder: Path, remote: Remote) -> Objects:
        return Objects(folder, remote.name, self._stores)

    def _create(self) -> Path:
        """An empty bare repository, by hand: `git init` would take longer than the fetch."""
        folder = Path(tempfile.mkdtemp(prefix="repository-", dir=self._scratch))
        for name in ("objects/pack", "refs"):
            (folder / name).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        (folder / "config").write_text(_CONFIG, encoding="ascii")
        return folder


def _candidates(source: GitSource) -> Iterator[str]:
    """The refs, or the commit, that a source may mean, the likeliest first.

    Raises:
        SourceError: the name can't be a ref.
    """
    version = source.version
    if _COMMIT.fullmatch(version):
        yield version.lower()
    elif version:
        check_ref(version, what="version")
        yield f"refs/tags/{version}"
        yield f"refs/heads/{version}"
        if version.startswith("refs/"):
            yield version
        if version.startswith("origin/"):  # what a clone calls it
            yield f"refs/heads/{version.removeprefix('origin/')}"
    elif source.branch:
        check_ref(source.branch)
        yield f"refs/heads/{source.branch}"
        yield f"refs/tags/{source.branch}"
    else:
        yield "HEAD"


def _missing(remote: Remote, source: GitSource) -> SourceError:
    kinds = "commit, tag or branch" if source.version else "branch or tag"
    shortened = not source.version and re.fullmatch(r"[0-9a-f]{7,39}", source.branch)
    return SourceError(
        f"{remote.name} has no {kinds} {source.version or source.branch!r}",
        fix="A commit must be given by its whole id." if shortened else "Check its spelling and case.",
    )


def _read_ref(folder: Path, ref: str = _TIP) -> ObjectID:
    return ObjectID((folder / ref).read_bytes().strip())
