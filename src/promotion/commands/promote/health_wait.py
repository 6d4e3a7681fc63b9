"""Whether an environment has been published for long enough, by GitHub's record of deployments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, islice, takewhile

from promotion.commands.promote.healthy_since import Recorded, Waiting, describe, judge_health, parse_status
from promotion.commands.promote.promote_github import DeploymentsReader, PromotionHosts
from promotion.commands.promote.promotion_bundle import bundle_commits
from promotion.common.git_ids import short_sha
from promotion.common.github_json import pick
from promotion.common.text import count

_MOST = 100  # deployments to look at, each with a request


def find_waiting(
    branch: str, tip: str, environment: str, after: timedelta, hosts: PromotionHosts
) -> Waiting | None:
    """Return the reason to wait before a branch may be promoted; None if there is none.

    The newest deployment decides that wasn't withdrawn. Commits that change no manifest are never deployed:
    those on top of the deployed one have to be as old as it has to be published.
    """
    record = _read_record(environment, hosts.deployments)
    withdrawn = 0
    newest = next(record, None)
    while newest is not None and newest.is_withdrawn:
        withdrawn += 1
        newest = next(record, None)
    if newest is None:
        all_withdrawn = f"the newest {count(withdrawn, 'deployment')} to {environment} don't hold any more"
        return Waiting(reason=all_withdrawn if withdrawn else f"no deployment to {environment} is on record")
    if not newest.statuses:
        return Waiting(reason=f"nobody has said yet how the newest deployment to {environment} went")
    same = takewhile(lambda entry: entry.commit == newest.commit, chain([newest], record))
    statuses = (status for entry in same for status in entry.statuses)
    waiting = judge_health(statuses, environment, after, hosts.now)
    return waiting or _find_young(branch, tip, newest.commit, after, hosts)


def _read_record(environment: str, deployments: DeploymentsReader) -> Iterator[Recorded]:
    """Yield the deployments to an environment, newest first. Reading each one costs a request."""
    listed = (
        (pick(data, "id", int), pick(data, "sha", str))
        for data in deployments.recent(environment)
        # Asked by a repository's old name, GitHub may list those to all environments.
        if pick(data, "environment", str).casefold() == environment.casefold()
    )
    for identifier, commit in islice(listed, _MOST):
        statuses = [parse_status(data) for data in deployments.statuses(identifier)]
        newest_first = sorted(statuses, key=lambda status: status.moment, reverse=True)
        yield Recorded(commit=commit, statuses=tuple(newest_first))


def _find_young(
    branch: str, tip: str, deployed: str, after: timedelta, hosts: PromotionHosts
) -> Waiting | None:
    """Return a reason to wait if commits that were never deployed may still be too young for it."""
    if tip == deployed:
        return None
    if not hosts.github.contains(tip, deployed):
        return Waiting(reason=f"the newest deployment is of {short_sha(deployed)}, which isn't in {branch}")
    commits = bundle_commits(hosts.github.compare(deployed, tip)).shown
    moments = [commit.moment for commit in commits if commit.moment]
    if moments and max(moments) + after > hosts.now:
        reason = f"{branch} has commits that aren't deployed and not yet {describe(after)} old"
        return Waiting(reason=reason, until=max(moments) + after)
    return None
