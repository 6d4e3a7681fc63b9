"""One run: open, update or close the one pull request of the pair."""

from __future__ import annotations

from dataclasses import replace

from promotion.commands.promote.health_wait import find_waiting
from promotion.commands.promote.manifest_comparison import read_manifests
from promotion.commands.promote.outcome import PromotionOutcome, State
from promotion.commands.promote.promote_github import PromotionHosts
from promotion.commands.promote.promote_request import Pair, PromoteRequest, choose_pair
from promotion.commands.promote.promotion_bundle import Bundle, Commits, bundle_commits
from promotion.commands.promote.pull_body import (
    build_title,
    close_body,
    is_closed_by_us,
    is_ours,
    update_body,
    update_title,
)
from promotion.common.backoff import OTHER_PROMOTION
from promotion.common.event import NothingToDo
from promotion.common.github_json import PullSummary, pick, require_field
from promotion.common.nearest_names import describe_branches, find_nearest
from promotion.common.phrases import ask_for_right, say
from promotion.common.promotion_rules.rules import Rules
from promotion.common.promotion_rules.rules_file import load_rules
from promotion.errors import AccessError, SourceError


def promote_environment(request: PromoteRequest, hosts: PromotionHosts) -> PromotionOutcome:
    """Bring the pull request of a promotion up to date. Open or close it where necessary.

    Raises:
        UsageError: it isn't clear what is to be promoted to what.
        AccessError: the token lacks a right, or a branch isn't there.
        PromotionError: the rules are malformed, or GitHub can't be asked.
    """
    rules = load_rules(hosts.github, _find_ref(request, hosts))
    pair = choose_pair(request, rules)
    if isinstance(pair, NothingToDo):
        return PromotionOutcome(state="nothing", reason=pair.reason)
    if pair.warning:
        hosts.warn(f"{pair.warning}.")
    promotion = _Promotion(request, pair, rules, hosts)
    outcome = OTHER_PROMOTION.poll(promotion.attempt, hosts.github.wait)
    if outcome is not None:
        return replace(outcome, dry_run=request.dry_run)
    raise SourceError(
        f"GitHub says that there is a pull request from {pair.source} to {pair.target}, but doesn't list it",
        fix="Run it again.",
    )


def _find_ref(request: PromoteRequest, hosts: PromotionHosts) -> str:
    """Return the commit whose rules apply: the target's, as for the guard, if it is known."""
    branch = request.target or pick(hosts.github.repository(), "default_branch", str)
    return _require_tip(branch, request.repository, hosts)


class _Promotion:
    """The promotion of one pair of branches."""

    def __init__(self, request: PromoteRequest, pair: Pair, rules: Rules, hosts: PromotionHosts) -> None:
        self._request, self._pair, self._rules, self._hosts = request, pair, rules, hosts

    def attempt(self) -> PromotionOutcome | None:
        """Return the outcome; None if another run was faster."""
        pair, hosts = self._pair, self._hosts
        target = _require_tip(pair.target, self._request.repository, hosts)
        source = _require_tip(pair.source, self._request.repository, hosts)
        commits = bundle_commits(hosts.github.compare(target, source))
        found = hosts.pulls.find_open(pair.source, pair.target)
        plain = PromotionOutcome(
            state="nothing",
            source=pair.source,
            target=pair.target,
            commits=commits.count,
            reason=f"{pair.target} has everything that {pair.source} has",
            number=found.number if found else None,
            url=found.url if found else "",
        )
        if not commits.count:
            return self._close(plain, found)
        waiting = self._find_waiting(source)
        if waiting:
            plain = replace(plain, state="waiting", reason=waiting)
        if waiting and not found:
            return plain
        if not found and (declined := self._find_declined(source)):
            return replace(plain, state="declined", number=declined.number, url=declined.url)
        bundle = self._bundle(commits, waiting)
        return self._update(plain, found, bundle) if found else self._open(plain, bundle)

    def _find_declined(self, tip: str) -> PullSummary | None:
        """Return a pull request that somebody closed unmerged, if the source has nothing new since.

        Who it was isn't asked, since the token may lack `issues: read`; but it was none of our runs.
        """
        closed = self._hosts.pulls.find_last_closed(self._pair.source, self._pair.target)
        if closed is None or closed.is_merged or is_closed_by_us(closed.body):
            return None
        head = require_field(closed.head_commit, "head.sha")
        return closed if tip == head or self._hosts.github.contains(head, tip) else None

    def _find_waiting(self, tip: str) -> str:
        if self._request.after is None:
            return ""
        branch = self._pair.source
        environment = self._request.environment(branch)
        return str(find_waiting(branch, tip, environment, self._request.after, self._hosts) or "")

    def _bundle(self, commits: Commits, waiting: str) -> Bundle:
        pair = self._pair
        environments = self._request.environment(pair.source), self._request.environment(pair.target)
        rule = self._rules.get(pair.target)
        return Bundle(
            source=pair.source,
            target=pair.target,
            environments=environments,
            commits=commits,
            manifests=read_manifests(self._request, *environments, self._hosts),
            merge_method=rule.merge_method if rule else "",
            waiting=waiting,
        )

    def _open(self, plain: PromotionOutcome, bundle: Bundle) -> PromotionOutcome | None:
        title, body = build_title(bundle), update_body("", bundle, opened=True)
        outcome = replace(plain, state="opened", title=title, body=body)
        if self._request.dry_run:
            return outcome
        made = self._hosts.pulls.create(head=bundle.source, base=bundle.target, title=title, body=body)
        if made is None:
            return None
        return replace(outcome, number=made.number, url=made.url)

    def _update(self, plain: PromotionOutcome, found: PullSummary, bundle: Bundle) -> PromotionOutcome:
        # GitHub's editor ends lines with `\r\n`.
        old = found.title, found.body.replace("\r\n", "\n")
        title, body = update_title(old[0], bundle), update_body(old[1], bundle)
        changed = (title, body) != old
        if changed and not self._request.dry_run:
            self._hosts.pulls.edit(found.number, title=title, body=body)
        done: State = "updated" if changed else "unchanged"
        return replace(plain, state="waiting" if bundle.waiting else done, title=title, body=body)

    def _close(self, plain: PromotionOutcome, found: PullSummary | None) -> PromotionOutcome:
        """Close the pull request that we opened, as nothing is left to promote; leave other people's open."""
        body = found.body if found else ""
        if found is None or not is_ours(body):
            return plain
        closed = replace(plain, state="closed", body=close_body(body, f"Closed: {plain.reason}."))
        if not self._request.dry_run:
            self._hosts.pulls.close(found.number, body=closed.body)
        return closed


def _require_tip(branch: str, repository: str, hosts: PromotionHosts) -> str:
    tip = hosts.github.tip(branch)
    if tip is not None:
        return tip
    branches = [name for name, _ in hosts.github.branches("")]
    if near := find_nearest(branch, branches):
        fix = f"Did you mean {near!r}?"
    elif branches:
        fix = f"Create it from the commit that runs there: `git push origin COMMIT:refs/heads/{branch}`."
    else:
        fix = say("Push a first commit; or if there is one: {}", ask_for_right("contents: read"))
    raise AccessError(f"{repository} has no branch {branch}; {describe_branches(branches)}", fix=fix)
