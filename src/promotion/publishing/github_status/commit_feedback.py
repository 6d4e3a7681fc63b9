"""The status that answers a dispatch."""

from __future__ import annotations

from collections.abc import Callable

from promotion.common.event import PushOrigin
from promotion.publishing.deployment_selection import CommitState, Status, list_sources, status_context
from promotion.publishing.github_status.status_records import StatusWriter
from promotion.rendering.lock.lock import Lock


class CommitFeedback:
    """The status of the commit that `promotion notify` sent here.

    Whoever may dispatch may name any repository: only one that the definition is made from gets a status.
    """

    def __init__(
        self,
        teller: StatusWriter,
        origin: PushOrigin | None,
        environment: str,
        run_url: str,
        name_of: Callable[[str], str],
    ) -> None:
        self._teller, self._origin, self._name_of = teller, origin, name_of
        self._environment, self._run_url = environment, run_url
        self._is_source = False

    def learn(self, lock: Lock) -> None:
        """Note the sources of a definition, and begin if the commit's repository is among them."""
        if self._origin is None or self._is_source:
            return
        names = {self._name_of(address).casefold() for address in list_sources(lock)}
        if self._origin.repository.casefold() in names:
            self._is_source = True
            self._report(self._origin, "pending", "The manifests are being made")

    def answers(self, repository: str, commit: str) -> bool:
        """Return whether it is about this commit."""
        if self._origin is None or not self._is_source:
            return False
        return (self._origin.repository.casefold(), self._origin.commit) == (repository.casefold(), commit)

    def end(self, state: CommitState, text: str) -> None:
        """Set the final state."""
        if self._origin is None:
            return
        if self._is_source:
            self._report(self._origin, state, text)
        else:
            place = self._origin.repository
            self._teller.notice(f"No status is written to {place}: the definition isn't made from it")

    def _report(self, origin: PushOrigin, state: CommitState, text: str) -> None:
        status = Status(
            repository=origin.repository,
            commit=origin.commit,
            state=state,
            context=status_context(self._environment),
            description=self._teller.shorten(text),
            target_url=self._run_url,
        )
        self._teller.report([status])
