"""Find that this machine ran out of a resource, behind any error, and say it in plain words."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from promotion.errors import ExhaustedError

_DISK = (
    "the disk is full",
    "Free some space where temporary files lie (TMPDIR), or let TMPDIR name a folder with more.",
)
_FILES = ("too many files are open", "Raise the limit of open files (`ulimit -n`); 1024 are plenty.")
_MEMORY = ("there is not enough memory", "Use a runner with more memory, or raise the container's limit.")
_SIZE = ("a file grew larger than it may", "Raise the limit of a file's size (`ulimit -f`).")
_QUOTA = ("the disk quota is used up", _DISK[1])
_THREADS = ("no thread can be started", "Raise the limit of processes (`ulimit -u`).")

_BY_NUMBER = {
    errno.ENOSPC: _DISK,
    errno.EDQUOT: _QUOTA,
    errno.EFBIG: _SIZE,
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ENOMEM: _MEMORY,
}
# As C's, Go's and Python's libraries say it.
_BY_WORDS = (
    (r"no space left on device|out of diskspace", _DISK),
    (r"disk quota exceeded", _QUOTA),
    (r"file too large|file size limit exceeded|signal 25\b", _SIZE),  # SIGXFSZ
    (r"too many open files|no file descriptors available", _FILES),
    (r"cannot allocate memory|out of memory", _MEMORY),
    (r"can't start new thread", _THREADS),
)

_OF_A_SERVER = re.compile(r"remote:|(?:fatal|error): remote |\s*! \[remote")  # its disk is its own matter


def find_exhaustion(error: BaseException) -> ExhaustedError | None:
    """Return which resource this machine ran out of, if that caused the error."""
    for cause in _causes(error):
        if isinstance(cause, ExhaustedError):
            return ExhaustedError(cause.what, fix=cause.fix)  # without the component that happened to hit it
        if isinstance(cause, MemoryError):
            return _explain(_MEMORY)
        if isinstance(cause, OSError) and cause.errno in _BY_NUMBER:
            return _explain(_BY_NUMBER[cause.errno])
        if type(cause) is RuntimeError and (found := read_exhaustion(str(cause))):  # of `threading`
            return found
    return None


def read_exhaustion(words: str) -> ExhaustedError | None:
    """Return which resource this machine ran out of, if a program's messages say so."""
    own = "\n".join(line for line in words.splitlines() if not _OF_A_SERVER.match(line))
    for pattern, meaning in _BY_WORDS:
        if re.search(pattern, own, re.IGNORECASE):
            return _explain(meaning)
    return None


def _explain(meaning: tuple[str, str]) -> ExhaustedError:
    what, fix = meaning
    return ExhaustedError(f"{what} on this machine", fix=fix)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
