"""`promotion notify`: a push in an application's repository starts the HLD repository's workflow."""

from __future__ import annotations

import argparse
from functools import partial

from promotion.commands.notify.hld_dispatch import notify_hld
from promotion.commands.notify.inputs import NOTIFY, read_notify_request
from promotion.common.event import NothingToDo
from promotion.common.git_ids import abbreviate
from promotion.edges.actions_runner import read_event
from promotion.edges.github.deployments_api import DeploymentRecords, DispatchesApi
from promotion.wiring.github_access import open_github
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Tell the HLD repository of the event that started the run; return the exit code.

    Raises:
        PromotionError: why it can't be told.
    """
    settings = read_inputs(arguments, NOTIFY, runtime)
    runtime.hide(settings.text("status-token"))
    request = read_notify_request(settings, read_event(runtime.environment))
    if isinstance(request, NothingToDo):
        runtime.console.notice(request.reason)
        runtime.set_outputs({"sent": "false", "environment": ""})
        return 0
    # An event that comes twice makes the same manifests again.
    session = open_github(settings, runtime, repeatable=("POST",))
    statuses = DeploymentRecords(
        partial(open_github, settings, runtime, token_input="status-token", hurry=True)  # noqa: S106  a name
    )
    notify_hld(
        request,
        DispatchesApi(session, request.hld_repository).send,
        lambda status: statuses.report([status])[0],
        runtime.console,
    )
    commit = abbreviate(request.client_payload["commit"])
    runtime.console.info(f"Told {request.hld_repository} of {commit} for {request.environment}")
    runtime.set_outputs({"sent": "true", "environment": request.environment})
    return 0
