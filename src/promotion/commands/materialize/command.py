"""`promotion materialize`: the action's job."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial

from promotion import __version__
from promotion.commands.materialize.inputs import MATERIALIZE, MATERIALIZE_OUTPUTS
from promotion.commands.materialize.materialization import materialize_environment
from promotion.common.event import NothingToDo
from promotion.common.settings import read_settings
from promotion.edges.actions_runner import read_event
from promotion.edges.output_folder import check_report, write_report
from promotion.publishing.github_status.status_reporter import StatusSubject
from promotion.publishing.report import Report, summarize, to_json
from promotion.publishing.request_checks import is_local
from promotion.rendering.materialize_request import Request, read_request
from promotion.wiring.access_inputs import read_access
from promotion.wiring.clock import make_clock
from promotion.wiring.github_access import open_status_reporter
from promotion.wiring.run_session import RunContext, open_session
from promotion.wiring.runtime import Runtime, given_flags


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; gives the exit code."""
    run(given_flags(arguments, MATERIALIZE), runtime)
    return 0


def run(flags: Mapping[str, str | None], runtime: Runtime) -> None:
    """Materialise what flags, inputs and event ask for, and report it.

    Raises:
        PromotionError: why it can't be done.
    """
    settings = read_settings(MATERIALIZE, flags, runtime.environment)
    access = read_access(settings, runtime, may_write=not settings.flag("dry-run"))
    request = read_request(settings, read_event(runtime.environment))
    if isinstance(request, NothingToDo):
        runtime.console.notice(request.reason)
        outputs = {output.name: "" for output in MATERIALIZE_OUTPUTS} | {"changed": "false"}
        _set_outputs(outputs, runtime)
        return
    if runtime.in_actions:
        check_report(runtime.folder)
    context = RunContext(
        runtime,
        access,
        allow_local=is_local(request.hld_repository),
        helm=request.helm,
        engine=request.engine,
    )
    report = materialize_environment(
        request,
        partial(open_session, context),
        runtime.console,
        environment=runtime.environment,
        pace=make_clock(runtime),
        workers=runtime.workers,
        engine=__version__,
        tracer=open_status_reporter(_subject(request, runtime), settings, runtime, access.server_url),
    )
    _tell(report, request, runtime)


def _subject(request: Request, runtime: Runtime) -> StatusSubject:
    """Return what to tell of on GitHub: nothing but in a real run in Actions.

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


def _tell(report: Report, request: Request, runtime: Runtime) -> None:
    console = runtime.console
    if request.dry_run and report.diff:
        with console.group("Difference"):
            console.diff(report.diff)
    for note in report.notes:
        console.notice(note)
    console.info(report.headline())
    console.summary(summarize(report))
    outputs = report.outputs()
    if runtime.in_actions:
        name = runtime.environment.get("GITHUB_ACTION", "result")
        outputs["result"] = write_report(runtime.folder, name, to_json(report, runtime.redact))
    _set_outputs(outputs, runtime)


def _set_outputs(outputs: Mapping[str, str], runtime: Runtime) -> None:
    for name, value in outputs.items():
        runtime.console.output(name, value)
