"""`promotion materialize`: the action's job."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Mapping
from functools import partial

from promotion import __version__
from promotion.commands.arguments import given_flags
from promotion.commands.runtime import Runtime, open_app, read_server_url, read_token
from promotion.commands.session import Setting, open_session
from promotion.commands.tracing import open_tracer
from promotion.core.checks import is_local
from promotion.core.event import Nothing
from promotion.core.inputs import MATERIALIZE, MATERIALIZE_OUTPUTS
from promotion.core.report import Report, summarize, to_json
from promotion.core.request import Request, read_request
from promotion.core.settings import Settings, read_settings
from promotion.edges.git.remotes import Access
from promotion.edges.output import check_report, write_report
from promotion.edges.runner import read_event
from promotion.steps.attempts import Pace
from promotion.steps.materialize import materialize
from promotion.steps.tracing.tracer import Subject

_LONGEST_PAUSE = 20.0  # seconds


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; gives the exit code."""
    run(given_flags(arguments), runtime)
    return 0


def run(flags: Mapping[str, str | None], runtime: Runtime) -> None:
    """Materialise what flags, inputs and event ask for, and report it.

    Raises:
        PromotionError: why it can't be done.
    """
    settings = read_settings(MATERIALIZE, flags, runtime.environment)
    access = read_access(settings, runtime, may_write=not settings.flag("dry-run"))
    request = read_request(settings, read_event(runtime.environment))
    if isinstance(request, Nothing):
        runtime.console.notice(request.reason)
        outputs = {output.name: "" for output in MATERIALIZE_OUTPUTS} | {"changed": "false"}
        _set_outputs(outputs, runtime)
        return
    if runtime.in_actions:
        check_report(runtime.folder)
    setting = Setting(
        environment=runtime.environment,
        console=runtime.console,
        redact=runtime.redact,
        access=access,
        helm=request.helm,
        allow_local=is_local(request.hld_repository),
        engine=request.engine,
        folder=runtime.folder,
        cancellation=runtime.cancellation,
    )
    report = materialize(
        request,
        partial(open_session, setting),
        runtime.console,
        environment=runtime.environment,
        pace=make_pace(runtime),
        workers=runtime.workers,
        engine=__version__,
        tracer=open_tracer(_subject(request, runtime), settings, runtime, access.server_url),
    )
    _tell(report, request, runtime)


def _subject(request: Request, runtime: Runtime) -> Subject:
    """What to tell of on GitHub: nothing but in a real run in Actions.

    What a pull request brings is deployed when it is merged, and no run of ours sees that.
    """
    is_real = runtime.in_actions and not request.dry_run
    return Subject(
        event=request.event,
        environment=request.environment,
        branch=request.manifest_branch,
        deployments=is_real and request.deployments and not request.delivery.by_pull_request,
        answers=is_real,
    )


def read_access(settings: Settings, runtime: Runtime, *, may_write: bool = False) -> Access:
    """The credentials among the inputs, hidden from now on.

    Args:
        may_write: whether a GitHub App's token for the manifest repository may write.

    Raises:
        UsageError: the inputs for a GitHub App are malformed.
    """
    token = read_token(settings, runtime)
    secrets = {name: settings.text(name) for name in ("source-token", "ssh-key") if settings.has(name)}
    runtime.hide(token, *secrets.values())
    return Access(
        server_url=read_server_url(runtime.environment),
        token=token,
        source_token=secrets.get("source-token", ""),
        app=open_app(settings, runtime),
        manifest_right="write" if may_write else "read",
        ssh_key=secrets.get("ssh-key", ""),
        ssh_known_hosts=settings.text("ssh-known-hosts"),
    )


def make_pace(runtime: Runtime) -> Pace:
    """The real time."""
    return Pace(now=lambda: int(time.time()), pause=partial(_pause, runtime.cancellation.sleep))


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


def _pause(sleep: Callable[[float], None], attempt: int) -> None:
    """Wait before the next attempt: longer each time, by chance, so that many runs don't keep step."""
    sleep(random.uniform(0.1, min(0.5 * 2**attempt, _LONGEST_PAUSE)))  # noqa: S311  no secret
