"""Judge a pull request by the rules and by the repository's history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from promotion.commands.guard.merge_provenance import MergeCleanly
from promotion.common.branch_patterns import literal_prefix, matches
from promotion.common.git_ids import short_sha
from promotion.common.github_json import Pull
from promotion.common.lazy_dataclass import dataclass
from promotion.common.promotion_rules.decision import Decision, Reason
from promotion.common.promotion_rules.rules import Rule, Rules, Source, judge_pull, with_bypass
from promotion.common.promotion_rules.rules_github import GuardGitHub

_MOST_BRANCHES = 100  # of one pattern; who has more promotes by pull request


@dataclass(frozen=True, kw_only=True)
class AncestryJudge:
    """Checks pull requests and commits against the rules."""

    rules: Rules
    unlisted_allowed: bool
    today: date
    github: GuardGitHub
    merge_cleanly: MergeCleanly

    def pull(self, pull: Pull, actors: Collection[str]) -> Decision:
        """Decide on a pull request.

        Args:
            actors: on whose behalf it is; a bypass must name them all.
        """
        decision, source = judge_pull(pull, self.rules, unlisted_allowed=self.unlisted_allowed)
        rule = self.rules.get(pull.base.branch)
        if source is not None:
            decision = self._prove(pull, decision, source)
        elif rule and decision.reason is Reason.SOURCE_NOT_ALLOWED:
            decision = self.note_missing(decision, rule)
        return with_bypass(decision, rule, actors, self.today)

    def note_missing(self, decision: Decision, rule: Rule) -> Decision:
        """Add a remark to a refusal if the rule names branches that don't exist, which can't match."""
        missing = tuple(
            f"The rule for `{rule.target}` names `{source.branch}`, which doesn't exist. Correct the rule, "
            "or create the branch."
            for source in rule.sources
            if source.is_exact and self.github.tip(source.branch) is None
        )
        return replace(decision, notices=(*decision.notices, *missing))

    def _prove(self, pull: Pull, decision: Decision, source: Source) -> Decision:
        """Keep the decision only if the head is in the source branch of the same repository."""
        home = pull.head.repository if source.owner else ""
        tip = self.github.tip(pull.head.branch, home)
        if tip is None:
            return replace(
                decision,
                reason=Reason.SOURCE_MISSING,
                message=f"the source branch `{pull.source}` isn't there, so nothing proves that "
                f"{pull.label} comes from it",
                fix="Restore the branch, or set `require-ancestry: false` for sources that are deleted after "
                "merging.",
                notices=(),
            )
        if tip != pull.head.commit and not self.github.contains(tip, pull.head.commit, home):
            return replace(
                decision,
                reason=Reason.NOT_CONTAINED,
                message=f"the head {short_sha(pull.head.commit)} of {pull.label} isn't contained in "
                f"`{pull.source}`",
                fix=f"Merge it into `{pull.source}` first, or open a new pull request from there.",
                notices=(),
            )
        return decision

    def containing_source(self, commit: str, rule: Rule) -> str | None:
        """Return the first of the rule's source branches here whose history has the commit."""
        for source in rule.sources:
            for name, tip in self._tips(source):
                if tip == commit or self.github.contains(tip, commit):
                    return name
        return None

    def _tips(self, source: Source) -> list[tuple[str, str]]:
        if source.owner:
            return []  # a fork's branch proves nothing about who put a commit there
        if source.is_exact:
            tip = self.github.tip(source.branch)
            return [(source.branch, tip)] if tip else []
        found = self.github.branches(literal_prefix(source.branch))
        return [(name, tip) for name, tip in found if matches(source.branch, name)][:_MOST_BRANCHES]
