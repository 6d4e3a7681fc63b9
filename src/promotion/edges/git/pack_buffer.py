"""A pack as it comes from the wire: in memory while it is small, then in a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO

from promotion.edges.git.lazy_repository import LazyRepository
from promotion.edges.git.small_pack import SMALL


class PackBuffer:
    """Takes a pack in pieces; use it in a `with` block, after which `file` or else `data` has it.

    Args:
        repository: the repository among whose packs the file lies.
    """

    def __init__(self, repository: LazyRepository) -> None:
        self._repository = repository
        self._parts: list[bytes] = []
        self._size = 0
        self._open: IO[bytes] | None = None
        self.file: Path | None = None

    def __enter__(self) -> PackBuffer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open:
            self._open.close()

    @property
    def data(self) -> bytes:
        """The pack, if it isn't in a file."""
        return b"".join(self._parts)

    def write(self, data: bytes) -> int:
        """Take the next piece."""
        self._size += len(data)
        if self._open is None and self._size > SMALL:
            folder = self._repository.folder() / "objects/pack"
            self._open = tempfile.NamedTemporaryFile(  # noqa: SIM115  closed at the end of the block
                dir=folder, prefix="pack-", suffix=".pack", delete=False
            )
            self.file = Path(self._open.name)
            self._open.write(self.data)
            self._parts = []
        if self._open is None:
            self._parts.append(data)
        else:
            self._open.write(data)
        return len(data)
