"""Pull requests of one repository, over GitHub's REST API, and how they may be merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from urllib.parse import quote

from promotion.common.github_json import PullSummary, parse_pull_summary, require_field
from promotion.common.promotion_rules.branch_protection import METHODS, Protection, of_rules, of_settings
from promotion.edges.github.api_answers import Api, Json, read_map, read_maps, read_text
from promotion.edges.github.api_refusals import NotThereError, RefusedError
from promotion.errors import AccessError, SourceError

_READ = "pull-requests: read"
_WRITE = "pull-requests: write"
# GitHub has no code for these, only texts.
_OVERTAKEN = ("already exists", "No commits between")
_FORBIDDEN = "not permitted to create or approve pull requests"
_ALLOW = (
    "Use a GitHub App's or a personal access token; or allow it under Settings, Actions, General, Workflow "
    "permissions: `Allow GitHub Actions to create and approve pull requests`, in the repository, and where "
    "that is greyed out in its organisation, too."
)
_MERGE = "pull-requests: write` and `contents: write"
_AUTO_MERGE = (
    "mutation AutoMerge($pull: ID!, $method: PullRequestMergeMethod!) { enablePullRequestAutoMerge("
    "input: {pullRequestId: $pull, mergeMethod: $method}) { pullRequest { number } } }"
)
_NO_METHOD = (
    "the repository's settings and the rules of `{base}` have no merge method in common. Allow one in both: "
    "under Settings, General, Pull Requests, and in the branch's rulesets."
)
# What GitHub says, as found in what others report: it has no codes for these either.
_NO_AUTO_MERGE = {
    "not allowed for this repository": "Allow it under Settings, General, Pull Requests: `Allow auto-merge`.",
    "clean status": "Nothing is left to wait for: merge it, or require a check or a review for the branch.",
    "unstable status": "A check that isn't required fails or runs: require one for the branch, or merge it.",
    "rules not configured": "Protect the branch: without a rule there is nothing to wait for.",
}
_METADATA = "metadata: read"
_PREFERRED = ("merge", "squash", "rebase")
# What of classic branch protection shows to others than administrators (GraphQL API, `RefUpdateRule`).
_CLASSIC = (
    "query Linear($owner: String!, $name: String!, $ref: String!) { repository(owner: $owner, name: $name) "
    "{ ref(qualifiedName: $ref) { refUpdateRule { requiresLinearHistory } } } }"
)


class PullsApi(Api):
    """Pull requests between two branches of one repository; those of forks are none of its business."""

    def find_open(self, head: str, base: str) -> PullSummary | None:
        """Return the open pull request from one branch to another, or None.

        GitHub has at most one for a pair.
        """
        owner = self._repository.split("/")[0]
        asked = {"state": "open", "head": f"{owner}:{head}", "base": base}
        found = read_maps(self._session.pages(self._at("/pulls"), _READ, asked))
        # The owner may have a fork of its own repository, whose branches are called the same.
        return _read_first(pull for pull in found if _ends(pull) == (head, base, True))

    def find_closed(self, head: str, base: str, commit: str) -> PullSummary | None:
        """Return a pull request that was closed without being merged, when its head was at this commit, or
        None.
        """
        owner = self._repository.split("/")[0]
        asked = {"state": "closed", "head": f"{owner}:{head}", "base": base}
        found = read_maps(self._session.pages(self._at("/pulls"), _READ, asked, whole=False))
        mine = (pull for pull in found if _ends(pull) == (head, base, True) and not pull.get("merged_at"))
        return _read_first(pull for pull in mine if read_map(pull.get("head")).get("sha") == commit)

    def find_last_closed(self, head: str, base: str) -> PullSummary | None:
        """Return the newest of the pull requests from one branch to another that are closed, merged or not;
        or None.

        GitHub keeps where its head was when it was closed: later pushes don't move it.
        """
        owner = self._repository.split("/")[0]
        asked = {"state": "closed", "head": f"{owner}:{head}", "base": base}
        newest_first = {"sort": "created", "direction": "desc"}
        pages = self._session.pages(self._at("/pulls"), _READ, asked | newest_first, whole=False)
        found = read_maps([next(pages)])
        return _read_first(pull for pull in found if _ends(pull) == (head, base, True))

    def enable_auto_merge(self, pull: PullSummary) -> str:
        """Have GitHub merge a pull request as soon as the rules of its base allow.

        Returns:
            Why GitHub doesn't, with what to do; empty if it does.
        """
        base = require_field(pull.base_branch, "base.ref")
        method = MergingApi(self._session, self._repository).choose_method(base, _MERGE)
        if not method:
            return _NO_METHOD.format(base=base)
        variables = {"pull": require_field(pull.node_id, "node_id"), "method": method.upper()}
        try:
            self._session.query(_AUTO_MERGE, variables, _MERGE)
        except AccessError as error:
            return str(error)
        except RefusedError as error:
            fixes = (fix for text, fix in _NO_AUTO_MERGE.items() if text in error.what)
            return f"{error.what}. {next(fixes, '')}".strip()
        return ""

    def create(self, *, head: str, base: str, title: str, body: str) -> PullSummary | None:
        """Open a pull request.

        Returns:
            It; None if somebody was faster: there is one for this pair, or nothing to merge any more.

        Raises:
            AccessError: the token may not; the job's own may need a setting, which the error names.
            SourceError: GitHub refuses it for another reason.
        """
        wanted = {"title": title, "head": head, "base": base, "body": body}
        try:
            return parse_pull_summary(
                read_map(self._session.write("POST", self._at("/pulls"), _WRITE, wanted))
            )
        except RefusedError as error:
            if any(text in error.what for text in _OVERTAKEN):
                return None
            raise
        except AccessError as error:
            if _FORBIDDEN in error.what:
                raise AccessError(error.what, fix=_ALLOW) from None
            raise

    def edit(self, number: int, *, title: str, body: str) -> None:
        """Replace a pull request's title and text."""
        self._patch(number, {"title": title, "body": body})

    def close(self, number: int, *, body: str | None = None) -> None:
        """Close a pull request without merging it; `body` replaces its text."""
        changes = {"state": "closed"} if body is None else {"state": "closed", "body": body}
        self._patch(number, changes)

    def _patch(self, number: int, changes: Json) -> None:
        read_map(self._session.write("PATCH", self._at(f"/pulls/{number}"), _WRITE, changes))


