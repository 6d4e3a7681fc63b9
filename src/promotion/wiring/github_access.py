"""GitHub's API for a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from promotion.common.addresses import is_name, name_on
from promotion.common.backoff import GITHUB_STATUS
from promotion.common.phrases import say
from promotion.common.settings import Settings
from promotion.errors import UsageError
from promotion.publishing.github_status.status_records import StatusApi, StatusWriter
from promotion.publishing.github_status.status_reporter import StatusReporter, StatusSubject
from promotion.wiring.runtime import Runtime, open_app, read_api_url, read_token

if TYPE_CHECKING:
    from promotion.edges.github.app_tokens import AppTokens
    from promotion.edges.github.github_client import GitHubClient, TokenSource

_MAIN = "token"


def open_github(
    settings: Settings,
    runtime: Runtime,
    *,
    token_input: str = _MAIN,
    home: str = "",
    hurry: bool = False,
    repeatable: Sequence[str] = (),
) -> GitHubClient:
    """Return the API with the run's token, or with a GitHub App's for each repository and need.

    Args:
        token_input: the input that holds it; the App stands for `token` only.
        home: as for `open_api`; that of the run if it is empty.
        hurry: give up soon, for what isn't worth waiting for.
        repeatable: as for `GitHubClient`.

    Raises:
        UsageError: there is no token, or the runner's address of the API is odd.
    """
    is_main = token_input == _MAIN
    token = read_token(settings, runtime) if is_main else settings.text(token_input)
    runtime.hide(token)
    home = home or runtime.environment.get("GITHUB_REPOSITORY", "")
    app = open_app(settings, runtime) if is_main else None
    return open_api(runtime.environment, token, app, home=home, hurry=hurry, repeatable=repeatable)


def open_api(
    environment: Mapping[str, str],
    token: str,
    app: AppTokens | None,
    *,
    home: str,
    hurry: bool = False,
    repeatable: Sequence[str] = (),
) -> GitHubClient:
    """Return the API with a token, or with an App's, and the token only where an App isn't installed.

    Args:
        home: the repository of requests that name none, as GraphQL's; `owner/name`.
        hurry: as for `open_github`, which also says what is raised.
        repeatable: as for `GitHubClient`.
    """
    credential = _choose_tokens(app, token, home) if app else token
    if not credential:
        raise UsageError("there is no token", fix=say("Set {token}."))
    address = read_api_url(environment)
    from promotion.edges.github.github_client import GitHubClient  # PyGithub takes 0.2 s to load

    if hurry:
        return GitHubClient(address, credential, backoff=GITHUB_STATUS, timeout=5, environment=environment)
    return GitHubClient(address, credential, repeatable=repeatable, environment=environment)


def _choose_tokens(app: AppTokens, otherwise: str, home: str) -> TokenSource:
    def choose(repository: str, need: str) -> str:
        place = repository or home
        return (app.token_for(place, need) if place else "") or otherwise

    return choose


def check_repository(repository: str) -> str:
    """Return the same, if it is `owner/name`.

    Raises:
        UsageError: it is anything else.
    """
    if not repository:
        raise UsageError("the repository is missing", fix="Name it by `--repository owner/name`.")
    if not is_name(repository):
        raise UsageError(f"{repository!r} is no repository", fix="Name it as `owner/name`.")
    return repository


def open_status_reporter(
    subject: StatusSubject, settings: Settings, runtime: Runtime, server_url: str
) -> StatusReporter:
    """Return the tracer of a run; nothing is imported or sent before it has something to tell.

    Args:
        server_url: of this GitHub.
    """

    def open_records() -> StatusApi:
        from promotion.edges.github.deployments_api import DeploymentRecords

        return DeploymentRecords(partial(open_github, settings, runtime, hurry=True))

    teller = StatusWriter(open_records, runtime.console, runtime.redact)
    return StatusReporter(subject, teller, partial(name_on, server_url))
