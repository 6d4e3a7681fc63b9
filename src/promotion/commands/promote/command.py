"""`promotion promote`: the pull request from one environment's branch to the next."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from promotion.commands.promote.inputs import PROMOTE
from promotion.commands.promote.outcome import PromotionOutcome
from promotion.commands.promote.promote_github import PromotionHosts
from promotion.commands.promote.promote_request import PromoteRequest, read_promote_request
from promotion.commands.promote.promotion import promote_environment
from promotion.common.event import NothingToDo
from promotion.common.settings import Settings, read_settings
from promotion.edges.actions_runner import read_event
from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.git_client import GitClient
from promotion.edges.git.remotes import Access, parse_remote
from promotion.edges.github.deployments_api import DeploymentsApi
from promotion.edges.github.pulls_api import PullsApi
from promotion.edges.github.repository_api import RepositoryApi
from promotion.edges.scratch import open_scratch
from promotion.publishing.request_checks import check_address, is_local
from promotion.wiring.github_access import check_repository, open_github
from promotion.wiring.runtime import Runtime, given_flags, open_app, read_server_url, read_token


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; gives the exit code."""
    run(given_flags(arguments, PROMOTE), runtime)
    return 0


def run(flags: Mapping[str, str | None], runtime: Runtime) -> None:
    """Promote what flags, inputs and event ask for, and report it.

    Raises:
        PromotionError: why it can't be done.
    """
    settings = read_settings(PROMOTE, flags, runtime.environment)
    request = read_promote_request(settings, read_event(runtime.environment))
    if isinstance(request, NothingToDo):
        _tell(PromotionOutcome(state="nothing", reason=request.reason), runtime)
        return
    check_repository(request.repository)
    _tell(_promote(request, settings, runtime), runtime)


def _promote(request: PromoteRequest, settings: Settings, runtime: Runtime) -> PromotionOutcome:
    server_url = read_server_url(runtime.environment)
    if manifests := request.manifest_repository:
        locate = partial(parse_remote, server_url=server_url, allow_local=True)
        check_address("manifest-repository", manifests, lambda address: locate(address).url)
    session = open_github(settings, runtime)
    access = Access(
        server_url=server_url, token=read_token(settings, runtime), app=open_app(settings, runtime)
    )
    console = runtime.console
    with open_scratch(runtime.cancellation) as scratch:
        commands = ProcessRunner(
            runtime.environment, runtime.redact, scratch, console.debug, runtime.cancellation
        )
        git = GitClient(
            commands,
            access,
            scratch,
            environment=runtime.environment,
            allow_local=is_local(request.manifest_repository),
            warn=console.warning,
            sleep=runtime.cancellation.sleep,
            debug=console.debug,
        )
        with git:
            hosts = PromotionHosts(
                github=RepositoryApi(session, request.repository),
                pulls=PullsApi(session, request.repository),
                deployments=DeploymentsApi(session, request.repository),
                open_manifests=lambda branch: git.open_branch(request.manifest_repository, branch),
                warn=console.warning,
                now=datetime.now(UTC),
                server_url=server_url,
            )
            return promote_environment(request, hosts)


def _tell(outcome: PromotionOutcome, runtime: Runtime) -> None:
    console = runtime.console
    if outcome.dry_run and outcome.body:
        with console.group("Pull request"):
            console.info(f"{outcome.title}\n\n{outcome.body}")
    console.notice(outcome.headline())
    if outcome.url:
        console.info(outcome.url)
    console.summary(outcome.summary())
    for name, value in outcome.outputs().items():
        console.output(name, value)
