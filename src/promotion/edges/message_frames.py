"""Messages between two processes of ours: each is its length in 8 bytes, then its bytes."""

from __future__ import annotations

import struct
from typing import IO

_LENGTH = struct.Struct(">Q")


def write_frame(stream: IO[bytes], message: bytes) -> None:
    """Send a message.

    Raises:
        BrokenPipeError: nobody reads it.
    """
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Return the next message.

    Raises:
        EOFError: the other end was closed, between messages or in one.
    """
    return _read(stream, *_LENGTH.unpack(_read(stream, _LENGTH.size)))


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
