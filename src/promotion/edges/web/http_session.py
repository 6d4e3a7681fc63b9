"""Single requests over http and https, and what their failures mean. Retries are the caller's."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from typing import TYPE_CHECKING

from promotion.edges.web.host_policy import HostPolicy
from promotion.edges.web.network import find_authorities, find_proxies
from promotion.edges.web.web_address import display
from promotion.errors import SourceError, UnreachableError

if TYPE_CHECKING:
    import requests


# What TLS says of a line that broke off (https://docs.python.org/3/library/ssl.html#ssl.SSLEOFError), and of
# a server in trouble that has nothing to do with us (RFC 8446, section 6.2, `internal_error`). All else, as
# certificates and versions of the protocol, stays until somebody changes it.
_BREAKS = ("UNEXPECTED_EOF_WHILE_READING", "EOF occurred in violation", "ALERT_INTERNAL_ERROR")


class PassingError(Exception):
    """A failure that may be gone at the next try.

    Args:
        error: what to raise when it isn't.
        pause: seconds that the server asks to wait, or None.
    """

    def __init__(self, error: SourceError, pause: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.pause = error, pause


class HttpSession:
    """Keeps connections open; no cookies, no `.netrc`, no redirects, nothing from the process's environment.

    Args:
        environment: where proxies and certificate authorities are found (`promotion.edges.web.network`).
        host_policy: judges what may be had through a proxy.
    """

    def __init__(self, environment: Mapping[str, str], host_policy: HostPolicy) -> None:
        self._environment, self._host_policy = environment, host_policy
        self._opened: dict[int, requests.Session] = {}

    def send(
        self,
        address: str,
        headers: Mapping[str, str | bytes],
        timeouts: tuple[float, float],
        *,
        nearest: int,
    ) -> requests.Response:
        """Ask for an address; the answer's body is still to be read.

        Args:
            nearest: how near its host may be (`promotion.edges.web.host_policy`).

        Raises:
            PassingError: nobody answered.
            SourceError: nobody will answer, the host is nearer, or a proxy may not ask for it.
        """
        import requests

        proxies = find_proxies(address, self._environment)
        self._host_policy.check_proxy(address, "".join(proxies.values()))
        try:
            return self._session(nearest).get(
                address,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=timeouts,
                proxies=proxies,
                verify=find_authorities(self._environment) or True,
            )
        except requests.exceptions.SSLError as error:
            if any(sign in str(error) for sign in _BREAKS):
                raise unreachable(address, "the TLS connection broke") from None
            raise _untrusted(address, error) from None
        except (requests.exceptions.InvalidURL, UnicodeError):
            raise SourceError(f"{display(address)} isn't a web address", fix="Check it.") from None
        except requests.exceptions.Timeout:
            raise unreachable(address, "it did not answer in time") from None
        except requests.exceptions.RequestException as error:
            raise unreachable(address, _reason(error)) from None

    def _session(self, nearest: int) -> requests.Session:
        if nearest not in self._opened:
            from http.cookiejar import DefaultCookiePolicy

            from promotion.edges.web.guarded_session import GuardedAdapter, PlainSession

            session = PlainSession()
            session.trust_env = False
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.headers["User-Agent"] = "gitops-promotion"
            for scheme in ("http://", "https://"):
                session.mount(scheme, GuardedAdapter(nearest, pool_maxsize=32))
            self._opened[nearest] = session
        return self._opened[nearest]


def unreachable(address: str, reason: str) -> PassingError:
    """Return the failure of a host that isn't there or stops in the middle."""
    return PassingError(
        UnreachableError(
            f"{display(address)} can't be reached: {reason}", fix="Check the address and the network."
        )
    )


def _untrusted(address: str, error: Exception) -> SourceError:
    detail = "its certificate isn't trusted" if "CERTIFICATE_VERIFY_FAILED" in str(error) else "TLS failed"
    return SourceError(
        f"{display(address)} can't be reached: {detail}",
        fix="For a company's own certificate authority set SSL_CERT_FILE.",
    )


def _reason(error: Exception) -> str:
    """Return the cause in plain words; the library's own text may hold the whole address."""
    text = str(error)
    for sign, meaning in (
        ("NameResolutionError", "its host isn't known"),
        ("Connection refused", "it refuses connections"),
        ("ProxyError", "the proxy doesn't answer or refuses"),
        ("Network is unreachable", "there is no route to it"),
    ):
        if sign in text or sign in type(error).__name__:
            return meaning
    return "the connection broke"


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in `Retry-After`, or None (RFC 9110, section 10.2.3).

    A date counts from the server's own clock.

    Args:
        headers: of the answer; names in any case.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        then = email.utils.parsedate_to_datetime(text)
        now = email.utils.parsedate_to_datetime(headers.get("Date", ""))
        return max((then - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
