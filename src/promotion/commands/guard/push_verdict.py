"""Judge a push: every new commit on the branch must have come by an allowed way."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from promotion.commands.guard.ancestry import AncestryJudge
from promotion.commands.guard.guard_event import PushEvent
from promotion.commands.guard.merge_provenance import MergeProvenance
from promotion.common.backoff import PUSH_RECORD
from promotion.common.commit_comparison import ComparedCommit, Comparison, reachable
from promotion.common.git_ids import short_sha
from promotion.common.github_json import Pull, parse_pull
from promotion.common.promotion_rules.decision import Decision, DecisionSubject, Reason
from promotion.common.promotion_rules.rules import Rule, advise, unlisted, with_bypass, wrong_method
from promotion.common.promotion_rules.rules_github import GuardGitHub
from promotion.errors import AccessError

_MOST_SUBJECTS = 250  # commits and pull requests looked at one by one; each costs some requests
_FORWARD = ("ahead", "identical")
_MOST_FAULTS = 20  # enough to see what happened


def judge_push(event: PushEvent, judge: AncestryJudge, github: GuardGitHub) -> Decision:
    """Decide on a push to a branch."""
    rule = judge.rules.get(event.branch)
    if rule is None:
        return unlisted(event.branch, judge.rules, allowed=judge.unlisted_allowed)
    decision = _decide(event, rule, judge, github)
    return with_bypass(decision, rule, {event.sender}, judge.today)


def _decide(event: PushEvent, rule: Rule, judge: AncestryJudge, github: GuardGitHub) -> Decision:
    if not event.after:
        return _no(
            event,
            Reason.BRANCH_DELETED,
            f"`{event.branch}` was deleted by {event.pusher}",
            "Restore it, and forbid deletions in the branch's ruleset.",
        )
    comparison = _compare(event, github) if event.before and not event.forced else None
    if event.forced or (event.before and (not comparison or comparison.status not in _FORWARD)):
        return _no(
            event,
            Reason.FORCED_PUSH,
            f"{event.pusher} replaced the history of `{event.branch}`",
            f"The branch was at {short_sha(event.before)}. Forbid force pushes in the branch's ruleset.",
        )
    if source := judge.containing_source(event.after, rule):
        message = f"`{source}` contains all of `{event.branch}`"
        return _yes(event, message, source, f"{event.branch}: {source}", ())
    if comparison is None:
        return _no(
            event,
            Reason.DIRECT_PUSH,
            f"{event.pusher} created `{event.branch}` at {short_sha(event.after)}, which no allowed source "
            "contains",
            f"Create it from {_sources(rule)}.",
        )
    if comparison.missing:
        return _too_many(event, len(comparison.commits) + comparison.missing)
    return _Review(event, rule, judge, github, comparison.commits).decide()


def _compare(event: PushEvent, github: GuardGitHub) -> Comparison | None:
    """Return the commits of the push; None if they share no history with the branch (GitHub: 404).

    Raises:
        AccessError: they can't be seen, which GitHub answers just so.
    """
    if comparison := github.find_comparison(event.before, event.after):
        return comparison
    for commit in (event.before, event.after):
        if not github.has_commit(commit):
            raise AccessError(
                f"the commit {short_sha(commit)} of the push to {event.branch} can't be read",
                fix="Add to the job: `permissions:` with `contents: read`.",
            )
    return None


class _Review:
    """The commits of one push, explained from newest to oldest."""

    def __init__(
        self,
        event: PushEvent,
        rule: Rule,
        judge: AncestryJudge,
        github: GuardGitHub,
        commits: tuple[ComparedCommit, ...],
    ) -> None:
        self._event, self._rule, self._judge, self._github = event, rule, judge, github
        self._commits: dict[str, ComparedCommit] = {commit.sha: commit for commit in commits}
        self._provenance = MergeProvenance(event, self._commits, github, judge.merge_cleanly)
        self._decisions: dict[int, Decision] = {}
        self._pauses = deque(PUSH_RECORD.pauses())

    def decide(self) -> Decision:
        explained: set[str] = set()
        findings: list[tuple[Decision, DecisionSubject]] = []
        for sha in reversed(self._commits):
            if sha in explained:
                continue
            decision, subject, covered = self._explain(self._commits[sha])
            explained |= {sha} | covered
            findings.append((decision, subject))
            if len(findings) >= _MOST_SUBJECTS:
                return _too_many(self._event, len(self._commits))
            if sum(not found.allowed for found, _ in findings) >= _MOST_FAULTS:
                break
        subjects = tuple(dict.fromkeys(subject for _, subject in findings))
        faults = [decision for decision, _ in findings if not decision.allowed]
        if faults:
            first = self._judge.note_missing(faults[0], self._rule)
            notices = tuple(dict.fromkeys(first.notices))
            return replace(first, target=self._event.branch, subjects=subjects, notices=notices)
        bypassed = [decision for decision, _ in findings if decision.reason is Reason.BYPASS]
        if bypassed:
            return replace(bypassed[0], target=self._event.branch, subjects=subjects)
        last = findings[0][0]
        notices = tuple(dict.fromkeys(notice for decision, _ in findings for notice in decision.notices))
        message = f"every commit pushed to `{self._event.branch}` came by an allowed way"
        yes = _yes(self._event, message, last.source, last.matched_rule, subjects)
        return replace(yes, number=last.number, notices=notices)

    def _explain(self, commit: ComparedCommit) -> tuple[Decision, DecisionSubject, set[str]]:
        """Return the decision on a commit, and the other commits that its pull request brought."""
        pull, name = self._merged_pull(commit), short_sha(commit.sha)
        if pull is None and (source := self._judge.containing_source(commit.sha, self._rule)):
            message = f"contained in `{source}`"
            matched = f"{self._event.branch}: {source}"
            subject = DecisionSubject(name=name, allowed=True, message=message, url=commit.url)
            yes = _yes(self._event, message, source, matched, ())
            return yes, subject, reachable(commit.sha, self._commits)
        while pull is None and self._pauses:
            self._github.wait(self._pauses.popleft())
            pull = self._merged_pull(commit)
        decision = self._of_pull(pull, commit) if pull else self._direct(commit)
        if pull and decision.allowed and (fault := self._provenance.find_fault(pull, commit)):
            decision, pull = self._by_hand(pull, commit, fault), None
        if pull is None:
            subject = DecisionSubject(
                name=name, allowed=decision.allowed, message=decision.message, url=commit.url
            )
            return decision, subject, set()
        subject = DecisionSubject(
            name=pull.label, allowed=decision.allowed, message=decision.message, url=pull.url or commit.url
        )
        covered = reachable(commit.parents[1], self._commits) if len(commit.parents) > 1 else set()
        return decision, subject, covered

    def _merged_pull(self, commit: ComparedCommit) -> Pull | None:
        """Return the pull request merged into this branch that made the commit; None if there is none."""
        for data in self._github.pulls_of(commit.sha):
            pull = parse_pull(data)
            here = (
                pull.base.branch == self._event.branch
                and pull.base.repository_id == self._event.repository_id
            )
            if not pull.merged or not here:
                continue
            # A merge by hand of what a pull request brought before is not that pull request's merge.
            is_merge = len(commit.parents) == 2 and commit.parents[1] == pull.head.commit
            if len(commit.parents) == 1 or (is_merge and pull.merge_commit in ("", commit.sha)):
                return pull
        return None

    def _of_pull(self, pull: Pull, commit: ComparedCommit) -> Decision:
        if pull.number not in self._decisions:
            actors = {pull.author} if pull.author else set()
            self._decisions[pull.number] = self._judge.pull(pull, actors)
        decision = self._decisions[pull.number]
        wanted = self._rule.merge_method
        fits = wanted in ("", "merge") if len(commit.parents) > 1 else wanted != "merge"
        if not decision.allowed or decision.reason is Reason.BYPASS or fits:
            return decision
        how = "merged by merge" if len(commit.parents) > 1 else "merged by squash or rebase"
        refused = wrong_method(pull, self._rule, how)
        return with_bypass(refused, self._rule, {pull.author}, self._judge.today)

    def _direct(self, commit: ComparedCommit) -> Decision:
        event = self._event
        decision = _no(
            event,
            Reason.DIRECT_PUSH,
            f"commit {short_sha(commit.sha)} by {commit.author} came to `{event.branch}` by a push of "
            f"{event.pusher}, without an allowed pull request, and isn't in {_sources(self._rule)}",
            f"Revert it or bring it in the right way. {advise(self._judge.rules, event.branch)} "
            "Require pull requests in the branch's ruleset.",
        )
        return with_bypass(decision, self._rule, {event.sender}, self._judge.today)

    def _by_hand(self, pull: Pull, commit: ComparedCommit, fault: str) -> Decision:
        """Refuse a commit that GitHub links to a pull request but didn't make."""
        event = self._event
        decision = _no(
            event,
            Reason.DIRECT_PUSH,
            f"commit {short_sha(commit.sha)} by {commit.author}, which {event.pusher} pushed to "
            f"`{event.branch}`, {fault}",
            f"Revert it, and merge on GitHub. Where there are conflicts, merge `{event.branch}` into "
            f"`{pull.source}` first and resolve them there. Require pull requests in the branch's ruleset.",
        )
        return with_bypass(decision, self._rule, {event.sender}, self._judge.today)


def _sources(rule: Rule) -> str:
    return " or ".join(f"`{source}`" for source in rule.sources)


def _too_many(event: PushEvent, count: int) -> Decision:
    return _no(
        event,
        Reason.TOO_MANY_COMMITS,
        f"the push to `{event.branch}` brings {count} commits, more than could be examined",
        "Examine it by hand; smaller promotions can be judged.",
    )


def _no(event: PushEvent, reason: Reason, message: str, fix: str) -> Decision:
    return Decision(reason=reason, message=message, fix=fix, target=event.branch)


def _yes(
    event: PushEvent, message: str, source: str, matched: str, subjects: tuple[DecisionSubject, ...]
) -> Decision:
    return Decision(
        reason=Reason.COMMITS_ALLOWED,
        message=message,
        source=source,
        target=event.branch,
        matched_rule=matched,
        subjects=subjects,
    )
