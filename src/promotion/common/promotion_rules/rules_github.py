"""The guard's view of GitHub, for one repository, and the tips of branches that have to exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from promotion.common.commit_comparison import Comparison
from promotion.common.github_json import Json, pick
from promotion.common.phrases import ask_for_right, say
from promotion.common.sticky_comment import Comments
from promotion.errors import AccessError


class GuardGitHub(Comments, Protocol):
    """GitHub's REST API, for one repository. Answers are as GitHub describes them, unread.

    Every method raises AccessError with the permission to add where the token lacks one,
    RateLimitError where the limit is used up for long, and SourceError where GitHub can't be reached.
    `repository` is `owner/name`; empty means the repository this is for.
    """

    def repository(self) -> Json:
        """Return the repository itself."""

    def pull(self, number: int) -> Json:
        """Return a pull request."""

    def tip(self, branch: str, repository: str = "") -> str | None:
        """Return the commit of the branch with exactly this name; None if there is none."""

    def branches(self, prefix: str) -> Sequence[tuple[str, str]]:
        """Return names and commits of the branches that start with the prefix."""

    def contains(self, tip: str, commit: str, repository: str = "") -> bool:
        """Return whether a commit is the tip or one of its ancestors."""

    def compare(self, base: str, head: str) -> Comparison:
        """Return the commits of the head that the base lacks."""

    def find_comparison(self, base: str, head: str) -> Comparison | None:
        """Compare as `compare` does; return None if one can't be seen, or if they share no history."""

    def activities(self, branch: str) -> Sequence[Json] | None:
        """Return the last moves of a branch as GitHub recorded them; None if it keeps no record."""

    def pulls_of(self, commit: str) -> Sequence[Json]:
        """Return the pull requests that GitHub associates with a commit."""

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file at a commit, branch or tag; None if there is none."""

    def files_in(self, folder: str, ref: str) -> Mapping[str, str]:
        """Return the files in a folder, each path with its blob id; none if there is no folder."""

    def has_commit(self, commit: str) -> bool:
        """Return whether a commit exists and can be read."""

    def wait(self, seconds: float) -> None:
        """Wait for GitHub to become consistent."""

    def branch(self, name: str) -> Json | None:
        """Return a branch with the visible part of its protection; None if there is none."""

    def branch_rules(self, branch: str) -> Sequence[Json]:
        """Return the rules in force for a branch, from all rulesets, including the organisation's."""

    def rulesets(self) -> Sequence[Json]:
        """Return the rulesets that apply to the repository, in the short form."""

    def ruleset(self, identifier: int) -> Json | None:
        """Return a ruleset in its long form; None if it can't be seen."""

    def protection(self, branch: str) -> Json | None:
        """Return a branch's classic protection; None if there is none."""

    def actions_app(self) -> int | None:
        """Return the id of the App that reports the checks of GitHub Actions; None if unknown."""

    def create_ruleset(self, ruleset: Json) -> None:
        """Create a ruleset."""

    def update_ruleset(self, identifier: int, ruleset: Json) -> None:
        """Replace a ruleset."""


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
