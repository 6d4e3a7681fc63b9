"""Telling the HLD repository: nobody is left waiting for an answer that can't come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from promotion.core.deployments import Status
from promotion.core.notify.request import NotifyRequest
from promotion.errors import AccessError, CancelledError
from promotion.steps.console import Console
from promotion.steps.notify import notify

PENDING = Status(
    repository="acme/cat", commit="a" * 40, state="pending", context="promotion/dev", description="Waiting"
)
REQUEST = NotifyRequest(
    hld_repository="acme/hld",
    event_type="promotion",
    environment="dev",
    client_payload={"environment": "dev"},
    status=PENDING,
)


class Failing:
    """A repository that ends the run when it is told."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def send(self, event_type: str, client_payload: Mapping[str, str]) -> None:
        raise self.error


@pytest.mark.parametrize("error", [AccessError("no"), CancelledError(15), ValueError("a defect")])
def test_however_it_ends_the_commit_is_not_left_pending(error: BaseException) -> None:
    said: list[Status] = []
    with pytest.raises(type(error)):
        notify(REQUEST, Failing(error), said.append, cast("Console", None))
    assert [status.state for status in said] == ["pending", "error"]
