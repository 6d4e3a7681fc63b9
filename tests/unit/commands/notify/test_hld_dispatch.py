"""Telling the HLD repository: nobody is left waiting for an answer that can't come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from promotion.commands.notify.hld_dispatch import notify_hld
from promotion.commands.notify.inputs import NotifyRequest
from promotion.common.console import Console
from promotion.errors import AccessError, CancelledError
from promotion.publishing.deployment_selection import Status

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


@pytest.mark.parametrize("error", [AccessError("no"), CancelledError(15), ValueError("a defect")])
def test_however_it_ends_the_commit_is_not_left_pending(error: BaseException) -> None:
    def send(event_type: str, client_payload: Mapping[str, str]) -> None:
        raise error

    said: list[Status] = []
    with pytest.raises(type(error)):
        notify_hld(REQUEST, send, said.append, cast("Console", None))
    assert [status.state for status in said] == ["pending", "error"]
