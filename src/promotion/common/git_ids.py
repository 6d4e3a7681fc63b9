"""The ids of git's commits, and their pages on GitHub."""

from __future__ import annotations

import re

# A digest by SHA-1, or by SHA-256 (git: hash-function-transition).
COMMIT_PATTERN = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_COMMIT = re.compile(COMMIT_PATTERN)
_NOTHING = re.compile(r"0{40}|0{64}")
_PAGE = re.compile(r"https?://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._~-]+)+")


def is_commit(text: str) -> bool:
    """Return whether a text is a whole commit id, as git writes it."""
    return _COMMIT.fullmatch(text) is not None


def is_absent(text: str) -> bool:
    """Return whether a text is git's id for no commit: the state of a branch before or after its life."""
    return _NOTHING.fullmatch(text) is not None


def abbreviate(commit: str) -> str:
    """Return the beginning of a commit id that stays unique as a repository grows."""
    return commit[:12]


def short_sha(commit: str) -> str:
    """Return the beginning of a commit id, as GitHub's pages show it."""
    return commit[:7]


def commit_url(repository: str, commit: str) -> str:
    """Return the address of a commit's page; empty if the repository's address isn't a web page's."""
    page = repository.removesuffix(".git")
    return f"{page}/commit/{commit}" if _PAGE.fullmatch(page) else ""
