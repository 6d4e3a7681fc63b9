"""A GitHub App's tokens: for each owner one that reads, for each repository and right one that may do just
that (GitHub: "Authenticating as a GitHub App installation").

Importing this costs some 0.2 s (PyGithub), so import it where it is used.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import quote

from github import GithubException
from github.Auth import AppAuth

from promotion.common.app_key import AppKey
from promotion.common.phrases import say
from promotion.edges.github.api_answers import Json, read_map, read_number, read_text
from promotion.edges.github.api_refusals import NotThereError, RefusedError, said_by
from promotion.edges.github.github_client import GitHubClient
from promotion.edges.single_flight import SingleFlight
from promotion.errors import AccessError, SourceError, UsageError

_LIFETIME = 55 * 60.0  # seconds; GitHub's tokens live for an hour, and what is asked with one takes a while
_READ = {"contents": "read"}
_LEAST = {"metadata": "read"}  # without any named, GitHub gives all
_RIGHT = re.compile(r"([a-z]+(?:-[a-z]+)*): (read|write)")
_ORDER = ("read", "write", "admin")


class NotInstalledError(AccessError):
    """The App isn't installed on a repository."""


@dataclass(frozen=True)
class _Scope:
    """What a token is for: one repository, or with an empty name all of the owner's that the App sees."""

    owner: str
    name: str
    permissions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Token:
    text: str = field(repr=False)
    until: float = 0.0


