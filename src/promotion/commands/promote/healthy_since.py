"""How long an environment has been published without a failure, by the record of deployments.

That record is the word of whoever deploys: whether the cluster runs it well isn't in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from promotion.common.github_json import Json, UnexpectedAnswerError, pick
from promotion.common.text import count

_BAD = ("failure", "error")


@dataclass(frozen=True, kw_only=True)
class DeploymentStatus:
    """One entry of a deployment's record: GitHub's state, and when it was entered (UTC)."""

    state: str
    moment: datetime


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A deployment on record: its commit and its statuses, newest first."""

    commit: str
    statuses: tuple[DeploymentStatus, ...]

    @property
    def is_withdrawn(self) -> bool:
        """Whether it no longer counts: another replaced it, or it lost the race to be published."""
        return bool(self.statuses) and self.statuses[0].state == "inactive"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Why it is too early. `until` is empty if nobody knows the time."""

    reason: str
    until: datetime | None = None

    def __str__(self) -> str:
        return self.reason + (f"; that is over at {show(self.until)}" if self.until else "")


def parse_status(data: Json) -> DeploymentStatus:
    """Parse a status from the API."""
    return DeploymentStatus(
        state=pick(data, "state", str), moment=parse_moment(pick(data, "created_at", str))
    )


def parse_moment(text: str) -> datetime:
    """Parse a time from the API.

    Raises:
        UnexpectedAnswerError: it is written in another way.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnexpectedAnswerError(f"GitHub's answer has an odd date {text!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def judge_health(
    statuses: Iterable[DeploymentStatus], environment: str, after: timedelta, now: datetime
) -> Waiting | None:
    """Return whether an environment has been published without a failure for long enough.

    A failure begins the time anew; deploying the same again doesn't.

    Args:
        statuses: of the deployments of one commit, the newest first. They are read only as far as needed.

    Returns:
        What is being waited for; None if it has been.
    """
    since: datetime | None = None
    for status in statuses:
        if status.state == "inactive":  # GitHub says so of deployments that newer ones have replaced
            continue
        if status.state in _BAD and since is None:
            return Waiting(reason=f"the deployment to {environment} has failed")
        if status.state in _BAD:
            break
        if status.state != "success" and since is None:
            return Waiting(reason=f"the deployment to {environment} is under way")
        if status.state == "success":
            since = status.moment
            if since + after <= now:
                return None
    if since is None:
        return Waiting(reason=f"nobody has said yet how the deployment to {environment} went")
    reason = f"{environment} is published since {show(since)} and has to be for {describe(after)}"
    return Waiting(reason=reason, until=since + after)


def show(moment: datetime) -> str:
    """Return a time for people."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def describe(duration: timedelta) -> str:
    """Return a duration in its largest whole unit: `24 hours`, `90 minutes`."""
    seconds = int(duration.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0 and (seconds // size > 1 or size < 86_400):
            return count(seconds // size, unit)
    return count(seconds, "second")
