"""Our own bare repositories, which hold what was fetched."""

from __future__ import annotations

import tempfile
from pathlib import Path

from promotion.edges.git_objects import Objects, OpenStores, Supply
from promotion.edges.remotes import Remote

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"


class Depot:
    """Makes repositories below a folder, and opens them.

    Args:
        scratch: a folder of ours.
    """

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._stores = OpenStores()

    def create(self) -> Path:
        """An empty bare repository, by hand: `git init` would take longer than the fetch."""
        folder = Path(tempfile.mkdtemp(prefix="repository-", dir=self.scratch))
        for name in ("objects/pack", "refs"):
            (folder / name).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        (folder / "config").write_text(_CONFIG, encoding="ascii")
        return folder

    def open(self, folder: Path, remote: Remote, supply: Supply | None = None) -> Objects:
        """The objects of a repository that was fetched from a remote, all or a part of them."""
        return Objects(folder, remote.name, self._stores, supply)

    def close(self) -> None:
        """Close the repositories' files."""
        self._stores.close()
