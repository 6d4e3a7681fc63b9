"""GitHub's refusals, as errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from github import GithubException, RateLimitExceededException

from promotion.common.access_barriers import find_way
from promotion.common.phrases import Phrase, ask_for_right, say
from promotion.errors import (
    AccessError,
    ForbiddenError,
    RateLimitError,
    SourceError,
    UnauthenticatedError,
    UnreachableError,
)


def said_by(error: GithubException) -> str:
    """Return GitHub's own words, cut to a bearable length."""
    data = error.data if isinstance(error.data, Mapping) else {}
    return str(data.get("message") or error.message or "")[:200]


class NotThereError(AccessError):
    """404: nothing there, or nothing that this token may see."""


class RefusedError(SourceError):
    """422: GitHub can't do what it was asked for; the text has its reasons."""


def explain(error: GithubException, verb: str, path: str, need: str) -> SourceError:
    """Return what GitHub's refusal of a request means, and what to do about it."""
    data = error.data if isinstance(error.data, Mapping) else {}
    said = said_by(error)
    what = f"GitHub answered {error.status} to {verb} {path}" + (f": {said}" if said else "")
    if isinstance(error, RateLimitExceededException) or error.status == 429:
        fix = "Run it again later, or use a token with a limit of its own (a GitHub App)."
        return RateLimitError(f"GitHub's rate limit is used up ({said or error.status})", fix=fix)
    if error.status == 401:
        return UnauthenticatedError(f"GitHub doesn't take the token ({said})", fix=say("Check {token}."))
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    accepted = str(headers.get("x-accepted-github-permissions") or "")
    wanted = accepted.replace("=", ": ").replace("_", "-") or need  # as a workflow spells them
    fix = ask_for_right(wanted, said)
    if error.status == 404:
        return NotThereError(what, fix=say("{} Without it, GitHub hides what is there.", fix))
    if error.status in (403, 451):
        reason = said if error.status == 403 else f"{said} access blocked"  # for legal reasons
        return _find_barrier(what, reason, headers) or AccessError(what, fix=fix)
    if error.status == 422:
        return RefusedError(": ".join([what, *_reasons(data)]))
    return UnreachableError(what, fix="Look at https://www.githubstatus.com and run it again.")


def _find_barrier(what: str, said: str, headers: Mapping[str, Any]) -> SourceError | None:
    """Return the error where GitHub's reason isn't a right that the token lacks.

    `X-GitHub-SSO: required; url=https://...` is where the token's owner, and nobody else, authorises it
    within an hour (GitHub's docs, "Authenticating to the REST API"), so it is for a terminal.
    """
    sign_on = str(headers.get("x-github-sso") or "")
    way = find_way(f"{said} SAML SSO" if sign_on.startswith("required") else said)
    if way is None:
        return None
    link = re.search(r"url=(https://[^\s;,]+)", sign_on)
    return ForbiddenError(what, fix=say("{}{}", way, Phrase("", f" Or by {link[1]}" if link else "")))


def is_redirect(headers: Mapping[str, Any], data: object) -> bool:
    """Return whether GitHub answers with the place to ask (307), which PyGithub takes for done where it isn't
    a GET.

    What was created has a location, too, but no word on GitHub's documentation.
    """
    return "location" in headers and (not isinstance(data, Mapping) or "documentation_url" in data)


def list_messages(errors: object) -> list[str]:
    """Return what GitHub's GraphQL API says went wrong."""
    entries = errors if isinstance(errors, list) else []
    return [str(entry.get("message")) for entry in entries if isinstance(entry, Mapping)]


def _reasons(data: Mapping[str, Any]) -> list[str]:
    """Return what GitHub says about a request that it can't carry out (GitHub: REST API, client errors)."""
    errors = data.get("errors")
    entries = [entry for entry in errors if isinstance(entry, Mapping)] if isinstance(errors, list) else []
    said = [str(entry.get("message") or f"{entry.get('field')} is {entry.get('code')}") for entry in entries]
    return ["; ".join(said)[:500]] if said else []
