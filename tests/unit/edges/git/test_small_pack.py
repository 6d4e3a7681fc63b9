"""Small packs from the wire: indexed as git does it, and refused when they are damaged or bombs."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from promotion.edges.git.small_pack import PackError, read_small_pack

BLOB, OFS_DELTA, REF_DELTA = 3, 6, 7
MEBIBYTE = 1 << 20


def number(value: int, bits: int = 7, kind: int = 0) -> bytes:
    """A number whose first byte holds `bits` of it, below the kind."""
    first, value = value & ((1 << bits) - 1), value >> bits
    parts = [first | kind << bits]
    while value:
        parts[-1] |= 0x80
        parts.append(value & 0x7F)
        value >>= 7
    return bytes(parts)


def entry(kind: int, data: bytes, *, base: bytes = b"", size: int | None = None) -> bytes:
    return number(len(data) if size is None else size, 4, kind) + base + zlib.compress(data, 9)


def make_pack(entries: Sequence[bytes], *, count: int | None = None) -> bytes:
    body = b"PACK" + struct.pack(">LL", 2, len(entries) if count is None else count) + b"".join(entries)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def test_the_index_is_the_one_that_git_makes(tmp_path: Path) -> None:
    base = b"a line\n" * 20
    first = entry(BLOB, base)
    delta = number(len(base)) + number(14) + b"\x90\x0e"  # copy 14 bytes from the start
    second = entry(OFS_DELTA, delta, base=bytes([len(first)]))
    known = hashlib.sha1(b"blob %d\0" % len(base) + base, usedforsecurity=False).digest()
    more = number(len(base)) + number(7) + b"\x90\x07"
    third = entry(REF_DELTA, more, base=known)
    (tmp_path / "objects/pack").mkdir(parents=True)
    read_small_pack(make_pack([first, second, third, entry(BLOB, b"")])).write(tmp_path)
    (pack,) = tmp_path.glob("objects/pack/pack-*.pack")
    ours = pack.with_suffix(".idx").read_bytes()
    subprocess.run(["git", "index-pack", "-o", tmp_path / "theirs.idx", pack], check=True, cwd=tmp_path)
    assert ours == (tmp_path / "theirs.idx").read_bytes()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "."),
        (b"PACK", "."),
        (make_pack([entry(BLOB, b"x")])[:-1] + b"?", "checksum"),
        (make_pack([entry(BLOB, b"x")], count=2), "."),
        (make_pack([entry(BLOB, b"x"), entry(BLOB, b"y")], count=1), "more in it"),
        (make_pack([entry(BLOB, b"x" * 100, size=10)]), "exceeds"),
        (make_pack([entry(BLOB, b"x", size=10)]), "expected size"),
        (make_pack([entry(0, b"x")]), "."),
        (make_pack([b"\xff" * 20]), "too long"),
        (make_pack([entry(OFS_DELTA, b"\x01\x01", base=b"\x7f")]), "."),
        (make_pack([entry(REF_DELTA, b"\x01\x01", base=b"a" * 20)]), "."),
        (make_pack([], count=0xFFFFFFFF), "."),
    ],
)
def test_a_damaged_pack(data: bytes, reason: str) -> None:
    with pytest.raises(PackError, match=reason):
        read_small_pack(data)


def test_a_bomb_of_zeros() -> None:
    data = make_pack([entry(BLOB, bytes(9 * MEBIBYTE)), entry(BLOB, bytes(9 * MEBIBYTE))])
    assert len(data) < MEBIBYTE // 10
    with pytest.raises(PackError, match="more than 16 MiB"):
        read_small_pack(data)


def test_a_bomb_of_deltas() -> None:
    """A delta of a few bytes that repeats its base again and again."""
    base = entry(BLOB, bytes(0xFFFF))
    times = 2000
    delta = number(0xFFFF) + number(0xFFFF * times) + b"\xb0\xff\xff" * times
    data = make_pack([base, entry(OFS_DELTA, delta, base=_offset(len(base)))])
    with pytest.raises(PackError, match="more than 16 MiB"):
        read_small_pack(data)


def _offset(distance: int) -> bytes:
    """A distance as an offset delta has it: most significant bits first, each longer form begins higher."""
    parts = [distance & 0x7F]
    while distance := distance >> 7:
        distance -= 1
        parts.append(0x80 | distance & 0x7F)
    return bytes(reversed(parts))


def test_whether_all_is_there() -> None:
    blob, tree = entry(BLOB, b"x"), make_tree({"x": object_id(b"blob", b"x")})
    commit = b"tree " + object_id(b"tree", tree).hex().encode() + b"\n"
    parts = {"commit": entry(1, commit), "tree": entry(2, tree), "blob": blob}
    for left_out in ("", *parts):
        entries = [part for name, part in parts.items() if name != left_out]
        assert read_small_pack(make_pack(entries)).is_whole == (left_out in ("", "commit"))


def test_a_submodule_is_not_looked_for() -> None:
    tree = b"160000 module\0" + b"a" * 20
    assert read_small_pack(make_pack([entry(2, tree)])).is_whole


def make_tree(files: dict[str, bytes]) -> bytes:
    return b"".join(b"100644 " + name.encode() + b"\0" + found for name, found in files.items())


def object_id(kind: bytes, data: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0" % (kind, len(data)) + data, usedforsecurity=False).digest()
