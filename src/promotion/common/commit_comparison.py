"""The commits of one side that another lacks, as GitHub's compare API lists them, and ways through them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from promotion.common.github_json import Json, pick, read_author, section
from promotion.common.lazy_dataclass import dataclass

_MERGED = re.compile(r"Merge pull request #([1-9]\d*) from ")
_SQUASHED = re.compile(r".*\(#([1-9]\d*)\)")


@dataclass(frozen=True, kw_only=True)
class ComparedCommit:
    """One commit, with who wrote it: a login where GitHub knows one, else the name in the commit.

    `is_signed_by_github` says that GitHub made it for somebody, which includes what its editors were told.
    `url`, `tree` and `committed_at` are empty where GitHub doesn't tell them.
    """

    sha: str
    parents: tuple[str, ...]
    author: str
    message: str
    url: str = ""
    tree: str = ""
    committed_at: str = ""
    is_signed_by_github: bool = False

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The commits of the head that the base lacks, oldest first; `missing` says how many aren't listed."""

    status: str
    ahead_by: int
    total_commits: int
    commits: tuple[ComparedCommit, ...]

    @property
    def missing(self) -> int:
        """How many commits GitHub counts beyond those that it lists."""
        return self.total_commits - len(self.commits)


def parse_comparison(data: Json) -> Comparison:
    """Parse the compare API's answer, its pages joined.

    https://docs.github.com/en/rest/commits/commits#compare-two-commits

    Raises:
        UnexpectedAnswerError: a field is missing.
    """
    return Comparison(
        status=pick(data, "status", str),
        ahead_by=pick(data, "ahead_by", int),
        total_commits=pick(data, "total_commits", int),
        commits=tuple(_commit(entry) for entry in pick(data, "commits", list)),
    )


def _commit(data: Json) -> ComparedCommit:
    commit = section(data, "commit")
    return ComparedCommit(
        sha=pick(data, "sha", str),
        parents=tuple(pick(parent, "sha", str) for parent in pick(data, "parents", list)),
        author=read_author(data),
        message=pick(data, "commit.message", str),
        url=str(data.get("html_url") or ""),
        tree=str(_map(commit, "tree").get("sha") or ""),
        committed_at=str(_map(commit, "committer").get("date") or ""),
        is_signed_by_github=_is_signed_by_github(data, commit),
    )


def _map(data: Json, key: str) -> Json:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _is_signed_by_github(data: Json, commit: Json) -> bool:
    """Return whether both the committer and the signature are GitHub's own.

    https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
    """
    login, verified = _map(data, "committer").get("login"), _map(commit, "verification").get("verified")
    return login == "web-flow" and verified is True


def read_pull_number(commit: ComparedCommit) -> int | None:
    """Return the pull request that the message names: only a hint, since anyone can write such a message."""
    found = _MERGED.match(commit.title) or _SQUASHED.fullmatch(commit.title)
    return int(found[1]) if found else None


def reachable(start: str, commits: Mapping[str, ComparedCommit]) -> set[str]:
    """Return the given commits that can be reached from `start`, including itself."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        sha = waiting.pop()
        if sha in commits and sha not in found:
            found.add(sha)
            waiting += commits[sha].parents
    return found


def mainline(head: str, commits: Mapping[str, ComparedCommit]) -> Sequence[ComparedCommit]:
    """Return the first-parent chain from the head back to where the given commits end."""
    chain: list[ComparedCommit] = []
    sha = head
    while sha in commits and len(chain) < len(commits):
        chain.append(commits[sha])
        sha = commits[sha].parents[0] if commits[sha].parents else ""
    return chain
