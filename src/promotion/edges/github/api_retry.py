"""When a request to GitHub is sent again."""

from __future__ import annotations

from typing import Any

from github.GithubRetry import GithubRetry
from urllib3 import BaseHTTPResponse

from promotion.errors import RateLimitError

# GitHub: "Best practices for using the REST API": without another word, wait at least a minute.
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
SECONDARY_WAIT = 60.0
_LIMITED = (403, 429)


class Patience:
    """How long rate limits may still be waited for, all requests together.

    Args:
        seconds: for all of them.
    """

    def __init__(self, seconds: float) -> None:
        self._total = self._left = seconds

    def spend(self, seconds: float) -> None:
        """Take what the next wait costs.

        Raises:
            RateLimitError: so much isn't left.
        """
        if seconds > self._left:
            before = (
                f", after {self._total - self._left:.0f} s of waiting" if self._left < self._total else ""
            )
            raise RateLimitError(
                f"GitHub's rate limit is used up; it asks to wait {seconds:.0f} s{before}",
                fix="Run it again later, or use a token with a limit of its own (a GitHub App).",
            )
        self._left -= seconds


class Retry(GithubRetry):
    """PyGithub's retries, which honour rate limits, with a limit on all waits together and safe for writes.

    What GitHub refuses because of a rate limit was not done, so it is sent again whatever it was; after a
    5xx only what does no harm when done twice.
    """

    def __init__(self, *, patience: Patience, **options: Any) -> None:
        super().__init__(**options)
        self._patience = patience

    def new(self, **changes: Any) -> Retry:
        return super().new(patience=self._patience, **changes)

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        if status_code in _LIMITED:
            return bool(self.total) and (status_code == 403 or has_retry_after)
        return super().is_retry(method, status_code, has_retry_after)

    def increment(self, *args: Any, **kwargs: Any) -> Any:
        response: BaseHTTPResponse | None = kwargs.get("response")
        asked = self.get_retry_after(response) if response is not None else None
        if asked is not None:
            self._patience.spend(asked)
        following = super().increment(*args, **kwargs)
        if asked is None and response is not None and response.status in _LIMITED:
            self._patience.spend(following.get_backoff_time())
        return following
