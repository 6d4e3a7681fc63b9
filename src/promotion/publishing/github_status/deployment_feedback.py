"""The deployments of one run."""

from __future__ import annotations

from collections.abc import Sequence

from promotion.errors import SourceError
from promotion.publishing.deployment_selection import Deployment, State, StatusMark
from promotion.publishing.github_status.status_records import StatusWriter


class DeploymentFeedback:
    """The deployments of a run. Open ones are in progress, and are closed before the run ends."""

    def __init__(self, teller: StatusWriter, log_url: str) -> None:
        self._teller, self._log_url = teller, log_url
        self._open: dict[tuple[str, str], tuple[Deployment, int]] = {}
        self._hopeless: set[str] = set()
        self.succeeded: set[tuple[str, str]] = set()  # keys of deployments

    @property
    def is_open(self) -> bool:
        """Whether any is in progress."""
        return bool(self._open)

    def begin(self, wanted: Sequence[Deployment]) -> None:
        """Record that these deployments are about to be published."""
        stale = [*(self._open.keys() - {deployment.key for deployment in wanted})]
        self._mark([(key, "inactive", "Not published: something newer is") for key in stale])
        for key in stale:
            del self._open[key]
        new = [
            deployment
            for deployment in wanted
            if deployment.key not in self._open and deployment.repository not in self._hopeless
        ]
        if self._create(new):
            text = "The manifests are being published"
            self._mark([(each.key, "in_progress", text) for each in new if each.key in self._open])

    def end(self, state: State, text: str, *, page: str = "") -> None:
        """Set the final state of all open deployments."""
        if state == "success":
            self.succeeded |= self._open.keys()
        self._mark([(key, state, text) for key in self._open], page=page)
        self._open.clear()

    def settle(self, outcomes: Sequence[tuple[Deployment, State, str]], *, page: str = "") -> None:
        """Record the end of some deployments before the others', with text; those that aren't open couldn't
        even start.
        """
        given = {deployment.key: deployment for deployment, _, _ in outcomes}
        self._create(
            [
                deployment
                for key, deployment in given.items()
                if key not in self._open and deployment.repository not in self._hopeless
            ]
        )
        there = [each for each in outcomes if each[0].key in self._open]
        self._mark([(deployment.key, state, text) for deployment, state, text in there], page=page)
        for key in given:
            self._open.pop(key, None)

    def _create(self, new: Sequence[Deployment]) -> bool:
        if not new:
            return False
        troubles: list[tuple[str, SourceError]] = []
        made_of = self._teller.records.create([self._teller.clean(deployment) for deployment in new])
        for deployment, made in zip(new, made_of, strict=True):
            if isinstance(made, SourceError):
                self._hopeless.add(deployment.repository)
                troubles.append((deployment.repository, made))
            else:
                self._open[deployment.key] = (deployment, made)
        self._teller.explain("No deployment is recorded", "deployments: write", troubles)
        return len(troubles) < len(new)

    def _mark(self, states: Sequence[tuple[tuple[str, str], State, str]], *, page: str = "") -> None:
        if not states:
            return
        wanted = []
        for key, state, text in states:
            deployment, number = self._open[key]
            mark = StatusMark(
                state=state,
                description=self._teller.shorten(text),
                environment_url=page if state == "success" else "",
                log_url=self._log_url,
            )
            wanted.append((deployment.repository, number, mark))
        outcomes = self._teller.records.mark(wanted)
        troubles = [(place, error) for (place, _, _), error in zip(wanted, outcomes, strict=True) if error]
        self._teller.explain("A deployment's state isn't recorded", "deployments: write", troubles)
