"""Static files joined to one manifest, so that it holds just the documents that each file holds by itself.

Some things may stand only where a file begins (a byte order mark, directives), and readers don't agree on
what begins a document. kubectl and kustomize know a line of three dashes with nothing but blanks or a comment
after it (apimachinery: pkg/util/yaml/decoder.go, YAMLReader; kyaml: kio/byteio_reader.go, splitDocuments);
Helm splits at each line that begins with dashes (pkg/release/v1/util/manifest.go, SplitManifests). Where a
file has more, its text is changed, but no value. Any other text is just what fab writes.

The line end that fab puts after each file counts as the file's, for a last text in a block may keep it:
kubectl puts one after a last line, too (LineReader, beside YAMLReader).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import yaml

from promotion.common import lfs_pointers as lfs
from promotion.common.yaml.composer import compose_each, needs_limits
from promotion.common.yaml.verbatim import compose_all, write
from promotion.errors import DefinitionError, Location
from promotion.rendering.manifests.manifest_file import ManifestFile, find_excess

# Lines of dashes that readers take, and what else begins or ends a document for some of them.
_DASHES = re.compile(r"^---", re.MULTILINE)
_MARKER = re.compile(r"^(?=---[ \t]*(?:#.*)?\r?$)", re.MULTILINE)
_ODD = re.compile(r"^(?:%|\.\.\.|---(?![ \t]*(?:#.*)?\r?$))|\r(?!\n)|[\x85\u2028\u2029]", re.MULTILINE)
_AFTER_PLAIN = re.compile(r"[ \t]*(?:#[^\n\r\x85\u2028\u2029]*)?(?:\r?\n|\Z)")
_AFTER_ODD = re.compile(r"[ \t]*(?:\r|[\x85\u2028\u2029])?")
# What a JSON text may hold as it is that YAML doesn't take, or takes for a line end; and `\/`, which neither
# kubectl nor kustomize knows there. Other escapes come along, so that none begins in another's middle.
_UNLIKE_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufffe\uffff]|\\\\/")
_SPELLING = re.compile(f"{_UNLIKE_YAML.pattern}|\\\\.")
# A character in two escapes; other escapes come along, so that none begins in another's middle.
_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\.")


def join(files: Sequence[ManifestFile]) -> bytes:
    """Join files, each after a line of three dashes (fab: generators/static.go:44-50).

    Raises:
        DefinitionError: a file isn't YAML or JSON in UTF-8, or its aliases are a bomb, or it is all too much.
    """
    texts = [_decode(file) for file in files]
    if excess := find_excess(texts):
        what = f"the manifest {excess}" if len(files) == 1 else f"the manifest of {len(files)} files {excess}"
        raise DefinitionError(what, where=files[0].where, fix="Divide it into several components.")
    for file, text in zip(files, texts, strict=True):
        _check(text, file.where)
    return "".join(f"---\n{make_piece(file)}" for file in files).encode()


def make_piece(file: ManifestFile) -> str:
    """Return what a file comes to below its line of dashes, up to the next file's.

    Lines keep their numbers, but for one more before each document that begins on its own marker's line.

    Raises:
        DefinitionError: the file isn't UTF-8, or can't be joined.
    """
    text = f"{_decode(file)}\n"
    if not _ODD.search(text):
        return text
    wanted = list_documents(text)
    if wanted is not None:
        for piece in _list_candidates(text):
            if _is_alike(piece, wanted):
                return piece
    raise DefinitionError(
        "the file's documents can't be joined with others as they are",
        where=file.where,
        fix="Begin each document after a line that is three dashes, and end the file with a line end.",
    )


def _list_candidates(text: str) -> Iterator[str]:
    """Yield the text, changed ever more."""
    yield text
    yield _begin_plainly(text)
    yield "---\n".join(map(write, compose_all(text, Location(""))))


def _is_alike(piece: str, wanted: Sequence[object]) -> bool:
    """Return whether every reader finds the wanted documents in a piece, each in a part of its own."""
    chunks = _MARKER.split(f"---\n{piece}")
    if not piece.endswith("\n") or len(_DASHES.findall(piece)) != len(chunks) - 2:
        return False  # the next marker wouldn't begin a line, or a line of dashes is none
    found: list[object] = []
    for chunk in chunks:
        documents = list_documents(chunk)
        if documents is None or len(documents) > 1:
            return False
        found += documents
    return found == wanted


def _begin_plainly(text: str) -> str:
    """Return the text with a plain line of dashes before each document, and its directives as comments."""
    parts: list[str] = []
    position = 0
    is_empty = True  # nothing but blanks so far
    for event in _list_starts(text):
        start, end = event.start_mark.index, event.end_mark.index
        if not event.explicit:  # the first one, which the line of dashes before the piece begins
            is_empty = False
            continue
        before = _closed(text[position:start])
        directives = re.sub(r"^%", "# %", text[start:end].removesuffix("---"), flags=re.MULTILINE)
        is_empty = is_empty and not (before + directives).strip()
        parts += [before, directives]
        if _AFTER_PLAIN.match(text, end):
            parts.append("---")
        else:
            parts += [] if is_empty else ["---\n"]
            rest = _AFTER_ODD.match(text, end)
            end = rest.end() if rest else end
        position, is_empty = end, False
    return "".join([*parts, text[position:]])


def _list_starts(text: str) -> list[Any]:
    events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
    return [event for event in events if isinstance(event, yaml.DocumentStartEvent)]


def _closed(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _decode(file: ManifestFile) -> str:
    """Return a file's text without its byte order mark; of JSON, spelt so that YAML's readers take it."""
    if lfs.is_pointer(file.data):
        raise DefinitionError(lfs.WHAT, where=file.where, fix=lfs.FIX)
    try:
        text = file.data.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        raise DefinitionError(
            "the file isn't UTF-8", where=replace(file.where, line=line), fix="Save it as UTF-8."
        ) from error
    if _is_named_json(file.where) and _UNLIKE_YAML.search(text) and _is_json(text):
        return _SPELLING.sub(_respell, text)
    return text


def _respell(match: re.Match[str]) -> str:
    if match[0].startswith("\\"):
        return "/" if match[0] == "\\/" else match[0]
    return f"\\u{ord(match[0]):04x}"


def _unite(match: re.Match[str]) -> str:
    if not match[1]:
        return match[0]
    high, low = int(match[1], 16) - 0xD800, int(match[2], 16) - 0xDC00
    return chr(0x10000 + (high << 10) + low)


def _is_named_json(where: Location) -> bool:
    return where.file.lower().endswith(".json")


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def _check(text: str, where: Location) -> None:
    if _is_named_json(where) and _PAIR.search(text) and _is_json(text):
        text = _PAIR.sub(_unite, text)  # right in JSON, and YAML's readers have yet to learn it
    if not needs_limits(text):
        try:
            for _ in yaml.compose_all(text, yaml.CSafeLoader):
                pass
        except (yaml.YAMLError, UnicodeEncodeError):
            pass  # the slower reader says what it is
        else:
            return
    for _ in compose_each(text, where):
        pass


_EMPTY = [("scalar", None, (True, False), "")]


def list_documents(text: str) -> list[list[tuple[Any, ...]]] | None:
    """Return the documents of a text but empty ones; None if it isn't YAML, or an alias has no anchor.

    Two are equal if they have the same values in the same order, with the same tags, quoted where they need
    it. An alias is told by the number of the value that it stands for, whatever the anchor's name.
    """
    documents: list[list[tuple[Any, ...]]] = []
    anchors: dict[str, int] = {}
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents.append([])
                anchors = {}
                continue
            if isinstance(event, yaml.AliasEvent):
                if event.anchor not in anchors:
                    return None
            elif isinstance(event, yaml.NodeEvent) and event.anchor:
                anchors[event.anchor] = len(documents[-1])
            if described := _describe(event, anchors):
                documents[-1].append(described)
    except (yaml.YAMLError, UnicodeEncodeError):
        return None
    return [document for document in documents if document != _EMPTY]


def _describe(event: yaml.Event, anchors: dict[str, int]) -> tuple[Any, ...]:
    match event:
        case yaml.ScalarEvent():
            return "scalar", event.tag, event.implicit, event.value
        case yaml.AliasEvent():
            return "alias", anchors[event.anchor or ""]
        case yaml.SequenceStartEvent():
            return "list", event.tag
        case yaml.MappingStartEvent():
            return "map", event.tag
        case yaml.CollectionEndEvent():
            return ("end",)
    return ()
