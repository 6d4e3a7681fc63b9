"""Packs from the wire: made part of a repository, with limits on what a small file may blow up to."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dulwich.errors import ApplyDeltaError, ObjectFormatException
from dulwich.objects import Commit, Tree, parse_tree
from dulwich.pack import (
    DELTA_TYPES,
    OFS_DELTA,
    apply_delta,
    read_pack_header_at,
    unpack_object_at,
    write_pack_index_v2,
)

from promotion.edges.git_objects import SUBMODULE

SMALL = 2 << 20  # bytes; up to there an index is made here sooner than git starts
_ROOM = 64 << 20  # bytes that the objects of a small pack may take together
_CHECKSUM = 20  # bytes at the end of a pack
_NAMES = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}


class PackError(Exception):
    """A pack is damaged, or not for us to read."""


def add_small_pack(file: Path) -> bool:
    """Write the index of a pack of at most `SMALL` bytes, and give both files the names that git looks for.

    Args:
        file: lies in the folder of packs.

    Returns:
        Whether the pack holds all that its folders name.

    Raises:
        PackError: it is damaged, takes too much room, or builds on objects that it doesn't hold.
    """
    data = file.read_bytes()
    objects: dict[bytes, _Object] = {}
    try:
        entries = sorted(_index(data, objects))
        is_whole = _is_whole(objects)
    except (
        zlib.error,
        ApplyDeltaError,
        ObjectFormatException,
        ValueError,
        AssertionError,
        IndexError,
        KeyError,
    ) as error:
        raise PackError(f"{type(error).__name__}: {error}") from error
    name = f"pack-{data[-_CHECKSUM:].hex()}"
    with (file.parent / f"{name}.idx").open("wb") as index:
        write_pack_index_v2(index, entries, data[-_CHECKSUM:])
    file.rename(file.parent / f"{name}.pack")
    return is_whole


@dataclass(frozen=True)
class _Object:
    kind: int
    data: bytes

    @property
    def id(self) -> bytes:
        head = b"%s %d\0" % (_NAMES[self.kind], len(self.data))
        return hashlib.sha1(head + self.data, usedforsecurity=False).digest()


def _index(pack: bytes, by_id: dict[bytes, _Object]) -> Iterator[tuple[bytes, int, int | None]]:
    """The id of each object, its offset and its checksum; the objects themselves are added to `by_id`."""
    if hashlib.sha1(pack[:-_CHECKSUM], usedforsecurity=False).digest() != pack[-_CHECKSUM:]:
        raise PackError("its checksum is wrong")
    position, count, room = 12, read_pack_header_at(pack)[1], _ROOM
    by_offset: dict[int, _Object] = {}
    for _ in range(count):
        room = _shrink(room, _number(pack, position, 4)[0])
        unpacked, end = unpack_object_at(pack, position, hashlib.sha1, compute_crc32=True)
        kind, data = unpacked.pack_type_num, b"".join(unpacked.decomp_chunks)
        if kind in DELTA_TYPES:
            base = unpacked.delta_base
            # git sends these after their base; where it is elsewhere, that is not for us
            whole = by_offset[position - int(base or 0)] if kind == OFS_DELTA else by_id[bytes(base or b"")]
            _, after_length = _number(data, 0, 7)
            room = _shrink(room, _number(data, after_length, 7)[0])
            kind, data = whole.kind, b"".join(apply_delta([whole.data], [data]))
        found = _Object(kind, data)
        object_id = found.id
        by_offset[position] = by_id[object_id] = found
        yield object_id, position, unpacked.crc32
        position = end
    if position != len(pack) - _CHECKSUM:
        raise PackError("there is more in it than it says")


def _is_whole(objects: Mapping[bytes, _Object]) -> bool:
    return all(object_id in objects for found in objects.values() for object_id in _links(found))


def _links(found: _Object) -> Iterator[bytes]:
    """What an object needs to be read."""
    if found.kind == Commit.type_num:
        yield bytes.fromhex(found.data.partition(b"\n")[0].decode().removeprefix("tree "))
    elif found.kind == Tree.type_num:
        for _, mode, object_id in parse_tree(found.data, 20):
            if mode != SUBMODULE:
                yield bytes.fromhex(object_id.decode())


def _number(data: bytes, position: int, bits: int) -> tuple[int, int]:
    """A number whose first byte holds so many bits of it, each other byte seven; and where it ends."""
    value, shift = data[position] & ((1 << bits) - 1), bits
    while data[position] & 0x80:
        position += 1
        value |= (data[position] & 0x7F) << shift
        shift += 7
        if shift > 64:
            raise PackError("a number in it is too long")
    return value, position + 1


def _shrink(room: int, size: int) -> int:
    """The room that is left after an object."""
    if size > room:
        raise PackError(f"its objects take more than {_ROOM >> 20} MiB")
    return room - size
