"""Chart archives (.tgz): unpacking what a stranger packed, and packing folders as Helm does."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from promotion.common import lfs_pointers as lfs
from promotion.errors import DefinitionError, Location, SourceError
from promotion.rendering.charts.helmignore import parse_helmignore

# Helm's own limit for a chart is 100 MiB (pkg/chart/loader/archive).
MOST_BYTES = 100 * 2**20
MOST_FILES = 10_000
_SHOWN = 100  # characters of a name
_FAULTS = (tarfile.TarError, EOFError, OSError, zlib.error, UnicodeError, ValueError)


def unpack(data: bytes, folder: Path, name: str) -> None:
    """Write the files of a chart archive to a new folder, without the archive's own top folder.

    Args:
        name: what to call the archive in messages.

    Raises:
        SourceError: it is damaged, too big, or reaches for something outside.
    """
    for path, content in read_files(data, name):
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise _bad(name, f"{path} is a file and a folder at once") from None
        except (OSError, ValueError) as error:  # a name that is too long, say
            raise _bad(name, f"{path[:_SHOWN]!r} can't be written ({type(error).__name__})") from None
    if not (folder / "Chart.yaml").is_file():
        raise _bad(name, "it has no Chart.yaml")


def read_files(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the regular files of a chart archive, by their path in the chart.

    Links within the chart are left out: to Helm they are empty files. Of a file that is there twice the
    last one counts, as for Helm. Names are those that Go's archive/tar finds.

    Raises:
        SourceError: it is damaged, too big, or reaches for something outside.
    """
    _refuse_pointer(data, name)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as compressed:
            content = compressed.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise _too_big(name)
        with _Archive.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for count, member in enumerate(archive):
                if count >= MOST_FILES:
                    raise _too_big(name)
                path = _safe_path(member, name)
                file = archive.extractfile(member) if member.isreg() else None
                if file and not path:
                    raise _bad(name, f"{member.name!r} lies outside of the chart's folder")
                if file:
                    yield path, file.read()
            # tarfile takes the first header that it can't read for the end.
            if content[archive.offset :].strip(b"\0"):
                raise _bad(name, "it is damaged (InvalidHeader)")
    except _FAULTS as error:
        raise _bad(name, f"it is damaged ({type(error).__name__})") from None


class _Archive(tarfile.TarFile):
    """An archive whose members have names of their own only.

    Go hands global headers on and applies none (archive/tar, Reader.next: TypeXGlobalHeader), and Helm skips
    them.
    """

    pax_headers: Any = property(lambda _: {}, lambda _, __: None)


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """Pack files by their path in the chart, so that all readers read the same."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(f"chart/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0)


def _safe_path(member: tarfile.TarInfo, name: str) -> str:
    """Return a member's path without the top folder; empty for the top folder itself."""
    if member.issparse():  # unpacks to any size
        raise _bad(name, f"{member.name} is a file with holes")
    if not (member.isreg() or member.isdir() or member.islnk() or member.issym()):
        raise _bad(name, f"{member.name} is a device or the like")
    path = _parts(member.name, name)
    if member.islnk() or member.issym():
        folder = path[:-1] if member.issym() and not member.linkname.startswith("/") else []
        _parts("/".join([*folder, member.linkname]), name)
    return "/".join(path[1:])


def _parts(path: str, name: str) -> list[str]:
    """Return the folders of a path and its last name; it may not leave the archive's top folder."""
    if "\\" in path:  # which then alone divides names (Helm: LoadArchiveFiles)
        top, _, rest = path.partition("\\")
        path = f"{PurePosixPath(top).name}/{rest}".replace("\\", "/")
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part in ("..", "/") or ":" in part[1:2] or "\0" in part:
            raise _bad(name, f"{path} leads out of the chart")
        else:
            parts.append(part)
    return parts


def pack(folder: Path, archive: Path, where: Location) -> None:
    """Pack a chart's folder as `helm package` does, that is without what its `.helmignore` lists.

    Args:
        where: the `.helmignore`, for messages.

    Raises:
        DefinitionError: the `.helmignore` can't be read.
    """
    rules = folder / ".helmignore"
    try:
        is_ignored = parse_helmignore(rules.read_text("utf-8-sig") if rules.is_file() else "")
    except ValueError as error:
        raise DefinitionError(str(error), where=where, fix="Correct it.") from None
    with tarfile.open(archive, "w:gz", compresslevel=1) as target:
        for parent, folders, files in os.walk(folder):
            below = Path(parent).relative_to(folder).as_posix()
            prefix = "" if below == "." else f"{below}/"
            folders[:] = sorted(child for child in folders if not is_ignored(prefix + child, True))
            for file in sorted(files):
                if not is_ignored(prefix + file, False):
                    target.add(Path(parent, file), f"chart/{prefix}{file}", recursive=False)


def _too_big(name: str) -> SourceError:
    limits = f"{MOST_BYTES // 2**20} MiB and {MOST_FILES} files"
    return SourceError(f"{name} is too big for a chart", fix=f"The limits are {limits}.")


def _refuse_pointer(data: bytes, name: str) -> None:
    if lfs.is_pointer(data):
        raise SourceError(f"{name}: {lfs.WHAT}", fix=lfs.FIX)


def _bad(name: str, reason: str) -> SourceError:
    return SourceError(f"{name} isn't a usable chart archive: {reason}", fix="Check the chart's repository.")


_DEEPEST = 5  # archives within archives


def read_templates(folder: Path) -> Iterator[str]:
    """Yield the texts of a chart that have a template's action in them, those of its dependencies too.

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
