"""Commits in the form in which the compare API lists them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promotion.common.github_json import Json, pick, read_author, section

_MERGED = re.compile(r"Merge pull request #([1-9]\d*) from ")
_SQUASHED = re.compile(r".*\(#([1-9]\d*)\)")


@dataclass(frozen=True, kw_only=True)
class GraphCommit:
    """One commit, with who wrote it: a login where GitHub knows one, else the name in the commit.

    `is_signed_by_github` says that GitHub made it for somebody, which includes what its editors were told.
    """

    sha: str
    parents: tuple[str, ...]
    author: str
    title: str
    url: str = ""
    tree: str = ""
    is_signed_by_github: bool = False

    @property
    def pull_number(self) -> int | None:
        """The pull request that the message names. It is only a hint, as anyone can write such a message."""
        found = _MERGED.match(self.title) or _SQUASHED.fullmatch(self.title)
        return int(found[1]) if found else None


@dataclass(frozen=True, kw_only=True)
class CommitComparison:
    """The commits of the head that the base lacks: oldest first, complete unless `missing` says otherwise."""

    status: str
    commits: tuple[GraphCommit, ...]
    missing: int


def parse_comparison(data: Json) -> CommitComparison:
    """Parse the compare API's answer, its pages joined.

    Raises:
        UnexpectedAnswerError: a field is missing.
    """
    commits = tuple(_commit(entry) for entry in pick(data, "commits", list))
    total = pick(data, "total_commits", int)
    return CommitComparison(status=pick(data, "status", str), commits=commits, missing=total - len(commits))


def _commit(data: Json) -> GraphCommit:
    commit = section(data, "commit")
    tree = commit.get("tree")
    return GraphCommit(
        sha=pick(data, "sha", str),
        parents=tuple(pick(parent, "sha", str) for parent in pick(data, "parents", list)),
        author=read_author(data),
        title=pick(data, "commit.message", str).split("\n", 1)[0],
        url=str(data.get("html_url") or ""),
        tree=str(tree.get("sha") or "") if isinstance(tree, Mapping) else "",
        is_signed_by_github=_is_signed_by_github(data, commit),
    )


def _is_signed_by_github(data: Json, commit: Json) -> bool:
    """Return whether both the committer and the signature are GitHub's own.

    https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
    """
    committer, signature = data.get("committer"), commit.get("verification")
    login = committer.get("login") if isinstance(committer, Mapping) else None
    verified = signature.get("verified") if isinstance(signature, Mapping) else None
    return login == "web-flow" and verified is True


def reachable(start: str, commits: Mapping[str, GraphCommit]) -> set[str]:
    """Return the given commits that can be reached from `start`, including itself."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        sha = waiting.pop()
        if sha in commits and sha not in found:
            found.add(sha)
            waiting += commits[sha].parents
    return found


def mainline(head: str, commits: Mapping[str, GraphCommit]) -> Sequence[GraphCommit]:
    """Return the first-parent chain from the head back to where the given commits end."""
    chain: list[GraphCommit] = []
    sha = head
    while sha in commits and len(chain) < len(commits):
        chain.append(commits[sha])
        sha = commits[sha].parents[0] if commits[sha].parents else ""
    return chain
