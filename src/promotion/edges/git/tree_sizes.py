"""How large a packed object is, told from a few bytes of the pack, before any of it is unpacked.

A pack of some kilobytes may unpack to gigabytes, by compression or by deltas (git: gitformat-pack).
"""

from __future__ import annotations

import os
import zlib

from dulwich.objects import ObjectID
from dulwich.pack import Pack

from promotion.common.lazy_dataclass import dataclass

_OFS_DELTA, _REF_DELTA = 6, 7
_LONGEST_CHAIN = 4096  # deltas; git makes no longer ones (pack.depth)
_HEAD = 64  # bytes; more than an entry's head has
_CHUNK, _CHUNKS = 512, 128  # a delta's sizes are the first that it unpacks to
_SIZES = 20  # bytes of two numbers, at most


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What it takes to read an object, in bytes.

    `largest` is the largest object on the way to it, itself included; `deltas` are kept meanwhile; `work` is
    all that passes through memory.
    """

    largest: int
    deltas: int
    work: int


def weigh(pack: Pack, object_id: ObjectID) -> Weight:
    """Return the weight of an object.

    Raises:
        KeyError: it isn't in the pack, or what it is made from isn't.
        ValueError: the pack is damaged.
        OSError: the pack can't be read.
        zlib.error: the pack is damaged.
    """
    sizes: list[int] = []
    deltas: list[int] = []
    offset = pack.index.object_offset(object_id)
    descriptor = os.open(pack.data.path, os.O_RDONLY)
    try:
        for _ in range(_LONGEST_CHAIN):
            entry = _read_entry(descriptor, offset)
            if entry.base is None:
                sizes.append(entry.size)
                return Weight(largest=max(sizes), deltas=sum(deltas), work=sum(sizes) + sum(deltas))
            deltas.append(entry.size)
            sizes.append(_read_result_size(descriptor, entry.data))
            offset = entry.base if isinstance(entry.base, int) else pack.index.object_offset(entry.base)
    finally:
        os.close(descriptor)
    raise ValueError(f"more than {_LONGEST_CHAIN} deltas make one object")


@dataclass(frozen=True)
class _Entry:
    """An entry of a pack.

    `size` is that of its unpacked data, which begins at `data`; `base` is where the object is from which a
    delta makes another, or its id; None: it is no delta.
    """

    size: int
    data: int
    base: int | ObjectID | None = None


def _read_entry(descriptor: int, offset: int) -> _Entry:
    head = os.pread(descriptor, _HEAD, offset)
    try:
        kind, size, at = head[0] >> 4 & 7, head[0] & 15, 1
        if head[0] & 128:
            more, at = _number(head, at)
            size |= more << 4
        if kind == _OFS_DELTA:
            distance, at = _distance(head, at)
            return _Entry(size, offset + at, offset - distance)
    except IndexError:
        raise ValueError("an entry of the pack is damaged") from None
    if kind == _REF_DELTA:
        return _Entry(size, offset + at + 20, ObjectID(head[at : at + 20].hex().encode()))
    return _Entry(size, offset + at)


def _read_result_size(descriptor: int, at: int) -> int:
    """Return the size of what a delta makes: the second number in it, after the base's size."""
    stream, start = zlib.decompressobj(), b""
    for number in range(_CHUNKS):
        chunk = os.pread(descriptor, _CHUNK, at + number * _CHUNK)
        start += stream.decompress(chunk, _SIZES - len(start))
        if len(start) == _SIZES or stream.eof or not chunk:
            break
    try:
        _, behind = _number(start, 0)
        return _number(start, behind)[0]
    except IndexError:
        raise ValueError("a delta of the pack is damaged") from None


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of 7 bits a byte, the least first, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 128:
            return value, at


def _distance(data: bytes, at: int) -> tuple[int, int]:
    """Return how far a delta's base lies before it (OFS_DELTA has an encoding of its own), and where that
    ends.
    """
    value = data[at] & 127
    while data[at] & 128:
        at += 1
        value = (value + 1 << 7) | (data[at] & 127)
    return value, at + 1
