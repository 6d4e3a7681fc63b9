"""Every operation that the fake GitHub knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from support import (
    github_answers,
    github_apps,
    github_deployments,
    github_git_data,
    github_limits,
    github_pulls,
)
from support.github_answers import Asked

ROUTES: Mapping[tuple[str, str], Callable[[Asked], Any]] = {
    **github_answers.ROUTES,
    **github_apps.ROUTES,
    **github_deployments.ROUTES,
    **github_git_data.ROUTES,
    **github_pulls.ROUTES,
    **github_limits.ROUTES,
}
