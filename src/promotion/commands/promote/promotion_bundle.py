"""The content of a promotion: commits, versions, and the difference of the manifests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from promotion.commands.promote.healthy_since import parse_moment
from promotion.common.commit_comparison import ComparedCommit, Comparison
from promotion.common.git_ids import abbreviate, is_commit
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


def bundle_commits(comparison: Comparison) -> Commits:
    """Return the commits of a comparison as they are shown.

    Raises:
        UnexpectedAnswerError: a time is written in another way.
    """
    return Commits(
        status=comparison.status,
        count=comparison.ahead_by,
        shown=tuple(map(_show, comparison.commits)),
    )


def _show(commit: ComparedCommit) -> BundledCommit:
    title, *_ = commit.message.strip().splitlines() or [""]
    return BundledCommit(
        sha=commit.sha,
        title=line(title),
        author=line(commit.author),
        url=commit.url,
        moment=parse_moment(commit.committed_at) if commit.committed_at else None,
    )


def describe_version(part: LockedComponent | None) -> str:
    """Return a component's version for people: its chart's, or its abbreviated commit."""
    if part is None:
        return ""
    first = part.provenance.revision.partition(" ")[0]
    if is_commit(first):
        return abbreviate(first)
    return line(first)[:30] or line(part.provenance.ref)[:30]
