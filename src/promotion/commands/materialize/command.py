"""`promotion materialize`: the action's job."""

from __future__ import annotations

import argparse
from functools import partial

from promotion import __version__
from promotion.commands.materialize.inputs import MATERIALIZE, MATERIALIZE_OUTPUTS
from promotion.commands.materialize.materialization import materialize_environment
from promotion.common.addresses import is_local
from promotion.common.event import NothingToDo
from promotion.common.phrases import say
from promotion.edges.actions_runner import read_event
from promotion.errors import PromotionError
from promotion.publishing.github_status.status_reporter import StatusSubject
from promotion.publishing.report import Report
from promotion.publishing.reported_holds import concerns
from promotion.rendering.materialize_request import Request, read_request
from promotion.wiring.access_inputs import read_access
from promotion.wiring.clock import make_clock
from promotion.wiring.github_access import open_status_reporter
from promotion.wiring.result_output import check_result_file, show_report
from promotion.wiring.run_session import RunContext, open_session
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Materialise what flags, inputs and event ask for, and report it; return the exit code.

    Raises:
        PromotionError: why it can't be done.
    """
    settings = read_inputs(arguments, MATERIALIZE, runtime)
    access = read_access(settings, runtime, may_write=not settings.flag("dry-run"))
    request = read_request(settings, read_event(runtime.environment))
    if isinstance(request, NothingToDo):
        runtime.console.notice(request.reason)
        runtime.set_outputs({output.name: "" for output in MATERIALIZE_OUTPUTS} | {"changed": "false"})
        return 0
    check_result_file(runtime)
    context = RunContext(
        runtime,
        access,
        allow_local=is_local(request.hld_repository),
        helm=request.helm,
        engine=request.engine,
        part_timeout=request.part_timeout,
    )
    report = materialize_environment(
        request,
        partial(open_session, context),
        runtime.console,
        environment=runtime.environment,
        pace=make_clock(runtime),
        workers=runtime.workers,
        engine=__version__,
        show=runtime.redact,
        tracer=open_status_reporter(_subject(request, runtime), settings, runtime, access.server_url),
    )
    if request.dry_run and report.diff:
        with runtime.console.group("Difference"):
            runtime.console.diff(report.diff)
    show_report(report, report.outputs(), runtime)
    return _tell_held(report, request, runtime)


def _tell_held(report: Report, request: Request, runtime: Runtime) -> int:
    """Say what is held back; gives the exit code."""
    is_own = concerns(report.held, request.event, report.hld_repository)
    for error in [each.explain() for each in report.held]:
        if is_own:
            runtime.console.error(error)
        else:
            told = say("{}. {}", error.what, error.fix) if error.fix else error.what
            runtime.console.warning(told, error.where)
    return PromotionError.exit_code if is_own else 0


def _subject(request: Request, runtime: Runtime) -> StatusSubject:
    """Return what to report to GitHub: nothing except in a real run in Actions.

    What a pull request brings is deployed when it is merged, and no run of ours sees that.
    """
    is_real = runtime.in_actions and not request.dry_run
    return StatusSubject(
        event=request.event,
        environment=request.environment,
        branch=request.manifest_branch,
        deployments=is_real and request.deployments and not request.delivery.by_pull_request,
        answers=is_real,
    )
