"""Promotion rules: which branch may be promoted to which. Pure: the day and the facts are passed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

from promotion.common.branch_patterns import is_pattern, matches
from promotion.common.github_json import Pull
from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import say
from promotion.common.promotion_rules.decision import Decision, Reason


@dataclass(frozen=True, kw_only=True)
class Source:
    """A place from which a target may be promoted.

    `branch` is a name or a pattern. With an `owner` it means branches of that owner's forks, without
    one those of this repository and of no other.
    """

    branch: str
    owner: str = ""
    require_ancestry: bool = True

    def __str__(self) -> str:
        return f"{self.owner}:{self.branch}" if self.owner else self.branch

    @property
    def is_exact(self) -> bool:
        """Whether it is one branch of this repository."""
        return not self.owner and not is_pattern(self.branch)


@dataclass(frozen=True, kw_only=True)
class Bypass:
    """An exception to a rule: for whom, why, and until which day (UTC); None means for ever."""

    actors: tuple[str, ...]
    reason: str
    until: date | None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What may be promoted to one target. `merge_method` is empty if any will do."""

    target: str
    sources: tuple[Source, ...]
    merge_method: str = ""
    bypasses: tuple[Bypass, ...] = ()

    def match(self, pull: Pull) -> Source | None:
        """Return the source that covers the pull request's head, an exact one first."""
        for source in sorted(self.sources, key=lambda source: not source.is_exact):
            if source.owner:
                of_fork = pull.is_fork and pull.head.owner.lower() == source.owner.lower()
                if of_fork and matches(source.branch, pull.head.branch):
                    return source
            elif not pull.is_fork and matches(source.branch, pull.head.branch):
                return source
        return None


Rules = Mapping[str, Rule]

DEFAULT_RULES_FILE = ".github/promotion.yml"
DEFAULT_CHECK = "promotion: {target}"  # the name of the required check
DEFAULT_RULES: Rules = {
    "stage": Rule(target="stage", sources=(Source(branch="dev"),)),
    "prod": Rule(target="prod", sources=(Source(branch="stage"),)),
}


def promotion_path(rules: Rules, target: str) -> tuple[str, ...]:
    """Return the branches that a change passes on its way to the target: `dev, stage, prod`."""
    path = [target]
    while rule := rules.get(path[0]):
        before = next((source.branch for source in rule.sources if source.is_exact), "")
        if not before or before in path:
            break
        path.insert(0, before)
    return tuple(path)


def advise(rules: Rules, target: str, source: str = "") -> str:
    """Return the branch against which the pull request should be opened instead."""
    path = promotion_path(rules, target)
    if len(path) == 1:
        allowed = ", ".join(f"`{entry}`" for entry in rules[target].sources) if target in rules else ""
        return f"Only {allowed} may be merged into `{target}`." if allowed else ""
    start = path.index(source) + 1 if source in path[:-1] else 0
    onward = ", then ".join(f"to `{branch}`" for branch in path[start + 1 :])
    then = f"; from there it is promoted {onward}" if onward else ""
    return f"Open this pull request against `{path[start]}`{then}."


def judge_pull(pull: Pull, rules: Rules, *, unlisted_allowed: bool) -> tuple[Decision, Source | None]:
    """Decide by names, repositories and merge method alone.

    Returns:
        The decision, and the source whose ancestry is still to be proved before a yes holds.
    """
    rule = rules.get(pull.base.branch)
    if pull.head.repository_id is None:
        return _no(
            pull,
            Reason.HEAD_REPOSITORY_DELETED,
            f"the repository that {pull.label} comes from is gone",
            "Push the branch to this repository and open a new pull request.",
        ), None
    if rule is None:
        return unlisted(pull.base.branch, rules, allowed=unlisted_allowed, pull=pull), None
    source = rule.match(pull)
    if source is None:
        return _refuse_source(pull, rules), None
    planned = pull.auto_merge_method
    if rule.merge_method and planned and planned != rule.merge_method and not pull.merged:
        return wrong_method(pull, rule, f"set to be merged by {planned}"), None
    decision = Decision(
        reason=Reason.RULE_MATCHED,
        message=f"{pull.label} from `{pull.source}` may be merged into `{rule.target}`",
        source=pull.source,
        target=rule.target,
        matched_rule=f"{rule.target}: {source}",
        number=pull.number,
        notices=_notices(rule, rules, pull),
    )
    return decision, source if source.require_ancestry else None


