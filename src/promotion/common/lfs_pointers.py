"""Pointers of Git LFS, which stand in a repository for files that are stored elsewhere."""

from __future__ import annotations

# git-lfs: docs/spec.md, "The first key is always version"; the other address is that of before 1.0.
_BEGINNINGS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
# Bytes of a file that are enough to know.
LONGEST = 64

WHAT = "this is a pointer of Git LFS, not the file itself, and nothing here fetches from LFS"
FIX = "Commit the file itself: take its path out of .gitattributes, then `git add --renormalize` it."


def is_pointer(data: bytes) -> bool:
    """Return whether a file's content is a pointer of Git LFS."""
    return data.startswith(_BEGINNINGS)
