"""What the files of a chart say, for whoever looks for a word in them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from promotion.edges.charts.archive import read_files
from promotion.errors import SourceError

_DEEPEST = 5  # archives within archives


def read_templates(folder: Path) -> Iterator[str]:
    """The texts of a chart that have a template's action in them, those of its dependencies too.

    Any file can be one, since `tpl` renders whatever it gets.

    Args:
        folder: an unpacked chart; packed ones in it are looked into.
    """
    for parent, _, names in os.walk(folder):
        for name in names:
            yield from _read(name, Path(parent, name).read_bytes(), 0)


def _read(name: str, data: bytes, depth: int) -> Iterator[str]:
    if name.endswith(".tgz") and depth < _DEEPEST:
        with contextlib.suppress(SourceError):  # Helm says what is wrong with it
            for path, content in read_files(data, name):
                yield from _read(path, content, depth + 1)
    elif b"{{" in data:
        yield data.decode(errors="replace")
