"""Charts, archives and repositories made for a test, and a folder read as a source."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promotion.rendering.model import Entry

TEMPLATE = "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: {{ .Chart.Name }}-{{ .Chart.Version }}\n"


def chart_files(name: str, version: str = "1.0.0", **metadata: Any) -> dict[str, str]:
    """A chart of one template; `metadata` goes into its Chart.yaml."""
    chart = {"apiVersion": "v2", "name": name, "version": version, **metadata}
    return {"Chart.yaml": json.dumps(chart), f"templates/{name}.yaml": TEMPLATE}


def write_chart(folder: Path, name: str, version: str = "1.0.0", **metadata: Any) -> Path:
    """Write such a chart to a folder."""
    return write_files(folder, chart_files(name, version, **metadata))


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


def packed_chart(name: str, version: str = "1.0.0", **metadata: Any) -> bytes:
    """The archive of such a chart."""
    return pack({f"{name}/{path}": text for path, text in chart_files(name, version, **metadata).items()})


def pack(members: Mapping[str, str | bytes | tarfile.TarInfo]) -> bytes:
    """A .tgz of texts by path, or of any strange members."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w") as archive,
    ):
        for path, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def write_repository(folder: Path, charts: Sequence[tuple[str, str]], **fields: Any) -> Path:
    """Write archives and an index.yaml, as `helm repo index` does; `fields` go into each entry."""
    folder.mkdir(parents=True, exist_ok=True)
    entries: dict[str, list[dict[str, Any]]] = {}
    for name, version in charts:
        data = packed_chart(name, version)
        (folder / f"{name}-{version}.tgz").write_bytes(data)
        entry = {
            "apiVersion": "v2",
            "digest": hashlib.sha256(data).hexdigest(),
            "name": name,
            "urls": [f"{name}-{version}.tgz"],
            "version": version,
        }
        entries.setdefault(name, []).append({**entry, **fields})
    (folder / "index.yaml").write_text(json.dumps({"apiVersion": "v1", "entries": entries}))
    return folder


@dataclass(eq=False)
class DiskSnapshot:
    """A folder as a source, exported to another one. `exported` says what was asked for."""

    root: Path
    scratch: Path
    revision: str = ""
    exported: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, path: str) -> bytes | None:
        file = self.root / path
        return file.read_bytes() if file.is_file() else None

    def list(self, path: str) -> Sequence[Entry] | None:
        folder = self.root / path
        if not folder.is_dir():
            return None
        return [Entry(child.name, child.is_dir()) for child in sorted(folder.iterdir())]

    def digest(self, path: str) -> str:
        files = sorted(file for file in (self.root / path).rglob("*") if file.is_file())
        rows = [
            f"{file.relative_to(self.root)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files
        ]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def export(self, path: str) -> Path:
        """As a real source does: a file is written once, since another thread may be reading it."""
        with self.lock:
            self.exported.append(path)
            target = self.scratch / path
            return Path(
                shutil.copytree(self.root / path, target, copy_function=_copy_new, dirs_exist_ok=True)
            )


def _copy_new(source: str, target: str) -> None:
    if not Path(target).exists():
        shutil.copy2(source, target)
