"""Charts with templates of ours in them, by which we learn of them, and which tell them of the cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from promotion.errors import SourceError
from promotion.rendering.charts import api_versions, crd_hooks
from promotion.rendering.charts import chart_crds as crds

_ARCHIVE = ".tgz"


@contextmanager
def add_templates(chart: Path, scratch: Path, *, shown: int, values: str) -> Iterator[Path]:
    """Yield the chart, or for as long as it is needed a copy with the templates that it needs.

    That of `crds` if it has a folder `crds/`; that of `api_versions` if it looks at API versions. Both reach
    its dependencies, packed ones too. Hooks are as `crd_hooks` marks them.

    Args:
        chart: an unpacked chart.
        scratch: an existing folder for the copy.
        shown: how many API versions the chart is to see, the last ones; 0 for all.
        values: the release's values, which may be templates, too.
    """
    files = {path.relative_to(chart).as_posix(): path for path in chart.rglob("*") if path.is_file()}
    has_crds, has_hooks, looks = False, False, bool(shown) and api_versions.WORD.decode() in values
    for name, path in files.items():
        for inner, text in _read(name, path):
            has_crds = has_crds or crds.is_crd_file(inner)
            has_hooks = has_hooks or crd_hooks.WORD in text
            looks = looks or (bool(shown) and api_versions.WORD in text)
    if not (has_crds or has_hooks or looks):
        yield chart
        return

    def rewrite(text: bytes) -> bytes:
        return crd_hooks.mark_hooks(api_versions.print_version(text) if looks else text)

    import shutil  # few charts need a copy
    import tempfile

    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        copy = folder / chart.name
        for name, path in files.items():
            _place(name, path, copy / name, rewrite if has_hooks or looks else None)
        if looks:
            _write(copy / api_versions.PATH, api_versions.write_template(shown))
        if has_crds:
            _write(copy / crds.PATH, crds.TEMPLATE)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def _place(name: str, path: Path, target: Path, rewrite: Callable[[bytes], bytes] | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if rewrite:
        old = path.read_bytes()
        new = _rewrite(name, old, rewrite)
        if new != old:
            target.write_bytes(new)
            return
    try:
        os.link(path, target)  # nobody writes into a chart
    except OSError:  # another disk
        import shutil

        shutil.copyfile(path, target)


def _read(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a file's path and content, or for a packed dependency those of all that is in it."""
    if _is_packed(name):
        yield from _read_archive(name, path.read_bytes())
    else:
        yield name, path.read_bytes()


def _read_archive(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    from promotion.edges.charts.chart_archive import read_files  # few charts have one

    with suppress(SourceError):  # Helm says what is wrong with it, or doesn't read it
        for path, content in read_files(data, name):
            if _is_packed(path):
                yield from _read_archive(path, content)
            else:
                yield path, content


def _is_packed(name: str) -> bool:
    return name.endswith(_ARCHIVE) and "charts/" in name


def _rewrite(name: str, data: bytes, rewrite: Callable[[bytes], bytes]) -> bytes:
    """Return a file's new content; an archive in which nothing is new stays as it is.

    A schema is no template, and Helm is to get it as `seal` wrote it.
    """
    if not _is_packed(name):
        return data if name.endswith((_ARCHIVE, "values.schema.json")) else rewrite(data)
    from promotion.edges.charts.chart_archive import read_files, write_archive

    try:
        files = list(read_files(data, name))
    except SourceError:
        return data
    contents = [_rewrite(path, content, rewrite) for path, content in files]
    if contents == [content for _, content in files]:
        return data
    return write_archive({path: content for (path, _), content in zip(files, contents, strict=True)})
