"""GitHub's API for a command."""

from __future__ import annotations

import re
from collections.abc import Mapping

from promotion.commands.runtime import Runtime, read_token
from promotion.core.settings import Settings
from promotion.edges.github.session import Session
from promotion.errors import UsageError

_GITHUB = "https://api.github.com"
_MAIN = "token"
_ADDRESS = re.compile(r"https?://[^/\s?#@]+(/[^\s?#]*)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def open_github(
    settings: Settings, runtime: Runtime, *, token_input: str = _MAIN, hurry: bool = False
) -> Session:
    """The API with the run's token.

    Args:
        token_input: the input that holds it.
        hurry: give up soon, for what isn't worth waiting for.

    Raises:
        UsageError: there is no token, or the runner's address of the API is odd.
    """
    is_main = token_input == _MAIN
    token = read_token(settings, runtime) if is_main else settings.text(token_input)
    runtime.hide(token)
    return open_api(runtime.environment, token, hurry=hurry)


def open_api(environment: Mapping[str, str], token: str, *, hurry: bool = False) -> Session:
    """The API with a token. Raises as `open_github` does."""
    if not token:
        raise UsageError("there is no token", fix="Give the input `token`, or set GITHUB_TOKEN.")
    address = environment.get("GITHUB_API_URL") or _GITHUB
    if not _ADDRESS.fullmatch(address):
        fix = "Write https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server."
        raise UsageError(f"GITHUB_API_URL is {address!r}", fix=fix)
    if hurry:
        return Session(address, token, retries=1, longest_wait=2.0, timeout=5)
    return Session(address, token)


def check_repository(repository: str) -> str:
    """The same, if it is `owner/name`.

    Raises:
        UsageError: it is anything else.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(f"{repository!r} is no repository", fix="Name it as `owner/name`.")
    return repository
