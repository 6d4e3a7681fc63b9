"""Every retry: how often something is tried, and how long the pauses between are.

The table in docs/reliability.md is made from `RETRIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TypeVar

from promotion.common.lazy_dataclass import dataclass

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How often something is tried, and how long the pauses between are, in seconds.

    A pause is `factor` times as long as the one before it, and `longest_pause` at most. `jitter` are the
    shares of it between which chance chooses, so that many runs don't keep step; the result isn't below
    `shortest_pause`. `longest_asked` is how long a server may ask us to wait in place of that. With
    `first_at_once` the first retry has no pause, and the others have the same as without.
    """

    attempts: int
    first_pause: float = 0.0
    factor: float = 2.0
    longest_pause: float = inf
    shortest_pause: float = 0.0
    jitter: tuple[float, float] = (1.0, 1.0)
    longest_asked: float = 0.0
    first_at_once: bool = False

    def pause_after(self, attempt: int, chance: float = 0.0) -> float:
        """Return the seconds to wait after a failed attempt.

        Args:
            attempt: its number, from 1 on.
            chance: a random number in [0, 1).
        """
        if attempt == 1 and self.first_at_once:
            return 0.0
        pause = min(self.first_pause * self.factor ** (attempt - 1), self.longest_pause)
        low, high = (share * pause for share in self.jitter)
        low = max(low, self.shortest_pause)
        return low + (high - low) * chance

    def pauses(self, chance: float = 0.0) -> Sequence[float]:
        """Return the seconds to wait between all attempts."""
        return [self.pause_after(attempt, chance) for attempt in range(1, self.attempts)]

    def poll(self, ask: Callable[[], _T | None], wait: Callable[[float], None]) -> _T | None:
        """Return the first answer that isn't None, or None after the last attempt."""
        for pause in self.pauses():
            if (answer := ask()) is not None:
                return answer
            wait(pause)
        return ask()


GIT_IN_PROCESS = Backoff(attempts=1, longest_asked=60)
GIT_PROGRAM = Backoff(attempts=4, first_pause=1, jitter=(0.5, 1.5))
WEB_DOWNLOAD = Backoff(attempts=5, first_pause=0.5, longest_pause=30, jitter=(0.5, 1), longest_asked=inf)
# urllib3 makes the pauses of these two (`urllib3.util.retry.Retry.get_backoff_time`).
GITHUB_API = Backoff(attempts=5, first_pause=0.5, longest_pause=10, longest_asked=60, first_at_once=True)
GITHUB_STATUS = Backoff(attempts=2, first_pause=0.5, longest_pause=10, longest_asked=2, first_at_once=True)
# An App's new token may be unknown for so long: https://github.com/octokit/auth-app.js/issues/65
NEW_TOKEN = Backoff(attempts=3, first_pause=1)
SIGNED_COMMIT = Backoff(attempts=5, first_pause=0.5)
# GitHub records a push, and links a commit to its pull request, a moment after the push.
PUSH_RECORD = Backoff(attempts=3, first_pause=2)
OTHER_PROMOTION = Backoff(attempts=4, first_pause=1)
PUBLISH = Backoff(attempts=10, first_pause=1, longest_pause=20, shortest_pause=0.1, jitter=(0, 1))

RETRIES: Mapping[str, Backoff] = {
    "a request of git over HTTP in our process; then the git program is asked": GIT_IN_PROCESS,
    "a call of the git program": GIT_PROGRAM,
    "a file from the web: manifest, index, archive, a chart from a registry": WEB_DOWNLOAD,
    "deployments and commit statuses": GITHUB_STATUS,
    "a request to GitHub's API otherwise": GITHUB_API,
    "the same with an App's new token, which not all of GitHub knows at once": NEW_TOKEN,
    "fetching the commit that GitHub has signed": SIGNED_COMMIT,
    "guard: GitHub's record of a push, or the pull request of a commit": PUSH_RECORD,
    "promote: the pull request that another run opens": OTHER_PROMOTION,
    "a push that lost a race, each time from the sources on": PUBLISH,
}
