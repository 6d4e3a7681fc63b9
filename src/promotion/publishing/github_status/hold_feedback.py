"""The statuses of commits that are held back, whoever's run found it, and of those that no longer are."""

from __future__ import annotations

from collections.abc import Iterable

from promotion.publishing.deployment_selection import Status, status_context
from promotion.publishing.github_status.status_records import StatusWriter
from promotion.publishing.hold_outcomes import HoldOutcome


class HoldFeedback:
    """Writes the statuses of held commits; `run_url` is the page of the run that found it."""

    def __init__(self, teller: StatusWriter, environment: str, run_url: str) -> None:
        self._teller, self._environment, self._run_url = teller, environment, run_url

    def tell(self, outcomes: Iterable[HoldOutcome]) -> None:
        """Set the state of each commit, in the context of the environment."""
        statuses = [
            Status(
                repository=outcome.repository,
                commit=outcome.commit,
                state=outcome.state,
                context=status_context(self._environment),
                description=self._teller.shorten(outcome.text),
                target_url=self._run_url,
            )
            for outcome in outcomes
        ]
        if statuses:
            self._teller.report(statuses)
