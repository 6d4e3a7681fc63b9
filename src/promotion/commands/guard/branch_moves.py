"""The way in which a branch was moved, by GitHub's record.

https://docs.github.com/en/rest/repos/repos#list-repository-activities
"""

from __future__ import annotations

from collections.abc import Iterable

from promotion.common.github_json import Json

# A pull request that is merged by GitHub because its commits were pushed shows as a push.
_MERGES = frozenset({"pr_merge", "merge_queue_merge"})


def find_move(activities: Iterable[Json], branch: str, before: str, after: str) -> str:
    """Return GitHub's word for how the branch moved between two commits; empty if unknown (yet)."""
    wanted = (f"refs/heads/{branch}", before, after)
    found = (entry for entry in activities if tuple(map(entry.get, ("ref", "before", "after"))) == wanted)
    return next((str(entry.get("activity_type") or "") for entry in found), "")


def is_merge(move: str) -> bool:
    """Return whether GitHub itself made the new commits, by its button, its API or its queue."""
    return move in _MERGES
