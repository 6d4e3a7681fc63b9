"""A GitHub App on the fake GitHub: its installations, its signature checked, and the tokens that it gets."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support.github_answers import Asked, DeniedError, NotThereError, user
from support.gitserver import GitServer

APP_ID = "1234567"
_LONGEST = 600  # seconds that a signature may be good for
_ids = itertools.count(4711)


@cache
def make_key(number: int = 0) -> rsa.RSAPrivateKey:
    """A private key; another one for each number."""
    return rsa.generate_private_key(65537, 2048)


def as_pem(key: rsa.RSAPrivateKey, shape: PrivateFormat = PrivateFormat.TraditionalOpenSSL) -> str:
    """The key as GitHub gives it."""
    return key.private_bytes(Encoding.PEM, shape, NoEncryption()).decode()


@dataclass
class Installation:
    """An App on an owner's repositories: those of some names, or all."""

    owner: str
    permissions: Mapping[str, str]
    names: Collection[str] = ()
    is_suspended: bool = False
    identifier: int = field(default_factory=lambda: next(_ids))

    def has(self, name: str) -> bool:
        return not self.names or name in self.names


@dataclass(frozen=True)
class Issued:
    """A token that was given; no names are all of the installation's repositories."""

    text: str
    owner: str
    names: tuple[str, ...]
    permissions: Mapping[str, str]

    def reaches(self, repository: str) -> bool:
        owner, _, name = repository.partition("/")
        return owner == self.owner and (not self.names or name in self.names)


class FakeApp:
    """The App: `make_key()` is its own. What it may do holds for the git server, too.

    `ahead` is how many seconds GitHub's clock is ahead of ours.
    """

    def __init__(self, server: GitServer | None = None) -> None:
        self.server = server
        self.installations: list[Installation] = []
        self.issued: list[Issued] = []
        self.ahead = 0.0
        self._numbers = itertools.count()
        self.make_token: Callable[[int], str] = lambda number: (
            f"ghs_app{number:02}0123456789abcdefghijklmnopqr"
        )

    @property
    def pem(self) -> str:
        return as_pem(make_key())

    def install(self, owner: str, *names: str, **permissions: str) -> Installation:
        """Have an owner install the App, on some or all repositories."""
        made = Installation(owner, {"metadata": "read", **permissions}, names)
        self.installations.append(made)
        return made

    def of(self, text: str) -> Issued:
        """What a token is for."""
        return next(token for token in self.issued if token.text == text)

    def check(self, headers: Mapping[str, str]) -> None:
        """Refuse a request that the App's key hasn't signed, as GitHub does."""
        scheme, _, signed = headers.get("authorization", "").partition(" ")
        try:
            algorithm = jwt.get_unverified_header(signed)["alg"]
            claims = jwt.decode(
                signed,
                make_key().public_key(),
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "iss"]},
            )
        except jwt.PyJWTError:
            raise DeniedError(401, "A JSON web token could not be decoded") from None
        assert (scheme, algorithm) == ("Bearer", "RS256")
        now = time.time() + self.ahead
        if claims["exp"] > now + _LONGEST:
            raise DeniedError(401, "'Expiration time' claim ('exp') is too far in the future")
        if claims["exp"] < now:
            raise DeniedError(401, "'Expiration time' claim ('exp') must be a numeric value in the future")
        if claims["iat"] > now:
            raise DeniedError(401, "'Issued at' claim ('iat') must be in the past")
        assert claims["iat"] <= now - 50 or self.ahead, "GitHub recommends a minute, for clocks that drift"
        if claims["iss"] != APP_ID:
            raise NotThereError("Integration not found")

    def admit(self, verb: str, path: str, headers: Mapping[str, str]) -> None:
        """Refuse a token of ours where it isn't for; all other tokens may do anything."""
        text = headers.get("authorization", "").partition(" ")[2]
        token = next((token for token in self.issued if token.text == text), None)
        if token is None or not path.startswith("/repos/"):
            return
        if not token.reaches("/".join(path.split("/")[2:4])):
            raise NotThereError
        if verb != "GET" and "write" not in token.permissions.values():
            raise DeniedError(403, "Resource not accessible by integration")

    def issue(self, installation: Installation, body: Mapping[str, Any]) -> Issued:
        """Make a token as GitHub does, and have the git server know it."""
        if installation.is_suspended:
            raise DeniedError(403, "This installation has been suspended")
        wanted = dict(body.get("permissions") or installation.permissions)
        for what, right in wanted.items():
            if (
                right not in ("read", installation.permissions.get(what))
                or what not in installation.permissions
            ):
                raise DeniedError(422, "The permissions requested are not granted to this installation.")
        names = tuple(body.get("repositories", ()))
        if any(not installation.has(name) for name in names):
            said = (
                "There is at least one repository that does not exist or is not accessible to the parent "
                "installation."
            )
            raise DeniedError(422, said)
        token = Issued(self.make_token(next(self._numbers)), installation.owner, names, wanted)
        self.issued.append(token)
        if self.server:
            self._tell(self.server, token, installation)
        return token

    def _tell(self, server: GitServer, token: Issued, installation: Installation) -> None:
        folder = server.root / installation.owner
        there = [path.name.removesuffix(".git") for path in folder.glob("*.git")]
        for name in there:
            reached = installation.has(name) and (not token.names or name in token.names)
            right = token.permissions.get("contents", "none") if reached else "none"
            server.allow(token.text, f"{installation.owner}/{name}", right)


def _app(asked: Asked) -> FakeApp:
    app = asked.github.app
    assert app, "the test has no App"
    app.check(asked.github.seen[-1].headers)
    return app


def _installation(asked: Asked) -> Any:
    app = _app(asked)
    for found in app.installations:
        if found.owner == asked.names["username"]:
            return {
                "id": found.identifier,
                "account": user(found.owner),
                "repository_selection": "selected" if found.names else "all",
                "app_slug": "acme-promotion",
                "target_type": "Organization",
                "permissions": dict(found.permissions),
                "suspended_at": "2026-01-31T12:00:00Z" if found.is_suspended else None,
            }
    raise NotThereError


def _token(asked: Asked) -> Any:
    app = _app(asked)
    wanted = int(asked.names["installation_id"])
    found = next((entry for entry in app.installations if entry.identifier == wanted), None)
    if found is None:
        raise NotThereError
    issued = app.issue(found, asked.body or {})
    return {
        "token": issued.text,
        "expires_at": "2026-01-31T13:00:00Z",
        "permissions": dict(issued.permissions),
        "repository_selection": "selected" if issued.names else "all",
    }


ROUTES: dict[tuple[str, str], Callable[[Asked], Any]] = {
    ("apps", "get_user_installation"): _installation,
    ("apps", "create_installation_access_token"): _token,
}
