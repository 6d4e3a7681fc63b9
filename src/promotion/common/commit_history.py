"""The history of a manifest branch: its commits, each with its parents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from functools import cached_property

from promotion.common.lazy_dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class PastCommit:
    """A commit: when it was made, in seconds since 1970; by whom, as `Name <address>`; its whole message.

    `committer` made it of what the author wrote; empty where that isn't known.
    """

    id: str
    time: int
    author: str = ""
    committer: str = ""
    message: str = ""
    parents: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, kw_only=True)
class CommitHistory:
    """All commits of a branch by id, and its tip; both are empty if there is no such branch.

    `changes` tells which files a commit of it adds, changes or removes. A merge counts by what it changes of
    its first parent. Of a commit whose parent isn't here, which is the first one of a part, nobody knows.
    """

    tip: str = ""
    commits: Mapping[str, PastCommit] = field(default_factory=dict, repr=False)
    changes: Callable[[str], Collection[str]] = field(default=lambda _: (), repr=False, compare=False)

    @cached_property
    def line(self) -> tuple[PastCommit, ...]:
        """The commits that were the branch's tip, newest first: each commit's first parent.

        What a merge brought in was never the branch's tip, and isn't among them.
        """
        found: dict[str, PastCommit] = {}
        commit = self.tip
        while commit in self.commits and commit not in found:
            found[commit] = self.commits[commit]
            parents = found[commit].parents
            commit = parents[0] if parents else ""
        return tuple(found.values())
