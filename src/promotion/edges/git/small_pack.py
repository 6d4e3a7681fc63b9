"""Small packs from the wire, read in memory, with limits on what they may blow up to."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from dulwich.errors import ApplyDeltaError, ObjectFormatException
from dulwich.objects import Commit, ObjectID, Tree, parse_tree
from dulwich.pack import (
    DELTA_TYPES,
    OFS_DELTA,
    apply_delta,
    read_pack_header_at,
    unpack_object_at,
    write_pack_index_v2,
)

from promotion.common.lazy_dataclass import dataclass
from promotion.edges.git.object_store import SUBMODULE

SMALL = 2 << 20  # bytes; up to there an index is made here sooner than git starts
_ROOM = 16 << 20  # bytes that the objects of a small pack may take together; many are read at once
_CHECKSUM = 20  # bytes at the end of a pack
_DAMAGES = (
    *(zlib.error, ApplyDeltaError, ObjectFormatException),
    *(ValueError, AssertionError, IndexError, KeyError),
)
_NAMES = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}


Item = tuple[int, bytes]


class PackError(Exception):
    """A pack is damaged, or not for us to read."""


@dataclass(frozen=True)
class SmallPack:
    """A pack of at most `SMALL` bytes that was read and found right.

    Args:
        data: the pack.
        objects: type number and bytes of each object, by id.
        is_whole: whether it holds all that its folders name.
    """

    data: bytes = field(repr=False)
    objects: Mapping[ObjectID, Item] = field(repr=False)
    is_whole: bool
    _entries: Sequence[tuple[bytes, int, int | None]] = field(repr=False)

    def write(self, repository: Path) -> None:
        """Make it a part of a repository."""
        path = repository / "objects/pack" / f"pack-{self.data[-_CHECKSUM:].hex()}"
        with path.with_suffix(".idx").open("wb") as index:
            write_pack_index_v2(index, self._entries, self.data[-_CHECKSUM:])
        path.with_suffix(".pack").write_bytes(self.data)


def read_small_pack(data: bytes) -> SmallPack:
    """Read a pack of at most `SMALL` bytes.

    Raises:
        PackError: it is damaged, takes too much room, or builds on objects that it doesn't hold.
    """
    found: dict[bytes, Item] = {}
    try:
        entries = sorted(_index(data, found))
        is_whole = all(each in found for item in found.values() for each in _links(item))
    except _DAMAGES as error:
        raise PackError(f"{type(error).__name__}: {error}") from error
    objects = {ObjectID(each.hex().encode()): item for each, item in found.items()}
    return SmallPack(data, objects, is_whole, entries)


def _index(pack: bytes, by_id: dict[bytes, Item]) -> Iterator[tuple[bytes, int, int | None]]:
    """Yield each object's id, offset and checksum, and add the object itself to `by_id`."""
    if hashlib.sha1(pack[:-_CHECKSUM], usedforsecurity=False).digest() != pack[-_CHECKSUM:]:
        raise PackError("its checksum is wrong")
    position, count, room = 12, read_pack_header_at(pack)[1], _ROOM
    by_offset: dict[int, Item] = {}
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
            kind, data = whole[0], b"".join(apply_delta([whole[1]], [data]))
        head = b"%s %d\0" % (_NAMES[kind], len(data))
        object_id = hashlib.sha1(head + data, usedforsecurity=False).digest()
        by_offset[position] = by_id[object_id] = kind, data
        yield object_id, position, unpacked.crc32
        position = end
    if position != len(pack) - _CHECKSUM:
        raise PackError("there is more in it than it says")


def _links(item: Item) -> Iterator[bytes]:
    """Yield what an object needs to be read."""
    kind, data = item
    if kind == Commit.type_num:
        yield bytes.fromhex(data.partition(b"\n")[0].decode().removeprefix("tree "))
    elif kind == Tree.type_num:
        for _, mode, object_id in parse_tree(data, 20):
            if mode != SUBMODULE:
                yield bytes.fromhex(object_id.decode())


def _number(data: bytes, position: int, bits: int) -> tuple[int, int]:
    """Return a number whose first byte holds so many bits of it, each other byte seven; and where it ends."""
    value, shift = data[position] & ((1 << bits) - 1), bits
    while data[position] & 0x80:
        position += 1
        value |= (data[position] & 0x7F) << shift
        shift += 7
        if shift > 64:
            raise PackError("a number in it is too long")
    return value, position + 1


def _shrink(room: int, size: int) -> int:
    """Return the room that is left after an object."""
    if size > room:
        raise PackError(f"its objects take more than {_ROOM >> 20} MiB")
    return room - size
