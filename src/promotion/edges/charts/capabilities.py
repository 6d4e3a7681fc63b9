"""Charts that see the API versions of one version of Kubernetes, in place of all that Helm knows."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from promotion.core.charts.api_versions import PATH, WORD, print_version, write_template
from promotion.edges.charts.archive import read_files

_ARCHIVE = ".tgz"


def show_last_versions(chart: Path, count: int, scratch: Path, *, values: str) -> Path:
    """Return the chart if it never looks at API versions, else a copy that sees only the last so many.

    Args:
        chart: an unpacked chart; its packed dependencies see the same.
        count: how many versions were added to those that Helm knows.
        scratch: an existing folder for the copy.
        values: the release's values, which may be templates, too.

    Raises:
        SourceError: a packed dependency can't be read.
    """
    files = {path: path.read_bytes() for path in chart.rglob("*") if path.is_file()}
    texts = (text for path, data in files.items() for text in _read(path.name, data))
    if WORD.decode() not in values and not any(WORD in text for text in texts):
        return chart
    copy = Path(tempfile.mkdtemp(dir=scratch)) / chart.name
    for path, data in files.items():
        _place(path, copy / path.relative_to(chart), data, _rewrite(path.name, data))
    template = copy / PATH
    template.parent.mkdir(parents=True, exist_ok=True)
    template.write_text(write_template(count), "utf-8")
    return copy


def _place(path: Path, target: Path, old: bytes, new: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if new != old:
        target.write_bytes(new)
        return
    try:
        os.link(path, target)  # nobody writes into a chart
    except OSError:  # another disk
        shutil.copyfile(path, target)


def _read(name: str, data: bytes) -> Iterator[bytes]:
    """Yield a file, or for an archive all that is in it."""
    if not name.endswith(_ARCHIVE):
        yield data
        return
    for path, content in read_files(data, name):
        yield from _read(path, content)


def _rewrite(name: str, data: bytes) -> bytes:
    """Return a file as `print_version` does; an archive that prints no version stays as it is."""
    if not name.endswith(_ARCHIVE):
        return print_version(data)
    files = list(read_files(data, name))
    contents = [_rewrite(path, content) for path, content in files]
    if contents == [content for _, content in files]:
        return data
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as target:
        for (path, _), content in zip(files, contents, strict=True):
            member = tarfile.TarInfo(f"chart/{path}")
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
