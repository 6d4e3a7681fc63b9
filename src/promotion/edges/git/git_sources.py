"""Sources from remotes: what their refs point at, and their commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dulwich.objects import Commit, ObjectID, Tag

from promotion.edges.git.callers_settings import CallersSettings
from promotion.edges.git.git_failures import Failure
from promotion.edges.git.git_transport import GitTransport
from promotion.edges.git.in_process_fetcher import ByProgram, Credential, InProcessFetcher
from promotion.edges.git.object_store import FILES, Known, Objects
from promotion.edges.git.ref_names import (
    BRANCHES,
    TAGS,
    candidates,
    choose,
    may_be_abbreviated,
    missing,
    whole_commit,
)
from promotion.edges.git.remotes import Remote
from promotion.edges.git.repository_store import RepositoryStore
from promotion.edges.single_flight import SingleFlight
from promotion.errors import SourceError
from promotion.rendering.sources.git_source import GitSource

if TYPE_CHECKING:
    from promotion.edges.git.local_fetcher import LocalFetcher

TIP = "refs/fetched/tip"
DEPTH = ("--depth=1",)
_EVERYTHING = ("+refs/heads/*:refs/fetched/heads/*", "+refs/tags/*:refs/fetched/tags/*")

Fetched = tuple[Objects, ObjectID]
Question = tuple[Remote, GitSource, str]


class GitSources:
    """Asks and fetches, in this process where it can, else by the git program.

    Each ref is asked for once, so that whatever is fetched is at the commit that was told.
    """

    def __init__(
        self,
        transport: GitTransport,
        remote: InProcessFetcher,
        callers: CallersSettings,
        depot: RepositoryStore,
    ) -> None:
        self._transport = transport
        self._remote, self._callers = remote, callers
        self._depot = depot
        self._found: SingleFlight[Question, Mapping[str, str] | ByProgram] = SingleFlight()
        self._asked: SingleFlight[Question, str] = SingleFlight()

    def ask(self, remote: Remote, source: GitSource, token: str) -> str:
        """Return the commit that a source is at; empty for a commit id that isn't whole.

        Raises:
            SourceError: the ref is malformed or not there, or the server can't be reached.
            AccessError: the server doesn't let us in.
        """
        question = (remote, source, token)
        return whole_commit(source) or self._asked.get(question, lambda: self._ask(*question))

    def remember(self, remote: Remote, source: GitSource, commit: str) -> None:
        """Take a commit for the answer to a question that wasn't asked yet."""
        self._asked.get((remote, source, ""), lambda: commit)

    def obtain(self, remote: Remote, source: GitSource, token: str) -> Fetched:
        """Return a commit with its files. Raises as `ask` does."""
        question, credential = (remote, source, token), Credential(token=token, reach=source.reach)
        commit, tried = whole_commit(source) or self._asked.known(question) or "", 0
        if not commit:
            found = self._find(question)
            if isinstance(found, ByProgram):
                return self._obtain(remote, source, credential, found.tried)
            commit = self._choose(question, found)
        if commit:
            objects = self._receive(remote, commit, credential)
            if not isinstance(objects, ByProgram):
                return objects, objects.peel(ObjectID(commit.encode()))
            tried = objects.tried
            source = GitSource(url=source.url, version=commit)
        return self._obtain(remote, source, credential, tried)

    def open_tip(self, remote: Remote, ref: str) -> tuple[Objects, ObjectID | None]:
        """Return the commit that a ref of the manifest repository is at, with its folders; its files come
        when read.

        Raises:
            AccessError: the server doesn't let us in.
            SourceError: it can't be reached.
        """
        credential = Credential(write=True)
        found = self._direct(remote).find(remote, [ref], credential)
        tried = found.tried if isinstance(found, ByProgram) else 0
        if not isinstance(found, ByProgram):
            if ref not in found:
                return self._depot.open(self._depot.create_lazily(), remote), None
            objects = self._receive(remote, found[ref], credential, left_out=FILES)
            if not isinstance(objects, ByProgram):
                return objects, ObjectID(found[ref].encode())
            tried = objects.tried
        folder = self._depot.create()
        missing = self._transport.fetch(
            folder, remote, [f"+{ref}:{TIP}"], options=DEPTH, write=True, tried=tried
        )
        return self._depot.open(folder, remote), None if missing else read_ref(folder)

    def list_tips(self, remote: Remote, refs: Sequence[str]) -> Mapping[str, str]:
        """Return the commits that refs of the manifest repository are at; those missing are left out. Raises
        as `open_tip` does.
        """
        found = self._direct(remote).find(remote, refs, Credential(write=True))
        if isinstance(found, ByProgram):
            return self._transport.list(remote, refs, write=True, tried=found.tried)
        return found

    def open_commit(self, remote: Remote, commit: str) -> Fetched:
        """Return a commit of the manifest repository by its whole id, as `open_tip` gives a tip. Raises as
        that.
        """
        credential = Credential(write=True)
        objects = self._receive(remote, commit, credential, left_out=FILES)
        if not isinstance(objects, ByProgram):
            return objects, objects.peel(ObjectID(commit.encode()))
        source = GitSource(url=remote.url, version=commit)
        return self._obtain(remote, source, credential, objects.tried)

    def open_history(self, remote: Remote, ref: str, *, depth: int = 0) -> tuple[Objects, ObjectID | None]:
        """Return all commits that a ref of the manifest repository stands on, or the latest, with their
        folders.

        The files come along if the server can't leave them out. Raises as `open_tip` does.
        """
        folder = self._depot.create()
        refspecs = [f"+{ref}:{TIP}"]
        # git takes no path for the name of a remote that will send the rest later
        options = [] if remote.kind == "file" else [f"--filter={FILES}"]
        if depth:
            options.append(f"--depth={depth}")
        missing = self._transport.fetch(folder, remote, refspecs, options=options, write=True)
        return self._depot.open(folder, remote), None if missing else read_ref(folder)

    def _direct(self, remote: Remote) -> InProcessFetcher | LocalFetcher:
        """Return what reads a repository in this process, if anything does."""
        if remote.kind != "file":
            return self._remote
        from promotion.edges.git.local_fetcher import LocalFetcher  # few runs need it

        return LocalFetcher(self._callers)

    def _receive(
        self, remote: Remote, commit: str, credential: Credential, *, left_out: str = ""
    ) -> Objects | ByProgram:
        """Fetch a commit in this process; what of it doesn't come at once is fetched when it is read."""
        repository = self._depot.create_lazily(is_source=not credential.write)
        received = self._direct(remote).fetch(repository, remote, commit, credential, left_out=left_out)
        if isinstance(received, ByProgram):
            return received

        def supply(ids: Sequence[ObjectID], left_out: str) -> Known:
            wants = [one.decode() for one in ids]
            found = self._direct(remote).supply(repository, remote, wants, credential, left_out=left_out)
            if not isinstance(found, ByProgram):
                return found
            # the program gets the whole commit, as if nothing of it were here
            refspecs, tried = [f"+{commit}:{TIP}"], found.tried
            refused = self._fetch(
                repository.folder(), remote, refspecs, credential, options=DEPTH, tried=tried
            )
            if refused:
                raise SourceError(f"{remote.name} no longer gives the commit {commit}", fix="Run it again.")
            return {}

        return self._depot.open(
            repository, remote, supply=None if received.is_whole else supply, at_hand=received.at_hand
        )

    def _ask(self, remote: Remote, source: GitSource, token: str) -> str:
        found = self._find((remote, source, token))
        if isinstance(found, ByProgram):
            names = list(candidates(source))
            found = self._transport.list(remote, names, token=token, tried=found.tried, reach=source.reach)
        return self._choose((remote, source, token), found)

    def _find(self, question: Question) -> Mapping[str, str] | ByProgram:
        remote, source, token = question
        credential = Credential(token=token, reach=source.reach)
        return self._found.get(
            question, lambda: self._direct(remote).find(remote, list(candidates(source)), credential)
        )

    def _choose(self, question: Question, found: Mapping[str, str]) -> str:
        remote, source, token = question
        commit = choose(list(candidates(source)), found)
        if not commit and not may_be_abbreviated(source):
            raise self._explain(remote, source, Credential(token=token, reach=source.reach))
        return commit

    def _explain(self, remote: Remote, source: GitSource, credential: Credential) -> SourceError:
        """Return the error for a ref that isn't there, with those that are."""
        stems = (BRANCHES, TAGS) if source.version or source.branch else (BRANCHES,)
        names = [f"{stem}*" for stem in stems]
        token, write, reach = credential.token, credential.write, credential.reach
        there = self._transport.list(remote, names, token=token, write=write, reach=reach)
        return missing(remote, source, there)

    def list_branches(self, remote: Remote) -> list[str]:
        """Return the names of all branches of the manifest repository. Raises as `open_tip` does."""
        there = self._transport.list(remote, [f"{BRANCHES}*"], write=True)
        return sorted(ref.removeprefix(BRANCHES) for ref in there)

    def _obtain(self, remote: Remote, source: GitSource, credential: Credential, tried: int = 0) -> Fetched:
        """Fetch by the git program."""
        folder = self._depot.create()
        for ref in candidates(source):
            failure = self._fetch(folder, remote, [f"+{ref}:{TIP}"], credential, options=DEPTH, tried=tried)
            if failure is None:
                objects = self._depot.open(folder, remote)
                return objects, objects.peel(read_ref(folder))
            if failure is Failure.REFUSED_COMMIT:
                return self._obtain_all(folder, remote, source.version, credential)
        if may_be_abbreviated(source):
            commit = self._complete(remote, source.version, credential)
            if commit:
                return self._obtain(remote, GitSource(url=source.url, version=commit), credential)
        raise self._explain(remote, source, credential)

    def _fetch(
        self,
        folder: Path,
        remote: Remote,
        refspecs: Sequence[str],
        credential: Credential,
        *,
        options: Sequence[str] = (),
        tried: int = 0,
    ) -> Failure | None:
        return self._transport.fetch(
            folder,
            remote,
            refspecs,
            options=options,
            token=credential.token,
            write=credential.write,
            tried=tried,
            reach=credential.reach,
        )

    def _obtain_all(self, folder: Path, remote: Remote, commit: str, credential: Credential) -> Fetched:
        """Return a commit of a server that gives none by id: from everything that it has."""
        self._fetch(folder, remote, _EVERYTHING, credential)
        commit_id = ObjectID(commit.lower().encode())
        objects = self._depot.open(folder, remote)
        with objects.use() as store:
            is_there = commit_id in store
        if not is_there:
            raise self._explain(remote, GitSource(url=remote.url, version=commit), credential)
        return objects, objects.peel(commit_id)

    def _complete(self, remote: Remote, prefix: str, credential: Credential) -> str:
        """Return the whole id of an abbreviated commit; empty if there is none."""
        folder = self._depot.create()
        # the commits alone, if the server can leave out trees and files
        self._fetch(folder, remote, _EVERYTHING, credential, options=("--filter=tree:0",))
        objects = self._depot.open(folder, remote)
        with objects.use() as store:
            ids = list(store.iter_prefix(prefix.lower().encode()))
        found = [one.decode() for one in ids if objects.read(one)[0] in (Commit.type_num, Tag.type_num)]
        if len(found) > 1:
            raise SourceError(
                f"{remote.name} has several commits that begin with {prefix!r}", fix="Give more of the id."
            )
        return found[0] if found else ""


def read_ref(folder: Path, ref: str = TIP) -> ObjectID:
    """Return what a ref of our own points at."""
    return ObjectID((folder / ref).read_bytes().strip())
