"""Report a run to GitHub. Nothing here ever fails the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from promotion.common.event import Event
from promotion.common.git_ids import abbreviate, commit_url
from promotion.common.lazy_dataclass import dataclass
from promotion.common.text import count
from promotion.errors import PromotionError
from promotion.publishing.deployment_selection import Deployment, select
from promotion.publishing.github_status.commit_feedback import CommitFeedback
from promotion.publishing.github_status.deployment_feedback import DeploymentFeedback
from promotion.publishing.github_status.hold_feedback import HoldFeedback
from promotion.publishing.github_status.status_records import StatusWriter
from promotion.publishing.hold_outcomes import HoldOutcome, list_outcomes
from promotion.publishing.manifest_change import ManifestChange
from promotion.publishing.report import Report
from promotion.rendering.lock.lock import Lock


@dataclass(frozen=True, kw_only=True)
class StatusSubject:
    """The subject of a run: the event that started it, and the branch of the manifests.

    `deployments` says whether to record them, `answers` whether a dispatch gets an answer.
    """

    event: Event
    environment: str
    branch: str
    deployments: bool
    answers: bool


class StatusReporter:
    """Reports to GitHub what becomes of a change.

    Args:
        subject: what it is about.
        teller: how.
        name_of: gives `owner/name` for the address of a repository on this GitHub, else an empty text.
    """

    def __init__(self, subject: StatusSubject, teller: StatusWriter, name_of: Callable[[str], str]) -> None:
        self._subject, self._teller, self._name_of = subject, teller, name_of
        event = subject.event
        self._deployments = DeploymentFeedback(teller, event.run_url)
        origin = event.dispatched if subject.answers else None
        self._feedback = CommitFeedback(teller, origin, subject.environment, event.run_url, name_of)
        self._holds = HoldFeedback(teller, subject.environment, event.run_url)
        self._outcomes: Sequence[HoldOutcome] = ()
        self._is_published = False

    def learn(self, lock: Lock) -> None:
        """Note the sources of the definition, now or earlier."""
        self._feedback.learn(lock)

    def begin(
        self,
        change: ManifestChange,
        *,
        manifests: str,
        origins: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """Report that the change is about to be published to the repository at this address.

        Args:
            origins: the source and revision of each part, as far as they are known.
        """
        if not self._subject.deployments:
            return
        self._outcomes = list_outcomes(change.old_lock, change.lock, origins or {}, self._name_of)
        if not change.components and change.lock.held != change.old_lock.held:
            return  # nothing is deployed
        selection = select(
            change.components,
            change.old_lock,
            change.lock,
            self._subject.event,
            manifests=(manifests, self._subject.branch),
            name_of=self._name_of,
        )
        if selection.left_out:
            self._teller.notice(
                f"no deployment for {count(selection.left_out, 'more repository', 'more repositories')}, "
                "since too many change at once"
            )
        self._deployments.begin(selection.deployments)

    def publish(self, commit: str, *, manifests: str) -> None:
        """Report that the change is published as this commit of the repository at this address."""
        self._is_published = True
        page = commit_url(manifests, commit)
        published = f"Published as {abbreviate(commit)}"
        self._deployments.settle(
            [
                (self._make_deployment(each), each.state, each.text if each.state == "failure" else published)
                for each in self._outcomes
            ],
            page=page,
        )
        self._holds.tell(
            each for each in self._outcomes if not self._feedback.answers(each.repository, each.commit)
        )
        self._deployments.end("success", published, page=page)

    def end(self, report: Report) -> None:
        """Report the end of the run."""
        self._deployments.end("inactive", "Another run has published this, or something newer")
        origin = self._subject.event.origin
        guilty = next((each for each in report.held if each.is_of(origin.repository)), None)
        if guilty is not None:
            text = f"Held back: {guilty.reason}"
            # What lasts was recorded by the run that wrote it to the lock.
            is_recorded = not guilty.is_passing and guilty.revision == origin.commit
            own = None if is_recorded else self._name_own()
            if own and own.key not in self._deployments.succeeded:  # something newer may be what fails
                self._deployments.settle([(own, "failure", text)])
            self._feedback.end("failure", text)
            return
        text = "There was nothing to change"
        if report.pull_request:
            text = f"Pull request #{report.pull_request.number} is {report.pull_request.state}"
        elif report.commit:
            text = f"Published as {abbreviate(report.commit)}"
        self._feedback.end("success", f"{report.environment}: {text}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Report an error that ends the block."""
        try:
            yield
        except PromotionError as error:
            self.fail(error.what)
            raise
        except BaseException:
            self.break_off()
            raise

    def fail(self, text: str) -> None:
        """Report that the run failed for a reason that the user can fix."""
        if self._deployments.is_open:
            self._deployments.end("failure", text)
        elif own := self._find_own():
            self._deployments.settle([(own, "failure", text)])
        self._feedback.end("failure", text)

    def break_off(self) -> None:
        """Report that the run ended early: it was cancelled or hit a bug."""
        text = "The run was cancelled, or broke; see its log"
        self._deployments.end("error", text)
        self._feedback.end("error", text)

    def _find_own(self) -> Deployment | None:
        """Return the deployment that the push which started the run would have made."""
        return None if self._is_published else self._name_own()

    def _make_deployment(self, outcome: HoldOutcome) -> Deployment:
        environment = self._subject.environment
        published = "not published" if outcome.state == "failure" else "published"
        return Deployment(
            repository=outcome.repository,
            commit=outcome.commit,
            environment=environment,
            description=f"{environment}: {outcome.part} {published}",
        )

    def _name_own(self) -> Deployment | None:
        subject, event = self._subject, self._subject.event
        if not subject.deployments or event.name != "push" or not event.commit:
            return None
        return Deployment(
            repository=event.repository,
            commit=event.commit,
            environment=subject.environment,
            description=f"{subject.environment}: not published",
        )
