"""Which refs a source may mean, and the error where there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from promotion.core.model import GitSource
from promotion.edges.git.remotes import Remote, check_ref
from promotion.errors import SourceError

_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_PREFIX = re.compile(r"[0-9a-fA-F]{4,39}")


def whole_commit(source: GitSource) -> str:
    """The commit id that a source names in full; else empty."""
    return source.version.lower() if _COMMIT.fullmatch(source.version) else ""


def may_be_abbreviated(source: GitSource) -> bool:
    """Whether a source's version may be the beginning of a commit id."""
    return bool(_PREFIX.fullmatch(source.version))


def candidates(source: GitSource) -> Iterator[str]:
    """The refs, or the commit, that a source may mean, the likeliest first.

    Raises:
        SourceError: the name can't be a ref.
    """
    version = source.version
    if commit := whole_commit(source):
        yield commit
    elif version:
        check_ref(version, what="version")
        yield f"refs/tags/{version}"
        yield f"refs/heads/{version}"
        if version.startswith("refs/"):
            yield version
        if version.startswith("origin/"):  # what a clone calls it
            yield f"refs/heads/{version.removeprefix('origin/')}"
    elif source.branch:
        check_ref(source.branch)
        yield f"refs/heads/{source.branch}"
        yield f"refs/tags/{source.branch}"
    else:
        yield "HEAD"


def choose(names: Sequence[str], found: Mapping[str, str]) -> str:
    """What the likeliest of the names that are there leads to; empty if none is."""
    return next((found[name] for name in names if name in found), "")


def missing(remote: Remote, source: GitSource) -> SourceError:
    """The error for a source whose ref isn't there."""
    if not source.branch and not source.version:
        return SourceError(f"{remote.name} is empty, or its default branch is not there")
    kinds = "commit, tag or branch" if source.version else "branch or tag"
    shortened = not source.version and re.fullmatch(r"[0-9a-f]{7,39}", source.branch)
    return SourceError(
        f"{remote.name} has no {kinds} {source.version or source.branch!r}",
        fix="A commit must be given by its whole id." if shortened else "Check its spelling and case.",
    )
