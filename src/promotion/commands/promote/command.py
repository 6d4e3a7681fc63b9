"""`promotion promote`: the pull request from one environment's branch to the next."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from functools import partial

from promotion.commands.promote.inputs import PROMOTE
from promotion.commands.promote.outcome import PromotionOutcome
from promotion.commands.promote.promote_github import PromotionHosts
from promotion.commands.promote.promote_request import PromoteRequest, read_promote_request
from promotion.commands.promote.promotion import promote_environment
from promotion.common.addresses import is_local
from promotion.common.event import NothingToDo
from promotion.common.settings import Settings
from promotion.edges.actions_runner import read_event
from promotion.edges.github.deployments_api import DeploymentsApi
from promotion.edges.github.pulls_api import PullsApi
from promotion.edges.github.repository_api import RepositoryApi
from promotion.publishing.request_checks import check_address
from promotion.wiring.access_inputs import read_access
from promotion.wiring.github_access import check_repository, open_github
from promotion.wiring.run_session import RunContext, open_session
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Promote what flags, inputs and event ask for, and report it; return the exit code.

    Raises:
        PromotionError: why it can't be done.
    """
    settings = read_inputs(arguments, PROMOTE, runtime)
    request = read_promote_request(settings, read_event(runtime.environment))
    if isinstance(request, NothingToDo):
        outcome = PromotionOutcome(state="nothing", reason=request.reason)
    else:
        outcome = _promote(request, settings, runtime)
    _tell(outcome, runtime)
    return 0


def _promote(request: PromoteRequest, settings: Settings, runtime: Runtime) -> PromotionOutcome:
    check_repository(request.repository)
    access = read_access(settings, runtime)
    context = RunContext(runtime, access, allow_local=is_local(request.manifest_repository))
    with open_session(context) as session:
        if request.manifest_repository:
            check_address("manifest-repository", request.manifest_repository, session.address)
        client = open_github(settings, runtime)
        hosts = PromotionHosts(
            github=RepositoryApi(client, request.repository),
            pulls=PullsApi(client, request.repository),
            deployments=DeploymentsApi(client, request.repository),
            open_manifests=partial(session.git.open_branch, request.manifest_repository),
            warn=runtime.console.warning,
            now=datetime.now(UTC),
            server_url=access.server_url,
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
    runtime.set_outputs(outcome.outputs())
