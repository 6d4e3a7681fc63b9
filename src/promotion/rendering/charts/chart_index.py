"""Finding one chart in a Helm repository's index.

An index may have tens of megabytes, and reading it as YAML takes longer than fetching it. But Helm writes it
in one regular layout, so the lines of the one entry that is wanted can be cut out and read alone. Where the
layout is another one, the whole file is read.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from promotion.common.lazy_dataclass import dataclass
from promotion.common.yaml.plain_yaml import PlainYamlError, load_plain

_ENTRIES = re.compile(rb"\nentries:[ \t]*\r?(?=\n)")
_NEXT_SECTION = re.compile(rb"\n(?![ \r\n#])")
_KEY_INDENT = re.compile(rb"\n( +)[^\s#]")
_FIRST_ITEM = re.compile(rb"\n( *)(-[ ]+)[^\s#]")
_SIMPLE_TEXT = rb"""(?:([0-9A-Za-z][^\s"'#:]*)|"([^"\\\n]*)"|'([^'\n]*)')"""


class IndexLayoutError(ValueError):
    """It isn't the index of a Helm repository."""


class _UnusualLayoutError(Exception):
    """The text isn't laid out as Helm does it."""


@dataclass(frozen=True, kw_only=True)
class ChartVersion:
    """One version of a chart in a repository: where its archive is, and its SHA-256 (maybe empty)."""

    version: str
    urls: tuple[str, ...]
    digest: str


class ChartListing:
    """The versions of one chart, in the index's order. Their details are read when they are asked for."""

    def __init__(self, items: Sequence[tuple[str, bytes | Mapping[str, Any]]]) -> None:
        self._items = items

    @property
    def versions(self) -> list[str]:
        return [version for version, _ in self._items]

    def find(self, version: str) -> ChartVersion:
        """Return the first entry with this version.

        Raises:
            IndexLayoutError: its details can't be read.
        """
        item = next(item for text, item in self._items if text == version)
        if isinstance(item, bytes):
            item = _parse(item)[0]
        urls = item.get("urls") or []
        digest = item.get("digest") or ""
        if not isinstance(digest, str) or not _is_list_of(urls, str):
            raise IndexLayoutError(f"the entry of version {version} is malformed")
        return ChartVersion(version=version, urls=tuple(urls), digest=digest)


class ChartIndex:
    """An index as it was fetched, in YAML or JSON. It doesn't change, so threads may share it.

    Raises:
        IndexLayoutError: it isn't the index of a Helm repository.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._blocks: Mapping[str, tuple[int, int]] | None = None
        self._entries: Mapping[str, Any] = {}
        try:
            self._blocks = _find_blocks(data)
        except _UnusualLayoutError:
            self._entries = _read_entries(data)

    def charts(self) -> list[str]:
        """Return the names of all charts."""
        return list(self._entries if self._blocks is None else self._blocks)

    def find(self, chart: str) -> ChartListing | None:
        """Return the versions of a chart, or None if the index has no such chart.

        Raises:
            IndexLayoutError: the chart's entry is malformed.
        """
        if self._blocks is None:
            return _list_parsed(self._entries, chart)
        if chart not in self._blocks:
            return None
        start, end = self._blocks[chart]
        try:
            return ChartListing(_items(self._data[start:end]))
        except _UnusualLayoutError:
            return _list_parsed(_read_entries(self._data), chart)


def _read_entries(data: bytes) -> Mapping[str, Any]:
    index = _parse(data)
    entries = index.get("entries") if isinstance(index, dict) else None
    if not isinstance(index, dict) or not isinstance(entries or {}, dict) or "apiVersion" not in index:
        raise IndexLayoutError("it has no apiVersion or no entries")
    return entries or {}


def _list_parsed(entries: Mapping[str, Any], chart: str) -> ChartListing | None:
    if chart not in entries:
        return None
    items = entries[chart] or []
    if not _is_list_of(items, dict):
        raise IndexLayoutError(f"its entry {chart} isn't a list of versions")
    return ChartListing([(str(item.get("version") or ""), item) for item in items])


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _parse(data: bytes) -> Any:
    if data[:1024].lstrip().startswith(b"{"):
        with contextlib.suppress(ValueError, RecursionError):  # YAML may begin with a brace as well
            return json.loads(data)
    try:
        return load_plain(data)
    except PlainYamlError as error:
        raise IndexLayoutError(f"it can't be read: {error}") from None


def _find_blocks(data: bytes) -> Mapping[str, tuple[int, int]]:
    """Return where the lines of each chart are, without the one that names it."""
    entries = _ENTRIES.search(data)
    if not entries or not (data.startswith(b"apiVersion:") or b"\napiVersion:" in data):
        raise _UnusualLayoutError
    section = _NEXT_SECTION.search(data, entries.end())
    end = section.start() if section else len(data)
    indent = _KEY_INDENT.search(data, entries.end(), end)
    if not indent:
        raise _UnusualLayoutError
    lines = list(re.compile(rb"\n" + indent[1] + rb"(?![ #\r\n-])(.*)").finditer(data, entries.end(), end))
    if not lines:  # a list, where a map of charts should be
        raise _UnusualLayoutError
    names = [re.fullmatch(_SIMPLE_TEXT + rb":\s*", line[1]) for line in lines]
    ends = [*(line.start() for line in lines[1:]), end]
    blocks = {
        _text(name): (line.end(), block_end)
        for name, line, block_end in zip(names, lines, ends, strict=True)
        if name
    }
    if len(blocks) != len(lines):  # a name that isn't simple, or is there twice
        raise _UnusualLayoutError
    return blocks


def _items(block: bytes) -> list[tuple[str, bytes | Mapping[str, Any]]]:
    """Return the entries of one chart's list, each with its version."""
    first = _FIRST_ITEM.match(block)
    if not first or b"\t" in block:
        raise _UnusualLayoutError
    inner = rb" {%d}" % (len(first[1]) + len(first[2]))
    dash = rb"\n" + re.escape(first[1] + first[2])
    version = re.compile(
        rb"(?:" + dash + rb"|\n" + inner + rb")version:[ ]+" + _SIMPLE_TEXT + rb"[ ]*\r?(?=\n|$)"
    )
    starts = [match.start() for match in re.finditer(rb"\n" + first[1] + rb"-\s", block)]
    items: list[tuple[str, bytes | Mapping[str, Any]]] = []
    for begin, end in zip(starts, [*starts[1:], len(block)], strict=True):
        versions = list(version.finditer(block, begin, end))
        if len(versions) != 1:
            raise _UnusualLayoutError
        items.append((_text(versions[0]), block[begin:end]))
    return items


def _text(match: re.Match[bytes]) -> str:
    return next(group for group in match.groups() if group is not None).decode("utf-8", "replace")
