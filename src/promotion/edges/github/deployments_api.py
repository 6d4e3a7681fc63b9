"""GitHub's deployments and commit statuses: written for many repositories at once, in bounded time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from promotion.common.phrases import say
from promotion.edges.github.api_answers import Api, Json, read_map, read_maps, read_number
from promotion.edges.github.github_client import GitHubClient
from promotion.errors import AccessError, PromotionError, SourceError
from promotion.publishing.deployment_selection import Deployment, Status, StatusMark

_T = TypeVar("_T")
_DEPLOYMENTS = "deployments: write"
_READ = "deployments: read"
_STATUSES = "statuses: write"
_AT_ONCE = 4  # requests; GitHub slows down those who send more


class DeploymentsApi(Api):
    """The deployments and commit statuses of one repository."""

    def create(self, deployment: Deployment) -> int:
        """Create a deployment, whatever other checks say of its commit; gives its id."""
        body = {
            "ref": deployment.commit,
            "environment": deployment.environment,
            "description": deployment.description,
            "payload": dict(deployment.payload),
            "auto_merge": False,
            "required_contexts": [],
        }
        answer = self._session.write("POST", self._at("/deployments"), _DEPLOYMENTS, body)
        return read_number(read_map(answer), "id")

    def mark(self, identifier: int, mark: StatusMark) -> None:
        """Set a deployment's state."""
        texts = {
            "description": mark.description,
            "log_url": mark.log_url,
            "environment_url": mark.environment_url,
        }
        body = {"state": mark.state, **{name: text for name, text in texts.items() if text}}
        self._session.write("POST", self._at(f"/deployments/{identifier}/statuses"), _DEPLOYMENTS, body)

    def recent(self, environment: str) -> Iterator[Json]:
        """Yield the deployments to an environment, the newest first; each page is asked for when it is
        needed.
        """
        asked = {"environment": environment}
        for page in self._session.pages(self._at("/deployments"), _READ, asked, whole=False):
            yield from read_maps([page])

    def statuses(self, identifier: int) -> Sequence[Json]:
        """Return what was said of a deployment."""
        return read_maps(self._session.pages(self._at(f"/deployments/{identifier}/statuses"), _READ))

    def report(self, status: Status) -> None:
        """Set a commit's status."""
        body = {"state": status.state, "context": status.context, "description": status.description}
        if status.target_url:
            body["target_url"] = status.target_url
        self._session.write("POST", self._at(f"/statuses/{status.commit}"), _STATUSES, body)


class DeploymentRecords:
    """Writes what `status_records.StatusApi` says, and never waits longer than `patience`.

    Args:
        open_session: makes a session; each of the threads has its own.
        patience: seconds for each call, whatever it has to do.
    """

    def __init__(self, open_session: Callable[[], GitHubClient], *, patience: float = 10.0) -> None:
        self._open, self._patience = open_session, patience

    def create(self, wanted: Sequence[Deployment]) -> list[int | SourceError]:
        """Create deployments; gives their ids, in order, or why there is none.

        One that comes too late is withdrawn, for nobody else knows of it.
        """
        is_late = threading.Event()
        try:
            return self._try_all([partial(_create, deployment, is_late) for deployment in wanted])
        finally:
            is_late.set()

    def mark(self, wanted: Sequence[tuple[str, int, StatusMark]]) -> list[SourceError | None]:
        """Set the states of deployments, by repository and id; gives what went wrong, in order."""
        return self._try_all([partial(_mark, *each) for each in wanted])

    def report(self, statuses: Sequence[Status]) -> list[SourceError | None]:
        """Set commits' statuses; gives what went wrong, in order."""
        return self._try_all([partial(_report, status) for status in statuses])

    def _try_all(self, jobs: Sequence[Callable[[GitHubClient], _T]]) -> list[_T | SourceError]:
        """Return the outcomes of jobs, in order; those that aren't done in time are errors."""
        late = SourceError(f"GitHub's API took longer than {self._patience:g} s")
        outcomes: list[_T | SourceError] = [late] * len(jobs)
        waiting = deque(enumerate(jobs))

        def work() -> None:
            session: GitHubClient | None = None
            while waiting:
                try:
                    number, job = waiting.popleft()
                except IndexError:  # another thread was faster
                    return
                try:
                    session = session or self._open()
                    outcomes[number] = job(session)
                except SourceError as error:
                    outcomes[number] = error
                except PromotionError as error:
                    outcomes[number] = SourceError(error.what)
                except Exception as error:  # nobody but us looks at a thread's end
                    outcomes[number] = SourceError(f"the request couldn't be made ({type(error).__name__})")

        # Daemons: a request that hangs must not keep the process from ending.
        threads = [threading.Thread(target=work, daemon=True) for _ in jobs[:_AT_ONCE]]
        end = time.monotonic() + self._patience
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join(max(0.0, end - time.monotonic()))
        finally:
            waiting.clear()  # whoever cancels the run wants no more of it
        return list(outcomes)


def _create(deployment: Deployment, is_late: threading.Event, session: GitHubClient) -> int:
    deployments = DeploymentsApi(session, deployment.repository)
    identifier = deployments.create(deployment)
    if is_late.is_set():
        deployments.mark(identifier, StatusMark(state="inactive", description="GitHub answered too late"))
    return identifier


def _mark(repository: str, identifier: int, mark: StatusMark, session: GitHubClient) -> None:
    DeploymentsApi(session, repository).mark(identifier, mark)


def _report(status: Status, session: GitHubClient) -> None:
    DeploymentsApi(session, status.repository).report(status)


_CONTENTS = "contents: write"


class DispatchesApi(Api):
    """The `repository_dispatch` events of one repository."""

    def send(self, event_type: str, client_payload: Mapping[str, str]) -> None:
        """Send an event, which starts the workflows of the default branch that wait for its type.

        Raises:
            AccessError: the token may not.
            SourceError: GitHub doesn't take it, or doesn't answer.
        """
        body = {"event_type": event_type, "client_payload": dict(client_payload)}
        try:
            self._session.write("POST", self._at("/dispatches"), _CONTENTS, body)
        except AccessError as error:
            fix = say(
                "Give {token} one with `{}` on {}, a fine-grained or a GitHub App's: the job's "
                "own is for its own repository.",
                _CONTENTS,
                self._repository,
            )
            raise AccessError(error.what, fix=fix) from None
