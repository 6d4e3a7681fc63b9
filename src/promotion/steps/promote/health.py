"""Whether an environment has been healthy for long enough, by GitHub's deployment record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

from promotion.core.promote.bundle import parse_comparison
from promotion.core.promote.health import (
    Recorded,
    Status,
    Waiting,
    describe,
    judge_health,
    parse_deployment,
    parse_status,
)
from promotion.steps.promote.hosting import Deployments, Hosts


def find_waiting(branch: str, tip: str, environment: str, after: timedelta, hosts: Hosts) -> Waiting | None:
    """What is to be waited for before a branch may be promoted; None if nothing is.

    The newest deployment decides. Commits that changed no manifest are never deployed: those on top of the
    deployed one have to be as old as it has to be healthy.
    """
    found = [parse_deployment(entry) for entry in hosts.deployments.list(environment)]
    if not found:
        return Waiting(reason=f"no deployment to {environment} is on record")
    newest = max(found, key=lambda entry: entry.identifier)
    chain = takewhile(
        lambda entry: entry.commit == newest.commit,
        sorted(found, key=lambda entry: entry.identifier, reverse=True),
    )
    waiting = judge_health(_statuses(chain, hosts.deployments), environment, after, hosts.now)
    return waiting or _find_young(branch, tip, newest.commit, after, hosts)


def _statuses(chain: Iterator[Recorded], deployments: Deployments) -> Iterator[Status]:
    for entry in chain:
        statuses = [parse_status(data) for data in deployments.statuses(entry.identifier)]
        yield from sorted(statuses, key=lambda status: status.moment, reverse=True)


def _find_young(branch: str, tip: str, deployed: str, after: timedelta, hosts: Hosts) -> Waiting | None:
    """Whether commits that were never deployed are too young to be taken for such without effect."""
    if tip == deployed:
        return None
    if not hosts.github.contains(tip, deployed):
        return Waiting(reason=f"the newest deployment is of {deployed[:7]}, which isn't in {branch}")
    commits = parse_comparison(hosts.github.compare(deployed, tip)).shown
    moments = [commit.moment for commit in commits if commit.moment]
    if moments and max(moments) + after > hosts.now:
        reason = f"{branch} has commits that aren't deployed and not yet {describe(after)} old"
        return Waiting(reason=reason, until=max(moments) + after)
    return None
