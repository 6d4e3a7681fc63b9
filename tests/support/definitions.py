"""Definitions in memory: snapshots from a dict of files, and a fetcher that serves them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promotion.errors import SourceError
from promotion.rendering.model import Entry, ResolvedChart, Snapshot
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from promotion.rendering.sources.web_source import WebSource


class MemorySnapshot:
    """A snapshot of a dict of paths and texts."""

    def __init__(self, files: Mapping[str, str], revision: str = "") -> None:
        self.files = {path: text.encode() for path, text in files.items()}
        self.reads: list[str] = []
        self._revision = revision

    @property
    def revision(self) -> str:
        return self._revision

    def read(self, path: str) -> bytes | None:
        self.reads.append(path)
        return self.files.get(path)

    def list(self, path: str) -> Sequence[Entry] | None:
        prefix = f"{path}/" if path else ""
        below = [name.removeprefix(prefix) for name in self.files if name.startswith(prefix)]
        if not below:
            return None
        return [Entry(name, name not in below) for name in sorted({name.split("/")[0] for name in below})]

    def digest(self, path: str) -> str:
        parts = sorted(
            item for item in self.files.items() if f"{item[0]}/".startswith(f"{path}/" if path else "")
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def export(self, path: str) -> Path:
        raise NotImplementedError


class MemoryFetcher:
    """Serves sources by address, and `address@ref`; remembers what was asked, in `asked`."""

    def __init__(
        self,
        *,
        git: Mapping[str, Mapping[str, str]] | None = None,
        charts: Sequence[str] = (),
        web: Mapping[str, str] | None = None,
    ) -> None:
        self._git, self._charts, self._web = git or {}, charts, web or {}
        self._lock = threading.Lock()
        self.asked: list[tuple[str, str]] = []

    def expect(self, answers: Mapping[Source, str]) -> None:
        raise NotImplementedError

    def ask(self, source: Source, *, token: str) -> str:
        raise NotImplementedError

    def fetch(self, source: Source, *, token: str) -> Any:
        match source:
            case GitSource():
                return self.git(source, token=token)
            case ChartSource():
                return self.chart(source, token=token)
            case WebSource():
                return self.web(source, token=token)

    def git(self, source: GitSource, *, token: str) -> Snapshot:
        self._note(source, token)
        if str(source) not in self._git:
            raise SourceError(f"{source} isn't there")
        return MemorySnapshot(self._git[str(source)], revision=f"commit of {source}")

    def chart(self, source: ChartSource, *, token: str) -> ResolvedChart:
        self._note(source, token)
        if str(source) not in self._charts:
            raise SourceError(f"{source} isn't there")
        return ResolvedChart(path=Path("charts", source.chart), version="1.2.3", digest=f"digest of {source}")

    def web(self, source: WebSource, *, token: str) -> bytes:
        self._note(source, token)
        if source.url not in self._web:
            raise SourceError(f"{source} isn't there")
        return self._web[source.url].encode()

    def local_chart(self, snapshot: Snapshot, path: str, *, repository: str) -> ResolvedChart:
        with self._lock:
            self.asked.append((f"chart in {path}", ""))
        return ResolvedChart(path=Path(path), version="0.1.0", digest=snapshot.digest(path))

    def _note(self, source: object, token: str) -> None:
        with self._lock:
            self.asked.append((str(source), token))
