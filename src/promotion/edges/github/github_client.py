"""Requests to GitHub's REST API: PyGithub's requester, with bounded retries and errors that help.

Importing this costs some 0.2 s (PyGithub), so import it where it is used.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import requests
from github import Auth, Github, GithubException
from urllib3.exceptions import HTTPError

from promotion.common.backoff import GITHUB_API, NEW_TOKEN, Backoff
from promotion.edges.github.api_refusals import (
    NotThereError,
    RefusedError,
    explain,
    is_redirect,
    list_messages,
)
from promotion.edges.github.api_retry import SECONDARY_WAIT, Patience, Retry
from promotion.edges.web.network import find_authorities, find_proxies
from promotion.errors import RateLimitError, SourceError, UnauthenticatedError

# PyGithub prints every refusal as a warning; ours are expected, or explained by the errors below.
logging.getLogger("github").setLevel(logging.CRITICAL)

# GitHub Enterprise Server knows this version; a later one leaves out fields such as merge_commit_sha.
API_VERSION = "2022-11-28"
_PER_PAGE = 100
_MOST_PAGES = 50
_NEXT = re.compile(r'<([^>]+)>; rel="next"')
_REPOSITORY = re.compile(r"/repos/([^/]+/[^/?]+)")

# The token for a request, by its repository (`owner/name`, empty if the path names none) and what it needs.
TokenSource = Callable[[str, str], str]


class GitHubClient:
    """Requests with one token, or with one for each need.

    Args:
        api_url: `https://api.github.com`, or `https://HOST/api/v3` on GitHub Enterprise Server.
        token: sent to that host only; never part of an error. May be what gives one for a request, or what
            signs it.
        backoff: when a request is sent again after a failed connection, a 5xx or a rate limit; its
            `longest_asked` is for all rate limits together.
        repeatable: verbs that do no harm when done twice, beside GET, PUT and PATCH.
        environment: where proxies and certificate authorities are found (`promotion.edges.web.network`).
    """

    def __init__(
        self,
        api_url: str,
        token: str | TokenSource | Auth.Auth,
        *,
        backoff: Backoff = GITHUB_API,
        timeout: int = 15,
        repeatable: Collection[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        retry = Retry(
            total=backoff.attempts - 1,
            backoff_factor=backoff.first_pause,
            backoff_max=backoff.longest_pause,
            patience=Patience(backoff.longest_asked),
            secondary_rate_wait=SECONDARY_WAIT,
            max_rate_limit_wait=backoff.longest_asked,
            allowed_methods={"GET", "PUT", "PATCH", *repeatable},
            raise_on_status=False,
        )
        self.api_url = api_url.rstrip("/")
        self._choose: TokenSource | None = None
        auth: Auth.Auth | None = None
        if isinstance(token, Auth.Auth):
            auth = token
        elif callable(token):
            self._choose = token
        elif token:
            auth = Auth.Token(token)
        self._requester = Github(
            auth=auth,
            base_url=self.api_url,
            timeout=timeout,
            user_agent="gitops-promotion",
            per_page=_PER_PAGE,
            retry=retry,
            # Requests come one by one, and at most two of them write.
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=API_VERSION,
            verify=find_authorities(environment or {}) or True,
        ).requester
        # The library has no setting for proxies: its one session would read the process's own environment.
        session = self._requester._Requester__createConnection().session  # type: ignore[attr-defined]
        session.trust_env, session.proxies = False, find_proxies(self.api_url, environment or {})

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def get(self, path: str, need: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Return a JSON answer.

        Args:
            path: below the API's address, quoted.
            need: the permission that it takes, as `contents: read`.

        Raises:
            AccessError: the token may not, or there is nothing there to see.
            RateLimitError: the limit is used up for longer than we wait.
            SourceError: GitHub doesn't answer, or with an error.
        """
        return self._send("GET", path, need, parameters=dict(parameters or {}))[1]

    def find(self, path: str, need: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Return a JSON answer, or None where there is nothing to be seen (404)."""
        try:
            return self.get(path, need, parameters)
        except NotThereError:
            return None

    def pages(
        self, path: str, need: str, parameters: Mapping[str, Any] | None = None, *, whole: bool = True
    ) -> Iterator[Any]:
        """Yield the JSON answers of all pages.

        Args:
            parameters: of the query, beside those for paging.
            whole: whether more pages than we read are an error; else the caller sees that some are missing.

        Raises:
            SourceError: there are more pages than we read.
        """
        following: str | None = path
        sent: dict[str, Any] = {**(parameters or {}), "per_page": _PER_PAGE}
        for _ in range(_MOST_PAGES):
            headers, data = self._send("GET", following or path, need, parameters=sent, start=path)
            yield data
            found = _NEXT.search(headers.get("link", ""))
            if not found:
                return
            following, sent = found[1], {}
        if whole:
            raise SourceError(f"GitHub has more than {_MOST_PAGES * _PER_PAGE} entries at {path}")

    def write(self, verb: str, path: str, need: str, body: Mapping[str, Any]) -> Any:
        """Send a JSON body with POST, PUT or PATCH.

        Raises:
            RefusedError: GitHub understands it, but can't do it (422).
        """
        return self._send(verb, path, need, body=dict(body))[1]

    def delete(self, path: str, need: str) -> None:
        """Delete what is there."""
        self._send("DELETE", path, need)

    def query(self, query: str, variables: Mapping[str, Any], need: str) -> Any:
        """Return the data of a GraphQL query or mutation.

        Raises:
            RefusedError: GitHub understands it, but can't do it. Else as `get`.
        """
        body = {"query": query, "variables": dict(variables)}
        data = self._send("POST", self._requester.graphql_url, need, body=body)[1]
        errors = data.get("errors") if isinstance(data, Mapping) else None
        if errors:
            raise RefusedError("; ".join(["GitHub refuses", *list_messages(errors)])[:500])
        return data.get("data") if isinstance(data, Mapping) else None

    def _send(self, *args: Any, **kwargs: Any) -> tuple[dict[str, Any], Any]:
        """Ask, and again after a while where not all of GitHub knows a new token yet."""
        for pause in NEW_TOKEN.pauses() if self._choose else ():
            with suppress(UnauthenticatedError):
                return self._send_once(*args, **kwargs)
            self.wait(pause)
        return self._send_once(*args, **kwargs)

    def _send_once(
        self,
        verb: str,
        path: str,
        need: str,
        *,
        parameters: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        start: str = "",
    ) -> tuple[dict[str, Any], Any]:
        """Ask once. `start` is the path of the first page; those of later ones name no repository."""
        headers = self._authorize(start or path, need)
        try:
            answer: tuple[dict[str, Any], Any] = self._requester.requestJsonAndCheck(
                verb, path, parameters=parameters, headers=headers, input=body
            )
        except GithubException as error:
            raise self._explain(error, verb, path, need) from None
        except RateLimitError:
            raise
        except (AttributeError, TypeError, AssertionError):
            # PyGithub takes every error's body for a map; a proxy's may be anything. It asserts that a next
            # page is on the same server.
            raise SourceError(f"the answer to {verb} {path} isn't GitHub's, but perhaps a proxy's") from None
        except (requests.RequestException, HTTPError, OSError, RuntimeError, ValueError) as error:
            reason = type(error).__name__
            raise SourceError(
                f"GitHub's API at {self.api_url} doesn't answer ({reason} for {verb} {path})",
                fix="Look at https://www.githubstatus.com and run it again.",
            ) from None
        if is_redirect(*answer):
            raise SourceError(
                f"the repository of {verb} {path} was renamed: GitHub has done nothing, and points elsewhere",
                fix="Name the repository as it is called today.",
            )
        return answer

    def _authorize(self, path: str, need: str) -> dict[str, str]:
        """Return the header for one request, where each has a token of its own."""
        if self._choose is None:
            return {}
        found = _REPOSITORY.match(path)
        token = self._choose(unquote(found[1]) if found else "", need)
        return {"Authorization": f"token {token}"} if token else {}

    def _explain(self, error: GithubException, verb: str, path: str, need: str) -> SourceError:
        return explain(error, verb, path, need)
