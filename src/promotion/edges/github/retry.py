"""When a request to GitHub is sent again."""

from __future__ import annotations

from typing import Any

from github.GithubRetry import GithubRetry
from urllib3 import BaseHTTPResponse

from promotion.errors import RateLimitError


class Retry(GithubRetry):
    """PyGithub's retries, which honour rate limits, with a limit on each wait and safe for writes.

    What GitHub refuses because of a rate limit was not done, so it is sent again whatever it was; after a
    5xx only what does no harm when done twice.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        if status_code in (403, 429):
            return bool(self.total) and (status_code == 403 or has_retry_after)
        return super().is_retry(method, status_code, has_retry_after)

    def increment(self, *args: Any, **kwargs: Any) -> Any:
        response: BaseHTTPResponse | None = kwargs.get("response")
        asked = self.get_retry_after(response) if response is not None else None
        if asked is not None and asked > (self.max_rate_limit_wait or 0):
            raise RateLimitError(
                f"GitHub's rate limit is used up; it asks to wait {asked:.0f} s",
                fix="Run the job again later, or use a token with a limit of its own (a GitHub App).",
            )
        return super().increment(*args, **kwargs)
