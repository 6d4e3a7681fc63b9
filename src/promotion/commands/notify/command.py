"""`promotion notify`: a push in an application's repository starts the HLD repository's workflow."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial

from promotion.commands.notify.hld_dispatch import notify_hld
from promotion.commands.notify.inputs import NOTIFY, read_notify_request
from promotion.common.event import NothingToDo
from promotion.common.settings import read_settings
from promotion.edges.actions_runner import read_event
from promotion.edges.github.deployments_api import DeploymentRecords, DispatchesApi
from promotion.wiring.github_access import open_github
from promotion.wiring.runtime import Runtime, given_flags


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; gives the exit code."""
    run(given_flags(arguments, NOTIFY), runtime)
    return 0


def run(flags: Mapping[str, str | None], runtime: Runtime) -> None:
    """Tell the HLD repository of the event that started the run.

    Raises:
        PromotionError: why it can't be told.
    """
    settings = read_settings(NOTIFY, flags, runtime.environment)
    runtime.hide(settings.text("status-token"))
    request = read_notify_request(settings, read_event(runtime.environment))
    if isinstance(request, NothingToDo):
        runtime.console.notice(request.reason)
        _set_outputs(runtime, sent="false", environment="")
        return
    # An event that comes twice makes the same manifests again.
    session = open_github(settings, runtime, repeatable=("POST",))
    statuses = DeploymentRecords(
        partial(open_github, settings, runtime, token_input="status-token", hurry=True)  # noqa: S106  a name
    )
    notify_hld(request, DispatchesApi(session, request.hld_repository).send, statuses.report, runtime.console)
    runtime.console.info(
        f"Told {request.hld_repository} of {request.client_payload['commit'][:12]} for {request.environment}"
    )
    _set_outputs(runtime, sent="true", environment=request.environment)


def _set_outputs(runtime: Runtime, **values: str) -> None:
    for name, value in values.items():
        runtime.console.output(name, value)
