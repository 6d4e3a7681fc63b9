"""Charts as Helm gets them: with schemas that refer to nothing, in archives that all readers read alike.

What counts as a schema or as a packed dependency is what Helm's loader takes for one (pkg/chart/v2/loader,
LoadFiles).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from promotion.common import lfs_pointers as lfs
from promotion.common.addresses import without_credentials
from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import truncate
from promotion.errors import RenderError, SourceError
from promotion.rendering.model import Release

_SCHEMA = "values.schema.json"
_ARCHIVE = ".tgz"
_READ_FOLDERS = ("crds", "templates")
_READ_FILES = (
    *("Chart.yaml", "Chart.lock", "requirements.yaml", "requirements.lock"),
    *(".helmignore", "values.yaml", _SCHEMA),
)
_DEEPEST = 20  # archives within archives
_MOST_BYTES = 400 * 2**20  # of all archives of a chart, those within others too
_SHOWN = 200  # characters of a reference


@contextmanager
def seal(
    release: Release, scratch: Path, warn: Callable[[str], None], *, is_recent: bool = True
) -> Iterator[Path]:
    """Yield the chart of a release for Helm to read: itself, or a copy for as long as it is needed.

    Each schema in the copy is what we have read of it; each packed dependency is packed anew, of what we have
    read. A schema that refers to something outside of itself is left out, and told: it only checks values.

    Args:
        scratch: a folder of ours for the copy.
        warn: told of each schema that is left out.
        is_recent: whether Helm is 3.18 or newer.

    Raises:
        RenderError: a schema can't be read.
        SourceError: a packed dependency can't be read, or a file is a pointer of Git LFS.
    """
    changes = _Sealer(release, warn, is_recent).read_folder(release.chart)
    if not changes:
        yield release.chart
        return
    import shutil  # few charts have any of this, so what it takes is imported where it is called
    import tempfile

    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        copy = folder / release.chart.name
        shutil.copytree(release.chart, copy, symlinks=True)
        for path, content in changes.items():
            (copy / path).unlink()
            if content is not None:
                (copy / path).write_bytes(content)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refuse_quoted_pointers(release: Release, text: str) -> None:
    """Refuse pointers of Git LFS that templates have read through `.Files`, plainly or in base64.

    Helm gives templates every file of a chart (pkg/engine/files.go: Get, AsConfig, AsSecrets), so only what
    they print tells which of them count.

    Args:
        release: its chart as it was before it was sealed.
        text: what Helm printed.

    Raises:
        SourceError: the text holds one.
    """
    if lfs.MENTION not in text and lfs.MENTION_IN_BASE64 not in text:
        return
    for file in sorted(release.chart.rglob("*")):
        data = file.read_bytes() if file.is_file() and file.stat().st_size <= lfs.LONGEST_POINTER else b""
        if lfs.is_pointer(data) and lfs.is_quoted(data, text):
            path = file.relative_to(release.chart).as_posix()
            raise SourceError(f"{path} of the chart {_read_name(release)}: {lfs.WHAT}", fix=lfs.FIX)


@dataclass
class _Sealer:
    """Reads one chart and what is packed in it. `left` is how many bytes may still be unpacked."""

    release: Release
    warn: Callable[[str], None]
    is_recent: bool
    left: int = field(default=_MOST_BYTES, init=False)

    def read_folder(self, chart: Path) -> dict[str, bytes | None]:
        """Return what is to stand in place of a chart's files; None for one that is left out."""
        changes = {}
        for file in sorted(chart.rglob("*")):
            path = file.relative_to(chart).as_posix()
            if not file.is_file():
                continue
            if _is_read(path):
                with file.open("rb") as opened:
                    self._refuse_pointer(path, opened.read(lfs.LONGEST))
            if role := _role(path):
                changes[path] = self._change(role, path, file.read_bytes(), 0)
        return changes

    def _change(self, role: str, path: str, data: bytes, depth: int) -> bytes | None:
        return self._repack(path, data, depth) if role == _ARCHIVE else self._close(path, data)

    def _repack(self, path: str, archive: bytes, depth: int) -> bytes:
        if depth >= _DEEPEST:
            raise SourceError(
                f"{path} is a chart within a chart, {_DEEPEST} times over", fix="Vendor it in charts/."
            )
        from promotion.edges.charts.chart_archive import read_files, write_archive

        files: dict[str, bytes] = {}
        for inner, data in read_files(archive, path):
            self.left -= len(data)
            if self.left < 0:
                limit = f"{_MOST_BYTES // 2**20} MiB"
                raise SourceError(f"{path} unpacks to too much", fix=f"The limit of a chart is {limit}.")
            files[inner] = data
        for inner, data in list(files.items()):
            if _is_read(inner):
                self._refuse_pointer(f"{path}/{inner}", data)
            if role := _role(inner):
                content = self._change(role, f"{path}/{inner}", data, depth + 1)
                if content is None:
                    del files[inner]
                else:
                    files[inner] = content
        return write_archive(files)

    def _close(self, path: str, schema: bytes) -> bytes | None:
        from promotion.rendering.charts import values_schema as rules

        try:
            return rules.close_schema(schema, is_recent=self.is_recent)
        except rules.ForeignSchemaError as error:
            reason = _show(str(error))
        except rules.UnreadableSchemaError as error:
            raise RenderError(
                f"{path} of the chart {_read_name(self.release)} can't be read: {_show(str(error))}",
                fix="Correct the schema.",
            ) from None
        label = self.release.label or self.release.name
        self.warn(
            f"component {label}: its values aren't checked against {path} of the chart "
            f"{_read_name(self.release)}, for {reason}"
        )
        return None

    def _refuse_pointer(self, path: str, data: bytes) -> None:
        if lfs.is_pointer(data):
            raise SourceError(f"{path} of the chart {_read_name(self.release)}: {lfs.WHAT}", fix=lfs.FIX)


def _read_name(release: Release) -> str:
    from promotion.common.yaml.plain_yaml import PlainYamlError, load_plain

    try:
        metadata = load_plain((release.chart / "Chart.yaml").read_bytes())
    except (OSError, PlainYamlError):
        metadata = None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) and name.isprintable() else release.chart.name


def _role(path: str) -> str:
    """Return what Helm takes a chart's file for: `_SCHEMA`, `_ARCHIVE`, or nothing of the kind."""
    steps: Sequence[str] = path.split("/")
    while steps[0] == "charts" and len(steps) > 1:
        if steps[1].startswith(("_", ".")):
            return ""
        if posixpath.splitext(steps[1])[1] == _ARCHIVE:
            return _ARCHIVE if len(steps) == 2 else ""
        steps = steps[2:] or [""]
    return _SCHEMA if list(steps) == [_SCHEMA] else ""


def _is_read(path: str) -> bool:
    """Return whether Helm reads a file of a chart, or of one in its `charts/`, unasked by any template."""
    steps = path.split("/")
    while steps[0] == "charts" and len(steps) > 2:
        steps = steps[2:]
    return steps[0] in _READ_FOLDERS if len(steps) > 1 else steps[0] in _READ_FILES


def _show(text: str) -> str:
    shown = " ".join(without_credentials(text).split())
    return truncate(shown, _SHOWN)
