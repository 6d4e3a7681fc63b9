"""Many records at once, in bounded time, and nothing that goes wrong gets out."""

from __future__ import annotations

import threading
import time
from typing import Any

from promotion.edges.github.deployments_api import DeploymentRecords
from promotion.errors import AccessError, SourceError, UsageError
from promotion.publishing.deployment_selection import Deployment, StatusMark

ONE = Deployment(repository="acme/cat", commit="a" * 40, environment="dev", description="")
MANY = [
    Deployment(repository=f"acme/app-{number}", commit="a" * 40, environment="dev", description="")
    for number in range(20)
]


class Session:
    """Answers with the number in the repository's name."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.gate = gate
        self.sent: list[str] = []

    def write(self, verb: str, path: str, need: str, body: Any) -> Any:
        self.sent.append(path)
        if path == "/repos/acme/app-7/deployments":
            raise AccessError("not there")
        if self.gate and path.startswith("/repos/acme/app-9/"):
            self.gate.wait(20)
        return {"id": int(path.split("/")[3].partition("-")[2])}


def records(session: Session, patience: float = 10.0) -> DeploymentRecords:
    return DeploymentRecords(lambda: session, patience=patience)  # type: ignore[arg-type, return-value]


def test_outcomes_are_in_order_whatever_went_wrong() -> None:
    outcomes = records(Session()).create(MANY)
    assert [made for made in outcomes if isinstance(made, int)] == [n for n in range(20) if n != 7]
    assert isinstance(outcomes[7], AccessError)


def test_nobody_waits_for_one_that_hangs() -> None:
    gate = threading.Event()
    start = time.monotonic()
    outcomes = records(Session(gate), patience=0.5).create(MANY)
    assert time.monotonic() - start < 10
    gate.set()
    assert isinstance(outcomes[9], SourceError)
    assert "longer than 0.5 s" in str(outcomes[9])
    assert sum(isinstance(made, int) for made in outcomes) == 18


def test_one_that_comes_too_late_is_withdrawn() -> None:
    """Nobody knows its number, so nobody else would ever end it."""
    gate = threading.Event()
    session = Session(gate)
    records(session, patience=0.3).create(MANY)
    assert not [path for path in session.sent if path.endswith("/statuses")], "those in time go on"
    gate.set()
    end = time.monotonic() + 10
    while "/repos/acme/app-9/deployments/9/statuses" not in session.sent and time.monotonic() < end:
        time.sleep(0.01)
    assert [path for path in session.sent if path.endswith("/statuses")] == [
        "/repos/acme/app-9/deployments/9/statuses"
    ]


def test_a_session_that_can_not_be_opened_is_an_outcome() -> None:
    def fail() -> Any:
        raise UsageError("GITHUB_API_URL is 'x'")

    (outcome,) = DeploymentRecords(fail).mark([("acme/cat", 1, StatusMark(state="success"))])
    assert isinstance(outcome, SourceError)
    assert "GITHUB_API_URL" in outcome.what


def test_nothing_wanted_is_nothing_done() -> None:
    assert records(Session()).create([]) == []


def test_a_defect_in_a_thread_is_an_outcome() -> None:
    def fail() -> Any:
        raise RuntimeError("s3cret")

    (outcome,) = DeploymentRecords(fail).create([ONE])
    assert isinstance(outcome, SourceError)
    assert "s3cret" not in outcome.what
