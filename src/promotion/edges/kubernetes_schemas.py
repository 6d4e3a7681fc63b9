"""The schemas of Kubernetes that come with this package."""

from __future__ import annotations

import gzip
from functools import cached_property
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "schemas"
_ENDING = ".json.gz"


class SchemaStore:
    """One file for each version, written by `.ci/schemas.py`; read only when it is asked for."""

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """The known versions, as `1.33`."""
        names = [entry.name for entry in _FOLDER.iterdir() if entry.name.endswith(_ENDING)]
        return tuple(name.removesuffix(_ENDING) for name in names)

    @cached_property
    def history(self) -> bytes:
        """Which versions have had which kinds, as JSON."""
        return (_FOLDER / "kinds.json").read_bytes()

    def read(self, version: str) -> bytes:
        """Return a known version's kinds and schemas, as JSON."""
        return gzip.decompress((_FOLDER / f"{version}{_ENDING}").read_bytes())
