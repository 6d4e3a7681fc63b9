"""`promotion rollback`: the rollback action's job."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from functools import partial

from promotion.commands.rollback.earlier_states import list_states
from promotion.commands.rollback.inputs import ROLLBACK, read_rollback_request
from promotion.commands.rollback.rollback_run import RollbackOutcome, roll_back
from promotion.common.settings import Settings, read_settings
from promotion.edges.actions_runner import read_event
from promotion.edges.output_folder import check_report, write_report
from promotion.publishing.github_status.status_reporter import StatusSubject
from promotion.publishing.manifest_history import no_branch
from promotion.publishing.report import summarize, to_json
from promotion.publishing.request_checks import is_local
from promotion.rendering.materialize_request import read_branch
from promotion.wiring.access_inputs import read_access
from promotion.wiring.clock import make_clock
from promotion.wiring.github_access import open_status_reporter
from promotion.wiring.manifest_repository import open_manifests, show
from promotion.wiring.run_session import RunContext, open_session
from promotion.wiring.runtime import Runtime, given_flags


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; gives the exit code."""
    run(given_flags(arguments, ROLLBACK), runtime)
    return 0


def run(flags: Mapping[str, str | None], runtime: Runtime) -> None:
    """Roll back, or lift pins, as flags and inputs ask for, and report it.

    Raises:
        PromotionError: why it can't be done.
    """
    settings = read_settings(ROLLBACK, flags, runtime.environment)
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
    if runtime.in_actions:
        check_report(runtime.folder)
    outcome = roll_back(
        request,
        partial(open_session, context),
        runtime.console,
        pace=make_clock(runtime),
        tracer=open_status_reporter(subject, settings, runtime, access.server_url),
    )
    _tell(outcome, runtime)


def _show_states(settings: Settings, runtime: Runtime) -> None:
    """Print what the branch was; the request is refused all the same, lest an empty `to` seem to be done."""
    branch = read_branch(settings, "manifest-branch") or settings.text("environment")
    with open_manifests(settings, runtime) as manifests:
        history = manifests.open_history(branch).history
        if not history.tip:
            raise no_branch(manifests.address, branch, manifests.list_branches())
    show(list_states(history, int(time.time())), runtime)


def _tell(outcome: RollbackOutcome, runtime: Runtime) -> None:
    console, report = runtime.console, outcome.report
    for note in report.notes:
        console.notice(note)
    console.info(report.headline())
    console.summary(summarize(report))
    all_outputs = report.outputs()
    outputs = {name: all_outputs[name] for name in ("changed", "commit", "branch")}
    outputs |= {
        "restored": outcome.restored.id if outcome.restored else "",
        "pinned": ", ".join(outcome.pinned),
        **{name: all_outputs[name] for name in ("added", "changed-resources", "removed")},
    }
    if runtime.in_actions:
        name = runtime.environment.get("GITHUB_ACTION", "result")
        outputs["result"] = write_report(runtime.folder, name, to_json(report, runtime.redact))
    for name, value in outputs.items():
        console.output(name, value)
