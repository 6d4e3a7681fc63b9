"""Judge a merge queue's group: each of its pull requests. Deny it if one can't be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from promotion.commands.guard.ancestry import AncestryJudge
from promotion.commands.guard.guard_event import GroupEvent
from promotion.common.commit_comparison import ComparedCommit, mainline, reachable, read_pull_number
from promotion.common.git_ids import short_sha
from promotion.common.github_json import Pull, parse_pull
from promotion.common.promotion_rules.decision import Decision, DecisionSubject, Reason
from promotion.common.promotion_rules.rules import unlisted, with_bypass, wrong_method
from promotion.common.promotion_rules.rules_github import GuardGitHub


def judge_group(event: GroupEvent, judge: AncestryJudge, github: GuardGitHub) -> Decision:
    """Decide on a merge group.

    The queue adds to the base one merge commit (or one squashed commit) for each pull request, so the
    first-parent chain of `base_sha..head_sha` names them all. A queue that rebases makes commits that
    can't be traced; such a group is denied unless each pull request has one commit.
    """
    if event.base not in judge.rules:
        decision = unlisted(event.base, judge.rules, allowed=judge.unlisted_allowed)
        return replace(decision, number=event.number)
    comparison = github.find_comparison(event.base_commit, event.head_commit)
    if comparison is None:
        shown = f"{short_sha(event.base_commit)}..{short_sha(event.head_commit)}"
        return _unresolved(event, f"{shown} can't be seen")
    if comparison.missing:
        total = len(comparison.commits) + comparison.missing
        message = f"the group has {total} commits, more than could be examined"
        return _no(event, Reason.TOO_MANY_COMMITS, message, "Let the queue build smaller groups.")
    if comparison.status != "ahead":
        return _unresolved(event, f"its head isn't on top of {short_sha(event.base_commit)}")
    commits = {commit.sha: commit for commit in comparison.commits}
    return _judge_chain(event, judge, github, commits)


def _judge_chain(
    event: GroupEvent, judge: AncestryJudge, github: GuardGitHub, commits: Mapping[str, ComparedCommit]
) -> Decision:
    decisions: dict[int, Decision] = {}
    subjects: list[DecisionSubject] = []
    explained: set[str] = set()
    for commit in mainline(event.head_commit, commits):
        number = event.number if commit.sha == event.head_commit else _number(commit, event, github)
        if number is None or number in decisions:
            return _unresolved(
                event, f"commit {short_sha(commit.sha)} of {commit.author} names no pull request of its own"
            )
        pull = parse_pull(github.pull(number))
        decisions[number] = _judge_one(pull, commit, event, judge)
        subjects.append(
            DecisionSubject(
                name=pull.label,
                allowed=decisions[number].allowed,
                message=decisions[number].message,
                url=pull.url,
            )
        )
        explained.add(commit.sha)
        for parent in commit.parents[1:]:
            explained |= reachable(parent, commits)
    if unexplained := commits.keys() - explained:
        return _unresolved(event, f"commit {short_sha(min(unexplained))} belongs to no pull request in it")
    for decision in decisions.values():
        if not decision.allowed:
            return replace(decision, target=event.base, number=event.number, subjects=tuple(subjects))
    last = decisions[event.number]
    return Decision(
        reason=Reason.GROUP_ALLOWED,
        message=f"every pull request in the merge group for `{event.base}` is allowed",
        source=last.source,
        target=event.base,
        matched_rule=last.matched_rule,
        number=event.number,
        subjects=tuple(subjects),
        notices=tuple(dict.fromkeys(note for decision in decisions.values() for note in decision.notices)),
    )


def _number(commit: ComparedCommit, event: GroupEvent, github: GuardGitHub) -> int | None:
    """Return a commit's pull request: by GitHub's own message, else the only open one."""
    if (number := read_pull_number(commit)) is not None:
        return number
    found = {
        pull.number
        for pull in map(parse_pull, github.pulls_of(commit.sha))
        if not pull.merged and pull.base.branch == event.base
    }
    return found.pop() if len(found) == 1 else None


def _judge_one(pull: Pull, commit: ComparedCommit, event: GroupEvent, judge: AncestryJudge) -> Decision:
    """Judge one pull request of the group. The commit must be the merge of just its head."""
    if pull.base.branch != event.base:
        message = f"{pull.label} is in the group for `{event.base}`, but targets `{pull.base.branch}`"
        return _no(event, Reason.BASE_CHANGED, message, "Take it out of the queue and add it again.")
    if len(commit.parents) > 1 and commit.parents[1:] != (pull.head.commit,):
        head = short_sha(pull.head.commit)
        message = f"the group merges another commit than the head {head} of {pull.label}"
        return _no(event, Reason.HEAD_CHANGED, message, "Take it out of the queue and add it again.")
    actors = {pull.author} if pull.author else set()
    decision = judge.pull(pull, actors)
    rule = judge.rules[event.base]
    fits = rule.merge_method in ("", "merge") if len(commit.parents) > 1 else rule.merge_method != "merge"
    if not decision.allowed or decision.reason is Reason.BYPASS or fits:
        return decision
    how = "merged by merge" if len(commit.parents) > 1 else "merged by squash or rebase"
    return with_bypass(wrong_method(pull, rule, how), rule, actors, judge.today)


def _unresolved(event: GroupEvent, what: str) -> Decision:
    return _no(
        event,
        Reason.UNRESOLVED_GROUP,
        f"the merge group of pull request #{event.number} can't be resolved: {what}",
        "Let the queue merge (or squash) pull requests; a queue that rebases leaves no trace of them.",
    )


def _no(event: GroupEvent, reason: Reason, message: str, fix: str) -> Decision:
    return Decision(reason=reason, message=message, fix=fix, target=event.base, number=event.number)
