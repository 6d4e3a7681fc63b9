"""What to tell the HLD repository, from inputs and event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from promotion.core.addresses import is_name
from promotion.core.deployments import Status, status_context
from promotion.core.event import Event, Nothing, choose_environment, parse_environments
from promotion.core.phrases import say
from promotion.core.settings import Settings
from promotion.errors import UsageError

_TYPE = re.compile(r"[^\x00-\x1f\x7f]{1,100}")  # GitHub: create a repository dispatch event


@dataclass(frozen=True, kw_only=True)
class NotifyRequest:
    """A `repository_dispatch` to send. `status` is that of the commit meanwhile, None if none is wanted."""

    hld_repository: str
    event_type: str
    environment: str
    client_payload: Mapping[str, str]
    status: Status | None


def read_notify_request(settings: Settings, event: Event) -> NotifyRequest | Nothing:
    """The request, or why there is nothing to do.

    Raises:
        UsageError: an input is missing or has a value that it doesn't take, or the event has no commit.
    """
    known = parse_environments(settings.words("environments"))
    environment = choose_environment(settings.text("environment"), event, known)
    if isinstance(environment, Nothing):
        return environment
    hld_repository, event_type = settings.text("hld-repository"), settings.text("event-type")
    if not is_name(hld_repository):
        raise UsageError(say("{hld-repository} is {}", repr(hld_repository)), fix="Name it as `owner/name`.")
    if not _TYPE.fullmatch(event_type):
        raise UsageError(say("{event-type} is longer than 100 characters, or has control characters"))
    if not event.repository or not event.commit:
        raise UsageError("there is no repository and commit to tell of", fix="Run it in a workflow.")
    return NotifyRequest(
        hld_repository=hld_repository,
        event_type=event_type,
        environment=environment,
        client_payload=_describe(event, environment),
        status=_begin(event, environment) if settings.text("status") == "auto" else None,
    )


def _describe(event: Event, environment: str) -> Mapping[str, str]:
    """At most ten entries (GitHub: create a repository dispatch event)."""
    return {
        "environment": environment,
        "repository": event.repository,
        "ref": event.ref,
        "commit": event.commit,
        "actor": event.actor,
        "run_url": event.run_url,
    }


def _begin(event: Event, environment: str) -> Status:
    return Status(
        repository=event.repository,
        commit=event.commit,
        state="pending",
        context=status_context(environment),
        description="Waiting for the cluster's repository",
        target_url=event.run_url,
    )
