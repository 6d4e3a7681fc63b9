"""Prove that GitHub made a commit from a pull request.

That GitHub calls a pull request merged proves nothing about the commit that did it: it does so too when
somebody pushes the pull request's commits, with whatever stands on top of them (GitHub: "Indirect merges",
https://docs.github.com/en/pull-requests/reference/pull-request-merges). Nor does GitHub's signature, which
its editors for files and conflicts give to any content
(https://docs.github.com/en/pull-requests/how-tos/merge-and-close-pull-requests/resolving-a-merge-conflict-on-github).
So either GitHub has recorded that it moved the branch by a merge, or the merge is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from promotion.commands.guard.guard_event import PushEvent
from promotion.common.backoff import PUSH_RECORD
from promotion.common.commit_comparison import ComparedCommit, mainline, reachable
from promotion.common.github_json import Json, Pull
from promotion.common.promotion_rules.rules_github import GuardGitHub

# GitHub's words (https://docs.github.com/en/rest/repos/repos#list-repository-activities). A pull request that
# is merged by GitHub because its commits were pushed shows as a push.
_MERGES = frozenset({"pr_merge", "merge_queue_merge"})
# Gives the tree of the clean merge of two commits; None if they conflict. PromotionError if git can't merge.
MergeCleanly = Callable[[str, str], str | None]


class MergeProvenance:
    """Looks into the commits of one push."""

    def __init__(
        self,
        event: PushEvent,
        commits: Mapping[str, ComparedCommit],
        github: GuardGitHub,
        merge_cleanly: MergeCleanly,
    ) -> None:
        self._event, self._commits = event, commits
        self._github, self._merge_cleanly = github, merge_cleanly

    def find_fault(self, pull: Pull, commit: ComparedCommit) -> str:
        """Say what a commit is if it isn't what GitHub makes of a merged pull request; else an empty text.

        Raises:
            PromotionError: that can't be established.
        """
        if commit.sha in reachable(pull.head.commit, self._commits):
            return ""  # one of its own commits, which the rules judge with it
        if self._is_by_github(commit):
            return ""
        tree = self._merge_cleanly(commit.parents[0], pull.head.commit)
        if tree is not None and tree == commit.tree:
            return ""
        if len(commit.parents) == 1:
            return f"isn't what merging {pull.label} makes, though GitHub links the two"
        if tree is None:
            return (
                f"merges {pull.label} by hand: its parents conflict, and nothing proves what was made of that"
            )
        return f"merges {pull.label} by hand: it holds something that the clean merge of its parents doesn't"

    def _is_by_github(self, commit: ComparedCommit) -> bool:
        if self._move is None:
            return commit.is_signed_by_github  # the best that such a server has to say
        return is_merge(self._move) and commit.sha in self._made_by_move

    @cached_property
    def _made_by_move(self) -> frozenset[str]:
        """What a merge adds to the branch itself: one commit, or by rebase or queue several in a row."""
        return frozenset(commit.sha for commit in mainline(self._event.after, self._commits))

    @cached_property
    def _move(self) -> str | None:
        """GitHub's word for what moved the branch; empty if it has none, None if it keeps no record."""
        event = self._event
        for pause in (0.0, *PUSH_RECORD.pauses()):
            if pause:
                self._github.wait(pause)
            activities = self._github.activities(event.branch)
            if activities is None:
                return None
            if move := find_move(activities, event.branch, event.before, event.after):
                return move
        return ""


def find_move(activities: Iterable[Json], branch: str, before: str, after: str) -> str:
    """Return GitHub's word for how the branch moved between two commits; empty if unknown (yet)."""
    wanted = (f"refs/heads/{branch}", before, after)
    found = (entry for entry in activities if tuple(map(entry.get, ("ref", "before", "after"))) == wanted)
    return next((str(entry.get("activity_type") or "") for entry in found), "")


def is_merge(move: str) -> bool:
    """Return whether GitHub itself made the new commits, by its button, its API or its queue."""
    return move in _MERGES
