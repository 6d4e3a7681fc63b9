"""What every command gets from the process that it runs in."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from promotion.common.addresses import is_api_of
from promotion.common.app_key import AppKey, read_app
from promotion.common.console import Console
from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import Spell, spell_for_workflow
from promotion.common.redaction import Redactor
from promotion.common.settings import Input, Settings, read_settings
from promotion.edges.cancellation import Cancellation
from promotion.edges.single_flight import SingleFlight
from promotion.errors import UsageError

if TYPE_CHECKING:
    from promotion.edges.github.app_tokens import AppTokens

_GITHUB = "https://github.com"
_ENTERPRISE = "/api/v3"  # below an Enterprise Server's address
_ADDRESS = re.compile(r"https?://[^/\s?#@]+(/[^\s?#]*)?")


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The process's environment, its console, what hides secrets there, its folder for results, what ends
    it early, how many components are rendered at once, the GitHub App that was asked for, and what chooses
    the words in which inputs are named.
    """

    environment: Mapping[str, str]
    console: Console
    redact: Redactor
    folder: Path
    cancellation: Cancellation = field(default_factory=Cancellation)
    workers: int = 4
    apps: SingleFlight[AppKey, AppTokens] = field(default_factory=SingleFlight, repr=False)
    spell: Spell = spell_for_workflow

    @property
    def in_actions(self) -> bool:
        """Whether a runner of GitHub Actions started us."""
        return self.environment.get("GITHUB_ACTIONS") == "true"

    def hide(self, *secrets: str) -> None:
        """Keep secrets out of everything that is printed from now on."""
        for secret in secrets:
            if self.redact.add(secret):
                self.console.mask(secret)

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Set outputs of the action, in the order given."""
        for name, value in outputs.items():
            self.console.output(name, value)


def read_token(settings: Settings, runtime: Runtime) -> str:
    """Return the input `token`; on a terminal also the usual `GITHUB_TOKEN`."""
    return settings.text("token") or runtime.environment.get("GITHUB_TOKEN", "")


def read_server_url(environment: Mapping[str, str]) -> str:
    """Return where this GitHub is; that of an Enterprise Server also by the address of its API."""
    server, api = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_API_URL", "").rstrip("/")
    return server or (api.removesuffix(_ENTERPRISE) if api.endswith(_ENTERPRISE) else _GITHUB)


def read_api_url(environment: Mapping[str, str]) -> str:
    """Return where GitHub's REST API is: that of this GitHub, for no other may see its token.

    Raises:
        UsageError: the address that the environment has for it is odd, or another server's.
    """
    server, address = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_API_URL", "")
    address = address or _guess_api(server or _GITHUB)
    if not _ADDRESS.fullmatch(address):
        fix = "Write https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server."
        raise UsageError(f"GITHUB_API_URL is {address!r}", fix=fix)
    if server and not is_api_of(address, server):
        raise UsageError(
            f"GITHUB_API_URL is {address!r}, which isn't the API of GITHUB_SERVER_URL, {server!r}",
            fix="Set both for the same GitHub, or neither for github.com.",
        )
    return address


def _guess_api(server: str) -> str:
    """Return the usual address of a server's API: `api.` before GitHub's own hosts, else a path."""
    parts = urlsplit(server)
    if parts.hostname == "github.com" or (parts.hostname or "").endswith(".ghe.com"):
        return f"{parts.scheme}://api.{parts.netloc}"
    return f"{server.rstrip('/')}{_ENTERPRISE}"


def open_app(settings: Settings, runtime: Runtime) -> AppTokens | None:
    """Return the GitHub App of the inputs, the same for all who ask; None if they name none.

    Its key and tokens are hidden from now on.

    Raises:
        UsageError: an input is missing or malformed.
    """
    key = read_app(settings)
    if key is None:
        return None
    runtime.hide(settings.text("app-private-key"), key.pem)

    def open_it() -> AppTokens:
        from promotion.edges.github.app_tokens import AppTokens  # costs 0.2 s

        address = read_api_url(runtime.environment)
        return AppTokens(key, address, hide=runtime.hide, environment=runtime.environment)

    return runtime.apps.get(key, open_it)


def read_inputs(arguments: argparse.Namespace, table: Sequence[Input], runtime: Runtime) -> Settings:
    """Return the values of a command's inputs.

    Raises:
        UsageError: a value that its input doesn't take.
    """
    return read_settings(table, given_flags(arguments, table), runtime.environment)


def given_flags(arguments: argparse.Namespace, table: Sequence[Input]) -> dict[str, str | None]:
    """Return the inputs that are given as flags; a list may be given in several."""
    given = {entry.name: getattr(arguments, entry.name.replace("-", "_"), None) for entry in table}
    return {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}
