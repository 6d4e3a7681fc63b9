"""What the machine has run out of is found behind whatever error it caused."""

from __future__ import annotations

import errno
import os

import pytest

from promotion.common.exhaustion import find_exhaustion, read_exhaustion
from promotion.errors import RenderError, SourceError


@pytest.mark.parametrize(
    ("number", "words", "advice"),
    [
        (errno.ENOSPC, "the disk is full", "TMPDIR"),
        (errno.EDQUOT, "quota", "TMPDIR"),
        (errno.EMFILE, "too many files are open", "ulimit -n"),
        (errno.ENFILE, "too many files are open", "ulimit -n"),
        (errno.EFBIG, "larger than it may", "ulimit -f"),
        (errno.ENOMEM, "not enough memory", "memory"),
    ],
)
def test_an_error_of_the_system(number: int, words: str, advice: str) -> None:
    found = find_exhaustion(OSError(number, os.strerror(number)))
    assert found
    assert words in found.what
    assert advice in found.fix


def test_the_first_cause_counts_however_deep() -> None:
    """Also where an error hides what it came from with `from None`."""

    def open_one() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    def connect() -> None:
        try:
            open_one()
        except OSError as error:
            raise ConnectionError("no connection") from error

    def fetch() -> None:
        try:
            connect()
        except ConnectionError:
            raise SourceError("can't be reached") from None

    with pytest.raises(SourceError) as caught:
        fetch()
    found = find_exhaustion(caught.value)
    assert found
    assert "too many files" in found.what


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        KeyError("disk"),
        RenderError("Helm: fail: no space left on device"),
    ],
)
def test_other_errors_are_none(error: Exception) -> None:
    assert find_exhaustion(error) is None


def test_memory_and_threads() -> None:
    assert "memory" in str(find_exhaustion(MemoryError()))
    assert "thread" in str(find_exhaustion(RuntimeError("can't start new thread")))


@pytest.mark.parametrize(
    "words",
    [
        "fatal: write error: No space left on device",
        "fatal: unable to create temporary file: Too many open files\nfatal: index-pack failed",
        "fatal: Out of memory, malloc failed (tried to allocate 1 bytes)",
        "error: index-pack died of signal 25",
    ],
)
def test_words_of_a_program(words: str) -> None:
    assert read_exhaustion(words)


@pytest.mark.parametrize(
    "words",
    [
        "remote: fatal: write error: No space left on device\nfatal: early EOF",
        "error: remote unpack failed: No space left on device",
        " ! [remote rejected] dev -> dev (No space left on device)",
        "fatal: remote error: Too many open files",
        "fatal: early EOF",
    ],
)
def test_what_the_server_has_run_out_of_is_its_own_matter(words: str) -> None:
    assert read_exhaustion(words) is None
