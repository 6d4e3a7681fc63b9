"""Prove that GitHub made a commit from a pull request.

That GitHub calls a pull request merged proves nothing about the commit that did it: it does so too when
somebody pushes the pull request's commits, with whatever stands on top of them (GitHub: "Indirect merges",
https://docs.github.com/en/pull-requests/reference/pull-request-merges). Nor does GitHub's signature, which
its editors for files and conflicts give to any content
(https://docs.github.com/en/pull-requests/how-tos/merge-and-close-pull-requests/resolving-a-merge-conflict-on-github).
So either GitHub has recorded that it moved the branch by a merge, or the merge is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from promotion.commands.guard.branch_moves import find_move, is_merge
from promotion.commands.guard.commit_graph import mainline, reachable
from promotion.commands.guard.guard_event import PushEvent
from promotion.common.backoff import PUSH_RECORD
from promotion.common.commit_comparison import ComparedCommit
from promotion.common.github_json import Pull
from promotion.common.promotion_rules.rules_github import GuardGitHub

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
