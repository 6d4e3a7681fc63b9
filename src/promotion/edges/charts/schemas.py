"""Charts without schemas that would make Helm read files and web addresses."""

from __future__ import annotations

import io
import posixpath
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from promotion.core.charts.schema import find_foreign_reference
from promotion.edges.charts.archive import read_files

_SCHEMA = "values.schema.json"
_ARCHIVE = ".tgz"


def drop_foreign_schemas(chart: Path, scratch: Path, warn: Callable[[str], None]) -> Path:
    """The chart itself, or a copy without the schemas that refer to something outside of themselves.

    A schema only checks values: without it the same manifests are rendered.

    Args:
        chart: an unpacked chart; its packed dependencies are searched as well.
        scratch: an existing folder for the copy.
        warn: told of each schema that is left out.

    Raises:
        SourceError: a packed dependency can't be read.
    """
    foreign = dict(_find_in_folder(chart))
    if not foreign:
        return chart
    for name, reference in foreign.items():
        warn(
            f"{name} refers to {reference}, which isn't loaded: the values aren't checked against this schema"
        )
    copy = Path(tempfile.mkdtemp(dir=scratch)) / chart.name
    shutil.copytree(chart, copy, symlinks=True)
    for path in list(copy.rglob("*")):
        if path.suffix == _ARCHIVE and path.is_file():
            path.write_bytes(_strip(path.read_bytes(), path.name))
        elif path.relative_to(copy).as_posix() in foreign:
            path.unlink()
    return copy


def _find_in_folder(chart: Path) -> Iterator[tuple[str, str]]:
    """The path and the reference of each foreign schema."""
    for path in sorted(chart.rglob("*")):
        if path.name == _SCHEMA or path.suffix == _ARCHIVE:
            name = path.relative_to(chart).as_posix()
            if path.is_file():
                yield from _find(name, path.read_bytes())


def _find(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    if posixpath.basename(name) == _SCHEMA:
        if reference := find_foreign_reference(data):
            yield name, reference
    elif name.endswith(_ARCHIVE):
        for inner, content in read_files(data, name):
            yield from _find(f"{name}/{inner}", content)


def _strip(archive: bytes, name: str) -> bytes:
    """A chart archive without foreign schemas."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as target:
        for path, data in read_files(archive, name):
            if posixpath.basename(path) == _SCHEMA and find_foreign_reference(data):
                continue
            content = _strip(data, f"{name}/{path}") if path.endswith(_ARCHIVE) else data
            member = tarfile.TarInfo(f"chart/{path}")
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
