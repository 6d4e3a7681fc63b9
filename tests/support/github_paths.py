"""The paths of GitHub's REST operations, by githubkit's names.

In every test the fake GitHub is held to GitHub's description. That is the largest by far of what tests
install, so the demo does without it and has these paths alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

PATHS = {
    "apps.create_installation_access_token": "POST /app/installations/{installation_id}/access_tokens",
    "apps.get_by_slug": "GET /apps/{app_slug}",
    "apps.get_user_installation": "GET /users/{username}/installation",
    "git.create_blob": "POST /repos/{owner}/{repo}/git/blobs",
    "git.create_commit": "POST /repos/{owner}/{repo}/git/commits",
    "git.create_tree": "POST /repos/{owner}/{repo}/git/trees",
    "git.get_commit": "GET /repos/{owner}/{repo}/git/commits/{commit_sha}",
    "git.get_ref": "GET /repos/{owner}/{repo}/git/ref/{ref}",
    "git.list_matching_refs": "GET /repos/{owner}/{repo}/git/matching-refs/{ref}",
    "issues.create_comment": "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "issues.delete_comment": "DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}",
    "issues.list_comments": "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "issues.update_comment": "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
    "pulls.create": "POST /repos/{owner}/{repo}/pulls",
    "pulls.get": "GET /repos/{owner}/{repo}/pulls/{pull_number}",
    "pulls.list": "GET /repos/{owner}/{repo}/pulls",
    "pulls.update": "PATCH /repos/{owner}/{repo}/pulls/{pull_number}",
    "rate_limit.get": "GET /rate_limit",
    "repos.compare_commits": "GET /repos/{owner}/{repo}/compare/{basehead}",
    "repos.create_commit_status": "POST /repos/{owner}/{repo}/statuses/{sha}",
    "repos.create_deployment": "POST /repos/{owner}/{repo}/deployments",
    "repos.create_deployment_status": "POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    "repos.create_dispatch_event": "POST /repos/{owner}/{repo}/dispatches",
    "repos.create_repo_ruleset": "POST /repos/{owner}/{repo}/rulesets",
    "repos.get": "GET /repos/{owner}/{repo}",
    "repos.get_branch": "GET /repos/{owner}/{repo}/branches/{branch}",
    "repos.get_branch_protection": "GET /repos/{owner}/{repo}/branches/{branch}/protection",
    "repos.get_branch_rules": "GET /repos/{owner}/{repo}/rules/branches/{branch}",
    "repos.get_content": "GET /repos/{owner}/{repo}/contents/{path}",
    "repos.get_deployment": "GET /repos/{owner}/{repo}/deployments/{deployment_id}",
    "repos.get_repo_ruleset": "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}",
    "repos.get_repo_rulesets": "GET /repos/{owner}/{repo}/rulesets",
    "repos.list_activities": "GET /repos/{owner}/{repo}/activity",
    "repos.list_deployment_statuses": "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    "repos.list_deployments": "GET /repos/{owner}/{repo}/deployments",
    "repos.list_pull_requests_associated_with_commit": "GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls",
    "repos.update_repo_ruleset": "PUT /repos/{owner}/{repo}/rulesets/{ruleset_id}",
    "users.get_authenticated": "GET /user",
}
_WITH_SLASHES = ("path", "ref", "basehead")


class DescriptionError(AssertionError):
    """Something isn't as GitHub describes it."""


@dataclass(frozen=True)
class OperationPath:
    """What an operation is called, and where it is."""

    name: str
    verb: str
    path: str

    def match(self, verb: str, path: str) -> Mapping[str, str] | None:
        """The path's parameters, still quoted, or None."""
        found = re.fullmatch(_pattern(self.path), path) if verb == self.verb else None
        return found.groupdict() if found else None

    def check_request(self, query: Mapping[str, str], body: Any) -> None:
        """Take anything."""

    def complete(self, data: Any) -> Any:
        """The answer as it is."""
        return data


@cache
def operation(group: str, method: str) -> OperationPath:
    """The path of an operation."""
    name = f"{group}.{method}"
    return OperationPath(name, *PATHS[name].split())


def check_error(data: Any) -> None:
    """Take anything."""


def check_event(name: str, payload: Mapping[str, Any]) -> None:
    """Take anything."""


@cache
def _pattern(path: str) -> str:
    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[1] in _WITH_SLASHES else '[^/]+'})"

    return re.sub(r"\\{(\w+)\\}", group, re.escape(path))
