"""Where a repository has moved to: git itself must not follow, for its header would go along."""

from __future__ import annotations

from collections.abc import Mapping

from promotion.edges.git.remotes import Remote, redirected
from promotion.edges.time_limit import run_within
from promotion.edges.web.host_policy import NEAREST
from promotion.edges.web.network import find_authorities, find_proxies
from promotion.edges.web.web_address import join
from promotion.errors import AccessError, SourceError

_LIMIT = 120.0  # seconds


def follow(
    remote: Remote, service: str, header: str, environment: Mapping[str, str], *, nearest: int = NEAREST
) -> Remote:
    """Return the remote that a server redirects to.

    Args:
        service: what git asks for, `git-upload-pack` or `git-receive-pack`.
        header: the value of the `Authorization` header for `remote`; empty for none.
        environment: where proxies and certificate authorities are found.
        nearest: how near its host may be (`promotion.edges.web.host_policy`).

    Raises:
        AccessError: it is a page that is no repository, such as one to sign in.
        SourceError: it isn't on the web, gives up encryption, or the server can't be reached.
    """
    question = f"{remote.url}/info/refs?service={service}"
    location = _ask(remote, question, header, environment, nearest)
    url, found, _ = join(question, location).partition("/info/refs")
    if not location or not found:
        raise AccessError(
            f"{remote.name} sends us to a page that is no repository",
            fix="Check the address; a server may do so when the token is missing or wrong.",
        )
    return redirected(remote, url)


def _ask(remote: Remote, url: str, header: str, environment: Mapping[str, str], nearest: int) -> str:
    """Return the Location that a server answers a GET with; empty if it gives none."""
    import requests  # slow to import, and rarely needed

    from promotion.edges.web.guarded_session import GuardedAdapter, PlainSession

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if header:
            request.headers["Authorization"] = header
        return request

    def ask() -> str:
        with PlainSession() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, GuardedAdapter(nearest))
            session.trust_env = False  # neither ~/.netrc nor the process's own proxies
            with session.get(
                url,
                auth=authorize,
                allow_redirects=False,
                timeout=(30, 60),
                stream=True,
                headers={"User-Agent": "git/2"},
                proxies=find_proxies(url, environment) if nearest >= NEAREST else {},
                verify=find_authorities(environment) or True,
            ) as answer:
                return answer.headers.get("Location", "")

    try:
        return run_within(_LIMIT, ask)
    except (requests.RequestException, TimeoutError) as error:
        raise SourceError(f"{remote.name} redirects, but doesn't say where: {type(error).__name__}") from None
