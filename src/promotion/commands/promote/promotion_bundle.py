"""The content of a promotion: commits, versions, and the difference of the manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from promotion.commands.promote.healthy_since import parse_moment
from promotion.common.git_ids import abbreviate, is_commit
from promotion.common.github_json import Json, pick, read_author, section
from promotion.common.text import line
from promotion.rendering.lock.lock import LockedComponent
from promotion.rendering.manifests.resource_changes import FileChange, ResourceChange


@dataclass(frozen=True, kw_only=True)
class BundledCommit:
    """A commit. `title` is its message's first line, `author` a login or a name. `url` may be empty."""

    sha: str
    title: str
    author: str
    url: str = ""
    moment: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Commits:
    """The commits of one branch that another lacks, oldest first. `count` includes those not listed."""

    status: str
    count: int
    shown: tuple[BundledCommit, ...]


@dataclass(frozen=True, kw_only=True)
class VersionChange:
    """One component in both environments; None where it doesn't exist."""

    label: str
    before: LockedComponent | None
    after: LockedComponent | None
    images: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ManifestSummary:
    """Versions and differences of one repository's components between two environments.

    `missing` says why there is nothing to see; empty if there is. `doubts` say why it may be wrong.
    """

    versions: tuple[VersionChange, ...] = ()
    resources: tuple[ResourceChange, ...] = ()
    files: tuple[FileChange, ...] = field(default=(), repr=False)
    missing: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A promotion from one branch, and environment, to another.

    `merge_method` is what the rules ask for, or empty. `waiting` says what is to be waited for before
    merging, or is empty.
    """

    source: str
    target: str
    environments: tuple[str, str]
    commits: Commits
    manifests: ManifestSummary
    merge_method: str = ""
    waiting: str = ""


def parse_comparison(data: Json) -> Commits:
    """Parse the compare API's answer.

    Raises:
        UnexpectedAnswerError: a field is missing.
    """
    return Commits(
        status=pick(data, "status", str),
        count=pick(data, "ahead_by", int),
        shown=tuple(_commit(entry) for entry in pick(data, "commits", list)),
    )


def _commit(data: Json) -> BundledCommit:
    committer = section(data, "commit").get("committer")
    date = committer.get("date") if isinstance(committer, Mapping) else None
    title, *_ = pick(data, "commit.message", str).strip().splitlines() or [""]
    return BundledCommit(
        sha=pick(data, "sha", str),
        title=line(title),
        author=line(read_author(data)),
        url=str(data.get("html_url") or ""),
        moment=parse_moment(date) if isinstance(date, str) else None,
    )


def describe_version(part: LockedComponent | None) -> str:
    """Return a component's version for people: its chart's, or its abbreviated commit."""
    if part is None:
        return ""
    first = part.provenance.revision.partition(" ")[0]
    if is_commit(first):
        return abbreviate(first)
    return line(first)[:30] or line(part.provenance.ref)[:30]
