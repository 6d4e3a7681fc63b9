"""Telling nothing on GitHub, and keeping what would be told."""

from __future__ import annotations

from typing import Any

from promotion.commands.rollback.inputs import RollbackRequest
from promotion.publishing.github_status.status_records import StatusWriter
from promotion.publishing.github_status.status_reporter import StatusReporter, StatusSubject
from promotion.rendering.materialize_request import Request


def silent(request: Request | RollbackRequest) -> StatusReporter:
    """The trace of a run outside of Actions."""

    def fail() -> Any:
        raise AssertionError("nothing is to be told")

    teller = StatusWriter(fail, None, str)  # type: ignore[arg-type]
    subject = StatusSubject(
        event=request.event,
        environment=request.environment,
        branch=request.manifest_branch,
        deployments=False,
        answers=False,
    )
    return StatusReporter(subject, teller, lambda _: "")
