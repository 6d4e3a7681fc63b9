"""The change to preview: a repository's branch, as it is and as it would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promotion.common.event import Event
from promotion.common.github_json import Pull, parse_pull, pick
from promotion.errors import UsageError
from promotion.rendering.sources.git_source import GitSource

EVENTS = ("pull_request", "pull_request_target")


@dataclass(frozen=True, kw_only=True)
class PullChange:
    """The change that would be merged into the branch of a repository.

    `before` and `after` are commits, or refs of the repository. `is_default` says that the branch is the one
    that a source without any ref means.
    """

    repository: str
    branch: str
    before: str
    after: str
    is_default: bool = False

    def moves(self, source: GitSource) -> bool:
        """Return whether a source of this repository follows the branch."""
        ref = source.version or source.branch
        return ref == self.branch if ref else self.is_default


@dataclass(frozen=True, kw_only=True)
class PullEvent:
    """The pull request as the event describes it."""

    pull: Pull
    default_branch: str
    is_target: bool


def read_pull(event: Event) -> PullEvent:
    """Return the pull request of the event.

    Raises:
        UsageError: it is about none.
        UnexpectedAnswerError: it isn't as GitHub documents it.
    """
    payload: Mapping[str, Any] = event.payload
    if event.name not in EVENTS or not isinstance(payload.get("pull_request"), Mapping):
        raise UsageError(
            f"the event {event.name or '(none)'} is about no pull request",
            fix="Start the preview on pull_request, or give --head to preview a branch in a terminal.",
        )
    return PullEvent(
        pull=parse_pull(payload["pull_request"]),
        default_branch=pick(payload, "repository.default_branch", str),
        is_target=event.name == "pull_request_target",
    )
