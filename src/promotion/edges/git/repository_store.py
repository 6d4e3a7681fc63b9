"""Our own bare repositories, which hold what was fetched."""

from __future__ import annotations

import tempfile
from pathlib import Path

from promotion.edges.git.lazy_repository import LazyRepository
from promotion.edges.git.object_store import Known, Objects, OpenStores, Supply
from promotion.edges.git.remotes import Remote

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
_ROOM, _ROOM_OF_MANIFESTS = 64 << 10, 8 << 20  # bytes of objects that stay in memory


class RepositoryStore:
    """Makes repositories below a folder, and opens them.

    Args:
        scratch: a folder of ours.
    """

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._stores = OpenStores()

    def create(self) -> Path:
        """Return an empty bare repository, by hand: `git init` would take longer than the fetch."""
        folder = Path(tempfile.mkdtemp(prefix="repository-", dir=self.scratch))
        for name in ("objects/pack", "refs"):
            (folder / name).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        (folder / "config").write_text(_CONFIG, encoding="ascii")
        return folder

    def create_lazily(self, *, is_source: bool = True) -> LazyRepository:
        """Return a bare repository that is made when it is needed.

        Args:
            is_source: whether there may be hundreds like it, so that it may keep little in memory.
        """
        return LazyRepository(self.create, room=_ROOM if is_source else _ROOM_OF_MANIFESTS)

    def open(
        self,
        repository: LazyRepository | Path,
        remote: Remote,
        *,
        supply: Supply | None = None,
        at_hand: Known | None = None,
    ) -> Objects:
        """Return the objects of a repository that was fetched from a remote, all or a part of them."""
        kept = repository if isinstance(repository, LazyRepository) else LazyRepository.at(repository)
        return Objects(kept, remote.name, self._stores, supply=supply, at_hand=at_hand)

    def close(self) -> None:
        """Close the repositories' files."""
        self._stores.close()