def _notices(rule: Rule, rules: Rules, pull: Pull) -> tuple[str, ...]:
    path = promotion_path(rules, rule.target)
    notices = []
    if len(path) > 1 and pull.source not in path:
        first = path[0]
        notices.append(
            f"This goes around `{path[-2]}`. Merge `{rule.target}` back into `{first}` afterwards, or the "
            "next promotion undoes it."
        )
    if rule.merge_method and not pull.merged:
        notices.append(f"Merge it by `{rule.merge_method}`, as the rule for `{rule.target}` asks.")
    return tuple(notices)


def _refuse_source(pull: Pull, rules: Rules) -> Decision:
    target = pull.base.branch
    if pull.is_fork:
        return _no(
            pull,
            Reason.FORK_NOT_ALLOWED,
            f"{pull.label} comes from the fork {pull.head.repository}, and the rule for `{target}` allows "
            "branches of this repository only",
            f"To allow the fork, add `{pull.source}` to the rule for `{target}`.",
        )
    return _no(
        pull,
        Reason.SOURCE_NOT_ALLOWED,
        f"`{pull.head.branch}` may not be merged into `{target}`",
        advise(rules, target, pull.head.branch),
    )


def wrong_method(pull: Pull, rule: Rule, what: str) -> Decision:
    """Refuse a pull request that is merged in another way than its rule asks for."""
    return _no(
        pull,
        Reason.WRONG_MERGE_METHOD,
        f"{pull.label} is {what}, but `{rule.target}` takes `{rule.merge_method}` only",
        "Squash and rebase make new commits, so that the source no longer contains what the target has. "
        f"Merge by `{rule.merge_method}`, and allow only this method in the branch's ruleset.",
    )


def unlisted(target: str, rules: Rules, *, allowed: bool, pull: Pull | None = None) -> Decision:
    """Return the decision for a target that no rule names."""
    known = ", ".join(f"`{name}`" for name in rules) or "none"
    return Decision(
        reason=Reason.UNLISTED_ALLOWED if allowed else Reason.UNLISTED_DENIED,
        message=f"no rule names `{target}`" + ("" if allowed else ", and branches without a rule are denied"),
        fix=""
        if allowed
        else say("Add a rule for it, or set {unlisted: allow}. Targets with a rule: {}.", known),
        source=pull.source if pull else "",
        target=target,
        number=pull.number if pull else None,
        notices=(f"No rule names `{target}`, so anything may be merged into it.",) if allowed else (),
    )


def _no(pull: Pull, reason: Reason, message: str, fix: str) -> Decision:
    return Decision(
        reason=reason,
        message=message,
        fix=fix,
        source=pull.source,
        target=pull.base.branch,
        number=pull.number,
    )


# A bypass is for what the rules forbid, not for what couldn't be seen or was asked of another state.
_BYPASSABLE = frozenset(
    {
        Reason.SOURCE_NOT_ALLOWED,
        Reason.FORK_NOT_ALLOWED,
        Reason.SOURCE_MISSING,
        Reason.NOT_CONTAINED,
        Reason.WRONG_MERGE_METHOD,
        Reason.DIRECT_PUSH,
        Reason.FORCED_PUSH,
        Reason.BRANCH_DELETED,
    }
)


def with_bypass(decision: Decision, rule: Rule | None, actors: Collection[str], today: date) -> Decision:
    """Return the decision, allowed if a bypass names every one of the actors.

    Args:
        actors: who opened it and who triggered the event. All must be named, so that nobody can push
            onto a bot's branch under the bot's name.
        today: the day in UTC; a bypass holds to the end of its last day.
    """
    if rule is None or decision.reason not in _BYPASSABLE or not actors:
        return decision
    wanted = {actor.lower() for actor in actors}
    for bypass in rule.bypasses:
        if not wanted <= {actor.lower() for actor in bypass.actors}:
            continue
        if bypass.until is not None and today > bypass.until:
            expired = f"The bypass for {', '.join(sorted(wanted))} ended on {bypass.until}."
            decision = replace(decision, notices=(*decision.notices, expired))
            continue
        until = f" until {bypass.until}" if bypass.until else ""
        return replace(
            decision,
            reason=Reason.BYPASS,
            message=f"{decision.message}, but {', '.join(sorted(wanted))} may{until}: {bypass.reason}",
            fix="",
            matched_rule=f"{rule.target}: bypass",
        )
    return decision
