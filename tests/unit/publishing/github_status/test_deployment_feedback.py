"""No deployment stays in progress, whatever becomes of a run's attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from promotion.errors import AccessError, SourceError
from promotion.publishing.deployment_selection import Deployment, Status, StatusMark
from promotion.publishing.github_status.deployment_feedback import DeploymentFeedback
from promotion.publishing.github_status.status_records import StatusWriter

NAMES = ("cat", "dog", "hld")


@dataclass
class FakeRecords:
    """Keeps states by id; `refused` repositories can't be written."""

    refused: frozenset[str] = frozenset()
    states: dict[int, list[str]] = field(default_factory=dict)
    made: list[Deployment] = field(default_factory=list)
    asked: int = 0

    def create(self, wanted: Sequence[Deployment]) -> list[int | SourceError]:
        return [self._create(deployment) for deployment in wanted]

    def _create(self, deployment: Deployment) -> int | SourceError:
        self.asked += 1
        if deployment.repository in self.refused:
            return AccessError("no")
        self.made.append(deployment)
        self.states[len(self.made)] = []
        return len(self.made)

    def mark(self, wanted: Sequence[tuple[str, int, StatusMark]]) -> list[SourceError | None]:
        for _, number, mark in wanted:
            self.states[number].append(mark.state)
        return [None] * len(wanted)

    def report(self, statuses: Sequence[Status]) -> Sequence[SourceError | None]:
        raise AssertionError("no status is asked for")


@dataclass
class Said:
    notices: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def warning(self, text: str) -> None:
        self.warnings.append(text)


def open_deployments(records: FakeRecords, said: Said | None = None) -> DeploymentFeedback:
    teller = StatusWriter(lambda: records, said or Said(), lambda text: text.replace("s3cret", "***"))  # type: ignore[arg-type]
    return DeploymentFeedback(teller, "https://git.test/run")


def deployment(name: str, commit: str = "a") -> Deployment:
    return Deployment(
        repository=f"acme/{name}", commit=commit * 40, environment="dev", description=f"{name} s3cret " * 30
    )


wanted = st.lists(st.builds(deployment, st.sampled_from(NAMES), st.sampled_from("abc")), max_size=4)


@given(st.lists(wanted, max_size=6), st.frozensets(st.sampled_from([f"acme/{name}" for name in NAMES])))
def test_each_ends_once(attempts: list[list[Deployment]], refused: frozenset[str]) -> None:
    records = FakeRecords(refused)
    deployments = open_deployments(records)
    for attempt in attempts:
        deployments.begin(list({each.key: each for each in attempt}.values()))
    deployments.end("success", "")
    for states in records.states.values():
        assert states in (["in_progress", "inactive"], ["in_progress", "success"])
    last = {each.key for each in attempts[-1]} if attempts else set()
    succeeded = {
        records.made[number - 1].key for number, states in records.states.items() if "success" in states
    }
    assert succeeded == {key for key in last if key[0] not in refused}
    deployments.end("failure", "")
    assert not any("failure" in states for states in records.states.values())


def test_what_can_not_be_written_is_tried_once_and_told_once() -> None:
    said = Said()
    records = FakeRecords(frozenset({"acme/cat", "acme/dog"}))
    deployments = open_deployments(records, said)
    for commit in "abc":
        deployments.begin([deployment("cat", commit), deployment("dog", commit)])
    assert records.asked == 2
    assert len(said.notices) == 1
    assert "acme/cat, acme/dog" in said.notices[0]
    assert said.warnings == []


def test_words_are_cut_after_secrets_are_hidden() -> None:
    records = FakeRecords()
    open_deployments(records).begin([deployment("cat")])
    (made,) = records.made
    assert len(made.description) == 140
    assert "s3c" not in made.description


def test_what_succeeded_is_known() -> None:
    """A commit that was published isn't failed by a newer one of its branch."""
    deployments = open_deployments(FakeRecords())
    deployments.begin([deployment("cat"), deployment("dog")])
    deployments.settle([(deployment("dog"), "failure", "why")])
    deployments.end("success", "")
    assert deployments.succeeded == {deployment("cat").key}


def test_a_failure_before_anything_was_begun() -> None:
    records = FakeRecords()
    open_deployments(records).settle([(deployment("cat"), "failure", "why")])
    assert list(records.states.values()) == [["failure"]]
