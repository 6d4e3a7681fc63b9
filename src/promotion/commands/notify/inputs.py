"""Notify's inputs and outputs. notify/action.yml, the flags and docs/notify.md follow them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from promotion.common import shared_inputs as shared
from promotion.common.addresses import is_name
from promotion.common.event import Event, NothingToDo, choose_environment, parse_environments
from promotion.common.phrases import say
from promotion.common.settings import TOKEN_DEFAULT, Input, Output, Settings
from promotion.errors import UsageError
from promotion.publishing.deployment_selection import Status, status_context

NOTIFY: tuple[Input, ...] = (
    replace(
        shared.HLD_REPOSITORY,
        required=True,
        default_text="",
        help="The cluster HLD's repository, as `owner/name`, whose workflow does the work.",
    ),
    replace(shared.ENVIRONMENT, default_text="that of the pushed branch"),
    shared.ENVIRONMENTS,
    Input(
        name="event-type",
        default="promotion",
        help="The type of the `repository_dispatch`, which the HLD repository's workflow waits for.",
    ),
    replace(
        shared.make_token(
            "Starts the workflow: takes `contents: write` on the HLD repository, which the job's own token "
            "doesn't have."
        ),
        default="",
        default_text="**required**, or an App",
    ),
    *shared.APP,
    Input(
        name="status-token",
        kind="secret",
        default=TOKEN_DEFAULT,
        help="Sets the status of the pushed commit to pending: takes `statuses: write` on this repository.",
    ),
    Input(
        name="status",
        kind="choice",
        choices=("auto", "off"),
        default="auto",
        help="Whether to set the commit's status to pending, until the HLD repository's workflow says how it "
        "went; `auto` goes on if the token may not.",
    ),
)

NOTIFY_OUTPUTS: tuple[Output, ...] = (
    Output(name="sent", help="`true` if the HLD repository was told."),
    Output(
        name="environment",
        help="The environment to materialise; empty if there was nothing to do.",
    ),
)


_TYPE = re.compile(r"[^\x00-\x1f\x7f]{1,100}")  # GitHub: create a repository dispatch event


@dataclass(frozen=True, kw_only=True)
class NotifyRequest:
    """A `repository_dispatch` to send. `status` is the commit's status meanwhile; None for none."""

    hld_repository: str
    event_type: str
    environment: str
    client_payload: Mapping[str, str]
    status: Status | None


def read_notify_request(settings: Settings, event: Event) -> NotifyRequest | NothingToDo:
    """Return the request, or why there is nothing to do.

    Raises:
        UsageError: an input is missing or has a value that it doesn't take, or the event has no commit.
    """
    known = parse_environments(settings.words("environments"))
    environment = choose_environment(settings.text("environment"), event, known)
    if isinstance(environment, NothingToDo):
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
    """Return the payload, with at most ten entries (GitHub: create a repository dispatch event)."""
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