def _read_first(found: Iterable[Json]) -> PullSummary | None:
    return next(map(parse_pull_summary, found), None)


def _ends(pull: Json) -> tuple[object, object, bool]:
    """Return names of the branches, and whether both are of one repository; a deleted one is null."""
    head, base = read_map(pull.get("head")), read_map(pull.get("base"))
    homes = [(end.get("repo") or {}).get("id") for end in (head, base)]
    return head.get("ref"), base.get("ref"), homes[0] is not None and homes[0] == homes[1]


class MergingApi(Api):
    """The merge methods of one repository: by its settings and the rules of the base together."""

    def choose_method(self, base: str, need: str) -> str:
        """Return the first of merge, squash and rebase that is allowed into a branch; empty if none is.

        What can't be seen counts as allowed: GitHub refuses it then. With a merge queue it is the queue's:
        GitHub ignores any other (GraphQL API, `EnablePullRequestAutoMergeInput.mergeMethod`).

        Args:
            need: the permission of the token that is there anyway.
        """
        rules = self._find_rules(base)
        if queue := next((rule for rule in rules if rule.get("type") == "merge_queue"), None):
            return read_text(read_map(queue.get("parameters")), "merge_method").lower()
        protection = of_settings(read_map(self._session.get(self._at(""), _METADATA))) | of_rules(rules)
        if self._is_linear(base, need):
            protection |= Protection(methods=METHODS - {"merge"})
        return next((method for method in _PREFERRED if method in protection.methods), "")

    def _find_rules(self, base: str) -> list[Json]:
        """Return the rules of all rulesets; none on a server without rulesets."""
        try:
            return read_maps(
                self._session.pages(self._at(f"/rules/branches/{quote(base, safe='')}"), _METADATA)
            )
        except NotThereError:
            return []

    def _is_linear(self, base: str, need: str) -> bool:
        owner, _, name = self._repository.partition("/")
        asked = {"owner": owner, "name": name, "ref": f"refs/heads/{base}"}
        found: object = None
        with suppress(SourceError):
            found = self._session.query(_CLASSIC, asked, need)
        for key in ("repository", "ref", "refUpdateRule", "requiresLinearHistory"):
            found = found.get(key) if isinstance(found, Mapping) else None
        return found is True
