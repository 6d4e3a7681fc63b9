"""The tips of branches that have to exist."""

from __future__ import annotations

from promotion.common.github_json import pick
from promotion.common.phrases import ask_for_right, say
from promotion.common.promotion_rules.rules_github import GuardGitHub
from promotion.errors import AccessError


def find_default_tip(github: GuardGitHub) -> str:
    """Return the commit of the default branch.

    Raises:
        AccessError: it can't be read.
    """
    return require_tip(github, pick(github.repository(), "default_branch", str))


def require_tip(github: GuardGitHub, branch: str) -> str:
    """Return the commit of a branch by its exact name, as a bare one could also be a tag.

    Raises:
        AccessError: it can't be read.
    """
    tip = github.tip(branch)
    if tip is None:
        raise AccessError(
            f"the branch {branch} can't be read",
            fix=say("If it exists: {}", ask_for_right("contents: read")),
        )
    return tip
