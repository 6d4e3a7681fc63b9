"""Which refs a source may mean, and the error where there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from promotion.common.nearest_names import advise_branch, describe_branches
from promotion.edges.git.remotes import Remote, check_ref
from promotion.errors import SourceError
from promotion.rendering.sources.git_source import GitSource

BRANCHES, TAGS = "refs/heads/", "refs/tags/"
_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_PREFIX = re.compile(r"[0-9a-fA-F]{4,39}")


def whole_commit(source: GitSource) -> str:
    """Return the commit id that a source names in full; else empty."""
    return source.version.lower() if _COMMIT.fullmatch(source.version) else ""


def may_be_abbreviated(source: GitSource) -> bool:
    """Return whether a source's version may be the beginning of a commit id."""
    return bool(_PREFIX.fullmatch(source.version))


def candidates(source: GitSource) -> Iterator[str]:
    """Yield the refs, or the commit, that a source may mean, the likeliest first.

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
    """Return what the likeliest of the names that are there leads to; empty if none is."""
    return next((found[name] for name in names if name in found), "")


def missing(remote: Remote, source: GitSource, refs: Mapping[str, str]) -> SourceError:
    """Return the error for a source whose ref, or the commit that it names, isn't there.

    Args:
        refs: the branches that are there, and the tags where they count, in full; with their commits.
    """
    wanted = source.version or source.branch
    if choose(list(candidates(source)), {**refs, **{commit: commit for commit in refs.values()}}):
        return SourceError(
            f"{remote.name} names {wanted!r}, but didn't give it",
            fix="Run it again. If that doesn't help, run `git fsck` where the repository lies.",
        )
    branches = sorted(ref.removeprefix(BRANCHES) for ref in refs if ref.startswith(BRANCHES))
    tags = [ref.removeprefix(TAGS) for ref in refs if ref.startswith(TAGS)]
    there = describe_branches(branches)
    if not branches and not tags:
        lacks = f"has no branch {wanted!r}; it " if wanted else ""
        return SourceError(f"{remote.name} {lacks}is empty", fix=advise_branch(wanted, branches))
    if not wanted:
        return SourceError(f"the default branch of {remote.name} is not there; {there}", fix="Name a branch.")
    kinds = "commit, tag or branch" if source.version else "branch or tag"
    fix = advise_branch(wanted, [*branches, *tags]) or "Check its spelling and case."
    if not source.version and re.fullmatch(r"[0-9a-f]{7,39}", source.branch):
        fix = "A commit must be given by its whole id."
    return SourceError(f"{remote.name} has no {kinds} {wanted!r}; {there}", fix=fix)
