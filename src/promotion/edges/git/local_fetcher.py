"""Reading repositories on this machine in this process instead of by the git program, if they are plain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dulwich.object_store import DiskObjectStore
from dulwich.objects import ShaFile

from promotion.edges.git.callers_settings import CallersSettings
from promotion.edges.git.in_process_fetcher import ByProgram, Credential, Received
from promotion.edges.git.lazy_repository import LazyRepository
from promotion.edges.git.object_store import Known
from promotion.edges.git.plain_repository import NotPlainError, PlainRepository, TooMuchError
from promotion.edges.git.remotes import Remote

# What the caller's settings may change about reading such a repository; then all is left to the git program.
_TELLING = re.compile(r"(?:url|remote|protocol|transfer|uploadpack|lsrefs|extensions)\.", re.IGNORECASE)
_PLAIN = re.compile(r"(?:file://)?(?P<path>/[^~%\x00-\x20][^%\x00-\x20]*)")
_MOST_OBJECTS = 300  # of a small repository; of a larger one the commit comes alone, the rest when it is read
_ROOM = 2 << 20  # bytes of a small repository
_MOST_SUPPLIED, _ROOM_SUPPLIED = 200_000, 64 << 20


class LocalFetcher:
    """Asks and fetches as `InProcessFetcher` does.

    Args:
        callers: the settings that come from elsewhere.
    """

    def __init__(self, callers: CallersSettings) -> None:
        self._callers = callers

    def find(
        self, remote: Remote, names: Sequence[str], _credential: Credential
    ) -> Mapping[str, str] | ByProgram:
        """Return what refs point at, through annotated tags; those missing are left out."""
        try:
            return self._open(remote).find(names)
        except (NotPlainError, TooMuchError):
            return ByProgram()

    def fetch(
        self,
        repository: LazyRepository,
        remote: Remote,
        commit: str,
        _credential: Credential,
        *,
        left_out: str = "",
    ) -> ByProgram | Received:
        """Copy one commit, without history: of a small repository with all files, of a large one alone.

        Args:
            repository: the repository to add it to.
            left_out: what is not to come, as a filter of git's.
        """
        try:
            opened = self._open(remote)
            try:
                most, room = (_MOST_SUPPLIED, _ROOM_SUPPLIED) if left_out else (_MOST_OBJECTS, _ROOM)
                found = opened.collect([commit], left_out=left_out, most=most, room=room)
            except TooMuchError:
                left_out = "tree:0"
                found = opened.collect([commit], left_out=left_out, most=1, room=_ROOM)
        except (NotPlainError, TooMuchError):
            return ByProgram()
        repository.add(lambda folder: _write_shallow(folder, commit))
        return Received(is_whole=not left_out, at_hand=_add(repository, found))

    def supply(
        self,
        repository: LazyRepository,
        remote: Remote,
        ids: Sequence[str],
        _credential: Credential,
        *,
        left_out: str,
    ) -> ByProgram | Known:
        """Copy objects, and all below them that `left_out` doesn't keep out; gives those kept in memory."""
        try:
            found = self._open(remote).collect(
                ids, left_out=left_out, most=_MOST_SUPPLIED, room=_ROOM_SUPPLIED
            )
        except (NotPlainError, TooMuchError):
            return ByProgram()
        return _add(repository, found)

    def _open(self, remote: Remote) -> PlainRepository:
        match = _PLAIN.fullmatch(remote.url)
        if match and self._callers.allows("file") and self._callers.lack(_TELLING):
            return PlainRepository(Path(match["path"]))
        raise NotPlainError("the git program has settings of its own, or reads the address in its own way")


def _add(repository: LazyRepository, found: Known) -> Known:
    """Add objects to a repository of ours; gives them if they stay in memory."""

    def write(folder: Path) -> None:
        store = DiskObjectStore(folder / "objects")
        store.add_objects([(ShaFile.from_raw_string(*item), None) for item in found.values()])
        store.close()

    return found if repository.add(write, sum(len(data) for _, data in found.values())) else {}


def _write_shallow(folder: Path, commit: str) -> None:
    (folder / "shallow").write_text(f"{commit}\n", encoding="ascii")
