"""`promotion rollback`: the rollback action's job."""

from __future__ import annotations

import argparse
import time
from functools import partial

from promotion.commands.rollback.inputs import ROLLBACK, read_rollback_request
from promotion.commands.rollback.rollback_run import RollbackOutcome, roll_back
from promotion.commands.rollback.rollback_target import list_states
from promotion.common.addresses import is_local
from promotion.common.settings import Settings
from promotion.edges.actions_runner import read_event
from promotion.publishing.github_status.status_reporter import StatusSubject
from promotion.publishing.manifest_history import no_branch
from promotion.rendering.materialize_request import read_branch
from promotion.wiring.access_inputs import read_access
from promotion.wiring.clock import make_clock
from promotion.wiring.github_access import open_status_reporter
from promotion.wiring.manifest_repository import open_manifests
from promotion.wiring.result_output import check_result_file, show, show_report
from promotion.wiring.run_session import RunContext, open_session
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Roll back, or lift pins, as flags and inputs ask for, and report it; return the exit code.

    Raises:
        PromotionError: why it can't be done.
    """
    settings = read_inputs(arguments, ROLLBACK, runtime)
    if not settings.text("to") and not settings.text("lift"):
        _show_states(settings, runtime)
    access = read_access(settings, runtime, may_write=not settings.flag("dry-run"))
    request = read_rollback_request(settings, read_event(runtime.environment))
    context = RunContext(runtime, access, allow_local=is_local(request.manifest_repository))
    is_real = runtime.in_actions and not request.dry_run
    subject = StatusSubject(
        event=request.event,
        environment=request.environment,
        branch=request.manifest_branch,
        deployments=is_real and request.deployments,
        answers=False,
    )
    check_result_file(runtime)
    outcome = roll_back(
        request,
        partial(open_session, context),
        runtime.console,
        pace=make_clock(runtime),
        tracer=open_status_reporter(subject, settings, runtime, access.server_url),
    )
    show_report(outcome.report, _name_outputs(outcome), runtime)
    return 0


def _show_states(settings: Settings, runtime: Runtime) -> None:
    """Print the branch's earlier states.

    The request fails all the same, so that an empty `to` isn't missed.
    """
    branch = read_branch(settings, "manifest-branch") or settings.text("environment")
    with open_manifests(settings, runtime) as manifests:
        history = manifests.open_history(branch)
        if not history.tip:
            raise no_branch(manifests.address, branch, manifests.list_branches())
    show(list_states(history, int(time.time())), runtime)


def _name_outputs(outcome: RollbackOutcome) -> dict[str, str]:
    known = outcome.report.outputs()
    return {
        **{name: known[name] for name in ("changed", "commit", "branch")},
        "restored": outcome.restored.id if outcome.restored else "",
        "pinned": ", ".join(outcome.pinned),
        **{name: known[name] for name in ("added", "changed-resources", "removed")},
    }
