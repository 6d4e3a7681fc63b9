"""What the guard needs of GitHub, for one repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from promotion.common.github_json import Json
from promotion.common.sticky_comment import Comments


class Merges(Protocol):
    """The repository's objects, in which a merge can be made anew."""

    def merge(self, one: str, other: str) -> str | None:
        """Return the tree of the clean merge of two commits; None if they conflict.

        Raises:
            PromotionError: the commits can't be had, or git can't merge.
        """


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
        """Return the commit of a branch with exactly this name, or None."""

    def branches(self, prefix: str) -> Sequence[tuple[str, str]]:
        """Return names and commits of the branches whose names start so."""

    def contains(self, tip: str, commit: str, repository: str = "") -> bool:
        """Return whether a commit is the tip, or an ancestor of it."""

    def compare(self, base: str, head: str) -> Json:
        """Return the compare API's answer with the commits of all pages; `total_commits` tells whether some
        lack.
        """

    def find_comparison(self, base: str, head: str) -> Json | None:
        """As `compare`; None where one of the two can't be seen, or where they share no history."""

    def activities(self, branch: str) -> Sequence[Json] | None:
        """Return the last moves of a branch as GitHub recorded them; None if it keeps no record."""

    def pulls_of(self, commit: str) -> Sequence[Json]:
        """Return the pull requests that GitHub associates with a commit."""

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file at a commit, branch or tag, or None."""

    def files_in(self, folder: str, ref: str) -> Mapping[str, str]:
        """Return the paths of the files in a folder, each with the id of its content; none if there is no
        folder.
        """

    def has_commit(self, commit: str) -> bool:
        """Return whether a commit is there to be read."""

    def wait(self, seconds: float) -> None:
        """Give GitHub time to catch up with itself."""

    def branch(self, name: str) -> Json | None:
        """Return a branch with what may be seen of its protection, or None."""

    def branch_rules(self, branch: str) -> Sequence[Json]:
        """Return the rules in force for a branch, of all rulesets, the organisation's too."""

    def rulesets(self) -> Sequence[Json]:
        """Return the rulesets that apply to the repository, in the short form."""

    def ruleset(self, identifier: int) -> Json | None:
        """Return a ruleset in its long form, or None where it can't be seen."""

    def protection(self, branch: str) -> Json | None:
        """Return a branch's classic protection, or None where there is none."""

    def actions_app(self) -> int | None:
        """Return the id of the App that reports the checks of GitHub Actions; None if unknown."""

    def create_ruleset(self, ruleset: Json) -> None:
        """Create a ruleset."""

    def update_ruleset(self, identifier: int, ruleset: Json) -> None:
        """Replace a ruleset."""