class AppTokens:
    """Makes tokens and keeps them until they are about to end. All methods may be called by several threads.

    Args:
        key: of the App.
        api_url: of the server that the App is registered on.
        hide: told of each credential before its first use.
        environment: as for `GitHubClient`.
        now: a clock, in seconds.

    Raises:
        UsageError: the key is none.
    """

    def __init__(
        self,
        key: AppKey,
        api_url: str,
        *,
        hide: Callable[[str], object],
        environment: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hide, self._now = hide, now
        self._session = _AppSession(
            api_url, _authenticate(key, hide), repeatable=("POST",), environment=environment
        )
        self._installations: SingleFlight[str, Json | None] = SingleFlight()
        self._tokens: SingleFlight[tuple[_Scope, int], _Token] = SingleFlight()
        self._numbers: dict[_Scope, int] = {}
        self._lock = Lock()

    def reader(self, repository: str) -> str:
        """Return a token that reads the contents of all the owner's repositories that the App is installed
        on.

        One for all, since a definition may have hundreds of sources of one owner.

        Args:
            repository: `owner/name`.

        Returns:
            The token; empty if the owner hasn't installed the App.

        Raises:
            AccessError: the App is suspended or lacks the permission, or the key isn't its own.
            SourceError: GitHub doesn't answer, or with an error.
        """
        owner = repository.partition("/")[0]
        if self._find_installation(owner) is None:
            return ""
        return self._get(_Scope(owner, "", tuple(_READ.items())))

    def token_for(self, repository: str, need: str) -> str:
        """Return a token for just this repository that may do just this.

        Args:
            repository: `owner/name`.
            need: permissions as a workflow spells them: `contents: write`; several with any text between.

        Returns:
            The token; empty if the App isn't installed there and only reading is needed, which a public
            repository lets anybody do.

        Raises:
            NotInstalledError: the App isn't installed there.
            AccessError, SourceError: as for `reader`.
        """
        owner, _, name = repository.partition("/")
        rights = {what.replace("-", "_"): right for what, right in _RIGHT.findall(need)}
        rights = rights or _LEAST
        try:
            return self._get(_Scope(owner, name, tuple(sorted(rights.items()))))
        except NotInstalledError:
            if "write" in rights.values():
                raise
            return ""

    def _get(self, scope: _Scope) -> str:
        """Return a token that lives for some minutes at least, whoever asks first makes it."""
        while True:
            number = self._numbers.get(scope, 0)
            token = self._tokens.get((scope, number), lambda: self._make(scope))
            if self._now() < token.until:
                return token.text
            with self._lock:
                self._numbers[scope] = max(self._numbers.get(scope, 0), number + 1)

    def _make(self, scope: _Scope) -> _Token:
        installation = self._find_installation(scope.owner)
        if installation is None:
            raise _not_installed(scope)
        _check(installation, scope)
        body: dict[str, Any] = {"permissions": dict(scope.permissions)}
        if scope.name:
            body["repositories"] = [scope.name]
        until = self._now() + _LIFETIME
        path = f"/app/installations/{read_number(installation, 'id')}/access_tokens"
        try:
            answer = read_map(self._session.write("POST", path, "", body))
        except RefusedError as error:
            if scope.name and "repositor" in error.what:
                raise _not_installed(scope) from None
            raise AccessError(
                f"GitHub gives the App no token for {_place(scope)}: {error.what}",
                fix=f"Let the App have {_spell(scope.permissions)}.",
            ) from None
        text = read_text(answer, "token")
        self._hide(text)
        return _Token(text, until)

    def _find_installation(self, owner: str) -> Json | None:
        # despite its name it is for organisations, too
        path = f"/users/{quote(owner, safe='')}/installation"

        def ask() -> Json | None:
            answer = self._session.find(path, "")
            return None if answer is None else read_map(answer)

        return self._installations.get(owner.lower(), ask)


class _AppSession(GitHubClient):
    """Requests of the App itself."""

    def _explain(self, error: GithubException, verb: str, path: str, need: str) -> SourceError:
        said = said_by(error)
        if error.status == 401 and re.search(r"'(exp|iat)'", said):
            fix = "Set the clock of this machine by a time server."
            return AccessError(f"GitHub's clock and this machine's are minutes apart ({said})", fix=fix)
        if error.status == 401 or said.lower() == "integration not found":
            fix = say(
                "Check that {app-private-key} is a key of this App, and not deleted, and that the App is "
                "one of {}.",
                self.api_url,
            )
            return AccessError(say("GitHub doesn't take {app-id} and {app-private-key} ({})", said), fix=fix)
        if error.status == 403 and "suspended" in said:
            return AccessError(f"GitHub gives the App no token: {said}", fix="Have its owner unsuspend it.")
        found = super()._explain(error, verb, path, need)
        if isinstance(found, AccessError) and not isinstance(found, NotThereError):
            found.fix = "Look at the App's settings."  # a job's `permissions:` don't matter to it
        return found


def _authenticate(key: AppKey, hide: Callable[[str], object]) -> AppAuth:
    """Return what signs each request of the App; GitHub takes such a signature for ten minutes at most."""
    sign = AppAuth.create_jwt_sign(key.pem, "RS256")

    def sign_hidden(payload: dict[str, Any]) -> str:
        signed = sign(payload)
        text = signed.decode() if isinstance(signed, bytes) else signed
        hide(text)
        return text

    auth = AppAuth(key.app_id, sign_func=sign_hidden)
    try:
        auth.create_jwt()
    except Exception:  # the library's own, or of what it stands on; parts of the key may be in it
        raise UsageError(
            say("{app-private-key} can't be read"), fix="Take the .pem file as GitHub made it."
        ) from None
    return auth


def _check(installation: Json, scope: _Scope) -> None:
    """Refuse what the installation can't give, with a clear word."""
    app = f"the GitHub App {installation.get('app_slug') or ''}".strip()
    if installation.get("suspended_at"):
        raise AccessError(
            f"{app} is suspended by {scope.owner}",
            fix=f"Have an owner of {scope.owner} unsuspend it, under Settings, GitHub Apps.",
        )
    granted = installation.get("permissions")
    if not isinstance(granted, Mapping):
        return
    lacking = [(what, right) for what, right in scope.permissions if not _covers(granted.get(what), right)]
    if lacking:
        raise AccessError(
            f"{app} lacks {_spell(lacking)} for {_place(scope)}",
            fix="Add it in the App's settings, under Permissions & events, and have an owner of "
            f"{scope.owner} accept it.",
        )


def _covers(granted: object, wanted: str) -> bool:
    return granted in _ORDER and _ORDER.index(str(granted)) >= _ORDER.index(wanted)


def _spell(permissions: Any) -> str:
    return " and ".join(f"`{what.replace('_', '-')}: {right}`" for what, right in permissions)


def _place(scope: _Scope) -> str:
    return f"{scope.owner}/{scope.name}" if scope.name else scope.owner


def _not_installed(scope: _Scope) -> NotInstalledError:
    return NotInstalledError(
        f"the GitHub App isn't installed on {_place(scope)}",
        fix=f"Install it there (Settings of {scope.owner}, GitHub Apps), with {_spell(scope.permissions)}.",
    )
