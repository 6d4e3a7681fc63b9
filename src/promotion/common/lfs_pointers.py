"""Pointers of Git LFS, which stand in a repository for files that are stored elsewhere."""

from __future__ import annotations

import base64
import re

# git-lfs: docs/spec.md, "The first key is always version"; the other address is that of before 1.0.
_BEGINNINGS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
# Bytes of a file that are enough to know.
LONGEST = 64
LONGEST_POINTER = 1024  # bytes (git-lfs: docs/spec.md, "must be less than 1024 bytes")
# What a text has in it that quotes a pointer; three bytes of one are four characters of base64.
MENTION = "oid sha256:"
MENTION_IN_BASE64 = base64.b64encode(_BEGINNINGS[0][:36]).decode()

WHAT = "this is a pointer of Git LFS, not the file itself, and nothing here fetches from LFS"
FIX = "Commit the file itself: take its path out of .gitattributes, then `git add --renormalize` it."


def is_pointer(data: bytes) -> bool:
    """Return whether a file's content is a pointer of Git LFS."""
    return data.startswith(_BEGINNINGS)


def is_quoted(pointer: bytes, text: str) -> bool:
    """Return whether a text has the id of a pointer in it, or the whole of it in base64."""
    oid = re.search(rb"oid sha256:[0-9a-f]{64}", pointer)
    whole = base64.b64encode(pointer[: len(pointer) // 3 * 3]).decode()
    return bool(oid and oid[0].decode() in text) or whole in text
