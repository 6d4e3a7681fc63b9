"""Fetching in this process instead of by the git program, where nothing stands in the way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import TypeVar

from dulwich.objects import ObjectID

from promotion.common.backoff import GIT_IN_PROCESS
from promotion.common.lazy_dataclass import dataclass
from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.callers_settings import CallersSettings
from promotion.edges.git.git_environment import GitEnvironment
from promotion.edges.git.git_transport import GitTransport
from promotion.edges.git.lazy_repository import LazyRepository
from promotion.edges.git.object_store import Known
from promotion.edges.git.pack_buffer import PackBuffer
from promotion.edges.git.protocol_v2 import ProtocolV2, TooManyObjectsError, WireError
from promotion.edges.git.remotes import Access, Remote, authorization
from promotion.edges.git.small_pack import PackError, read_small_pack
from promotion.edges.time_limit import run_within
from promotion.errors import UnreachableError
from promotion.rendering.sources.credential_reach import Reach

# What the caller's settings may change about fetching by HTTP; then all is left to the git program.
_TELLING = re.compile(r"(?:url|http|remote|protocol|transfer)\.|core\.gitproxy$", re.IGNORECASE)
_PLAIN = re.compile(r"[!-~]+")
# Most sources are small: their files come with the first answer, which saves a request. Of a larger one the
# commit is fetched alone, and then whatever folder is looked at.
_SMALL_FILES = "blob:limit=16384"
_MOST_OBJECTS = 300
_MOST_WANTS = 10_000  # in one request
_NO_LIMIT = 2**32
_MOST_FAULTS = 3  # of one server's line; after them, no more is tried here

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Credential:
    """Which credential to use: a token for this very remote, else the run's to write or to read, if it
    reaches there.
    """

    token: str = field(default="", repr=False)
    write: bool = False
    reach: Reach = Reach.OWN


@dataclass(frozen=True, kw_only=True)
class ByProgram:
    """It is for the git program; `tried` says how often it was tried here, and the network failed."""

    tried: int = 0


@dataclass(frozen=True, kw_only=True)
class Received:
    """What came: `is_whole`: with all its files; `at_hand`: the objects, if they are small."""

    is_whole: bool
    at_hand: Known = field(default_factory=dict, repr=False)


class InProcessFetcher:
    """Asks and fetches over kept connections.

    Args:
        wire: speaks the protocol.
        commands: starts git, for packs that are large.
        access: the credentials of the run.
        settings: the environment of git.
        callers: the settings that come from elsewhere.
        transport: knows which repositories have moved.
        sleep: waits so many seconds.
        timeout: seconds that one question may take.
    """

    def __init__(
        self,
        wire: ProtocolV2,
        *,
        commands: ProcessRunner,
        access: Access,
        settings: GitEnvironment,
        callers: CallersSettings,
        transport: GitTransport,
        sleep: Callable[[float], None],
        timeout: float,
    ) -> None:
        self._wire = wire
        self._commands = commands
        self._access = access
        self._settings, self._callers = settings, callers
        self._transport = transport
        self._sleep, self._timeout = sleep, timeout
        self._faults: Counter[tuple[str, str, int]] = Counter()
        self._unfiltered: set[tuple[str, str, int]] = set()

    def find(
        self, remote: Remote, names: Sequence[str], credential: Credential
    ) -> Mapping[str, str] | ByProgram:
        """Return what refs point at, through annotated tags; those missing are left out."""
        if not self.serves(remote):
            return ByProgram()
        header = self._authorize(remote, credential)
        try:
            return self._within(remote, lambda: self._wire.find(remote, header, names))
        except WireError as error:
            return self._leave(remote, error)

    def fetch(
        self,
        repository: LazyRepository,
        remote: Remote,
        commit: str,
        credential: Credential,
        *,
        left_out: str = "",
    ) -> ByProgram | Received:
        """Fetch one commit, without history.

        Of a small source all comes at once, but for large files. Of a large one comes the commit alone.

        Args:
            repository: the repository to add it to.
            left_out: what is not to come, as a filter of git's.
        """
        if not self.serves(remote):
            return ByProgram()
        header = self._authorize(remote, credential)
        try:
            return self._fetch(repository, remote, header, commit, left_out)
        except WireError as error:
            return self._leave(remote, error)

    def supply(
        self,
        repository: LazyRepository,
        remote: Remote,
        ids: Sequence[str],
        credential: Credential,
        *,
        left_out: str,
    ) -> ByProgram | Known:
        """Fetch objects, and all below them that `left_out` doesn't keep out; gives those kept in memory."""
        if not self.serves(remote):
            return ByProgram()
        header = self._authorize(remote, credential)
        options = [f"filter {left_out}"] if left_out else []
        found: dict[ObjectID, tuple[int, bytes]] = {}
        try:
            for start in range(0, len(ids), _MOST_WANTS):
                wants = ids[start : start + _MOST_WANTS]
                found.update(self._receive(repository, remote, header, wants, options=options).at_hand)
        except WireError as error:
            return self._leave(remote, error)
        return found

    def _fetch(
        self, repository: LazyRepository, remote: Remote, header: str, commit: str, left_out: str
    ) -> Received:
        abilities = self._within(remote, lambda: self._wire.abilities(remote, header))
        if abilities.filters and remote.origin not in self._unfiltered:
            filters = [left_out] if left_out else [_SMALL_FILES, "tree:0"]
            try:
                for filter_ in filters:
                    most = _MOST_OBJECTS if filter_ == _SMALL_FILES else _NO_LIMIT
                    options = ["deepen 1", f"filter {filter_}"]
                    with suppress(TooManyObjectsError):
                        return self._receive(repository, remote, header, [commit], options=options, most=most)
            except WireError as error:
                if not error.is_answer:
                    raise
                self._unfiltered.add(remote.origin)  # it says that it filters, but not by this
        return self._receive(repository, remote, header, [commit], options=["deepen 1"])

    def _receive(
        self,
        repository: LazyRepository,
        remote: Remote,
        header: str,
        wants: Sequence[str],
        *,
        options: Sequence[str],
        most: int = _NO_LIMIT,
    ) -> Received:
        """Add a pack to a repository."""
        try:
            with PackBuffer(repository) as spool:
                shallow = self._within(
                    remote,
                    lambda: self._wire.fetch(remote, header, wants, spool.write, options=options, most=most),
                )
            received = self._add(repository, spool)
            if shallow:
                text = "".join(f"{one}\n" for one in shallow)
                repository.add(lambda folder: _write(folder / "shallow", text))
        except (OSError, PackError) as error:
            raise WireError(f"{type(error).__name__}: {error}") from error
        return received

    def _add(self, repository: LazyRepository, spool: PackBuffer) -> Received:
        if spool.file is None:
            pack = read_small_pack(spool.data)
            stays = repository.add(pack.write, sum(len(data) for _, data in pack.objects.values()))
            return Received(is_whole=pack.is_whole, at_hand=pack.objects if stays else {})
        argv = ["git", f"--git-dir={repository.folder()}", "index-pack", str(spool.file)]
        if self._commands.run(argv, timeout=600, env=self._settings.own_variables()).code:
            raise PackError("git can't read it")
        return Received(is_whole=False)  # or perhaps it is; then there is nothing to miss

    def _authorize(self, remote: Remote, credential: Credential) -> str:
        token, write = credential.token, credential.write
        return authorization(remote, self._access, token=token, write=write, reach=credential.reach)

    def _leave(self, remote: Remote, error: WireError) -> ByProgram:
        if not error.is_answer:
            self._faults[remote.origin] += 1
        if 0 < error.pause <= GIT_IN_PROCESS.longest_asked:  # which the git program doesn't tell of
            self._sleep(error.pause)
        return ByProgram(tried=int(error.is_passing))

    def _within(self, remote: Remote, ask: Callable[[], _T]) -> _T:
        """Ask, and give up in time, also if a server sends its answer letter by letter."""
        try:
            return run_within(self._timeout, ask)
        except TimeoutError:
            raise UnreachableError(
                f"{remote.name}: the answer wasn't complete after {self._timeout:.0f} s",
                fix="Check that its server answers.",
            ) from None

    def serves(self, remote: Remote) -> bool:
        """Return whether this process would do as the git program does."""
        return (
            remote.kind == "http"
            and bool(_PLAIN.fullmatch(remote.url))
            and self._callers.allows(remote.origin[0])
            and self._faults[remote.origin] < _MOST_FAULTS
            and not self._transport.has_moved(remote)
            and self._callers.lack(_TELLING)
        )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")
