"""Packs as no honest git writes them: objects of any size, deltas of anything."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

MEBIBYTE = 2**20
_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_REF_DELTA = 7
_LONGEST_COPY = 0xFFFFFF  # bytes; what one instruction of a delta copies at most


def zeros(size: int) -> Iterator[bytes]:
    """Nothing, many times."""
    while size > 0:
        yield bytes(min(size, MEBIBYTE))
        size -= MEBIBYTE


@dataclass
class Pack:
    """A pack under construction; each `add` gives the id of the object it adds."""

    entries: list[bytes] = field(default_factory=list)

    def add(self, kind: str, content: bytes | Iterable[bytes], size: int = -1) -> str:
        """Add an object; one that is too large for memory in pieces, with its size."""
        pieces = [content] if isinstance(content, bytes) else content
        size = len(content) if isinstance(content, bytes) else size
        digest = hashlib.sha1(f"{kind} {size}\0".encode(), usedforsecurity=False)
        packer = zlib.compressobj(1)
        packed = b""
        for piece in pieces:
            digest.update(piece)
            packed += packer.compress(piece)
        self.entries.append(_head(_KINDS[kind], size) + packed + packer.flush())
        return digest.hexdigest()

    def add_tree(self, entries: Mapping[str, tuple[str, str]]) -> str:
        """Add a folder of names with mode and id."""
        rows = sorted(entries.items(), key=lambda row: row[0] + ("/" if row[1][0] == "40000" else ""))
        return self.add(
            "tree", b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(one) for name, (mode, one) in rows)
        )

    def add_delta(self, base: str, base_size: int, *, copies: int = 1, waste: int = 0) -> None:
        """Add the object that is so many copies of another, and none of the id that it has.

        Args:
            waste: instructions that copy one byte each, which make the delta longer.
        """
        copy, rest = b"", base_size
        while rest > 0:
            copy += (
                b"\xff"
                + struct.pack("<I", base_size - rest)
                + struct.pack("<I", min(rest, _LONGEST_COPY))[:3]
            )
            rest -= _LONGEST_COPY
        delta = _varint(base_size) + _varint(base_size * copies + waste) + copy * copies + b"\x90\x01" * waste
        self.entries.append(_head(_REF_DELTA, len(delta)) + bytes.fromhex(base) + zlib.compress(delta, 1))

    def commit(self, tree: str) -> str:
        """Add a commit of a folder."""
        person = "Test <test@example.com> 1600000000 +0000"
        return self.add("commit", f"tree {tree}\nauthor {person}\ncommitter {person}\n\nChange\n".encode())

    def data(self) -> bytes:
        """The pack's bytes."""
        body = b"PACK" + struct.pack(">II", 2, len(self.entries)) + b"".join(self.entries)
        return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _head(kind: int, size: int) -> bytes:
    low, rest = size & 15, size >> 4
    return bytes([(128 if rest else 0) | kind << 4 | low]) + (_varint(rest) if rest else b"")


def _varint(value: int) -> bytes:
    more, low = value >> 7, value & 127
    return bytes([low | (128 if more else 0)]) + (_varint(more) if more else b"")
