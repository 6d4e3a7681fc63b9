"""The operations that the fake GitHub knows, by githubkit's names. Required fields are filled in later."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.github_state import FakeComment, FakeCommit, FakePull, FakeRepository

if TYPE_CHECKING:
    from support.github_server import FakeGitHub

ACTIONS_APP = 15368
_MOMENT = "2026-01-31T12:00:00Z"
_numbers = itertools.count(500)


class NotThereError(Exception):
    """404; the text is GitHub's message."""


class RefusedError(Exception):
    """422; the argument is the one entry of GitHub's `errors`."""

    def __init__(self, reason: Mapping[str, Any]) -> None:
        super().__init__(reason)
        self.reason = reason


class DeniedError(Exception):
    """Any other status, with GitHub's message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class MovedError(Exception):
    """301; the text is where to."""


@dataclass
class Asked:
    """One request: the path's names, the query, the body. `headers` go with the answer."""

    github: FakeGitHub
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    target: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def repository(self) -> FakeRepository:
        found = self.github.repositories.get(f"{self.names['owner']}/{self.names['repo']}")
        if found is None:
            raise NotThereError
        found.catch_up()
        return found

    @property
    def pull(self) -> FakePull:
        found = self.repository.pulls.get(int(self.names["pull_number"]))
        if found is None:
            raise NotThereError
        return found

    def page(self, entries: list[Any], default: int = 30) -> list[Any]:
        """One page, with the link to the next as GitHub gives it."""
        size = min(int(self.query.get("per_page", default)), 100 if "per_page" in self.query else default)
        number = int(self.query.get("page", 1))
        if number * size < len(entries):
            # GitHub's links name a repository by its number
            path = self.target.split("?")[0].removeprefix(self.github.prefix)
            path = re.sub(r"^/repos/[^/]+/[^/]+", f"/repositories/{self.repository.identifier}", path)
            self.headers["Link"] = f'<{self.github.url}{path}?per_page={size}&page={number + 1}>; rel="next"'
        return entries[(number - 1) * size : number * size]


def user(login: str) -> dict[str, Any]:
    """A user or bot."""
    return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


def _repository(asked: Asked) -> Any:
    repository = asked.repository
    return {
        **_repository_data(repository),
        "default_branch": repository.default_branch,
        **repository.settings,
    }


def _repository_data(repository: FakeRepository) -> dict[str, Any]:
    return {
        "id": repository.identifier,
        "name": repository.full_name.split("/")[1],
        "full_name": repository.full_name,
        "owner": user(repository.owner),
    }


def pull_data(repository: FakeRepository, pull: FakePull, *, short: bool = False) -> dict[str, Any]:
    """A pull request in the API's long or short form."""
    home = pull.head_repository
    owner = home.owner if home else "ghost"
    data = {
        "number": pull.number,
        "node_id": f"PR_{repository.identifier}_{pull.number}",
        "state": pull.state,
        "title": pull.title,
        "body": pull.body,
        "user": user(pull.author),
        "html_url": f"https://github.com/{repository.full_name}/pull/{pull.number}",
        "merged_at": _MOMENT if pull.merged else None,
        "merge_commit_sha": pull.merge_commit,
        "auto_merge": {"merge_method": pull.auto_merge, "enabled_by": user(pull.author)}
        if pull.auto_merge
        else None,
        "head": {
            "ref": pull.head_branch,
            "sha": pull.head_sha,
            "label": f"{owner}:{pull.head_branch}",
            "repo": _repository_data(home) if home else None,
            "user": user(owner),
        },
        "base": {
            "ref": pull.base_branch,
            "sha": repository.branches.get(pull.base_branch, "0" * 40),
            "label": f"{repository.owner}:{pull.base_branch}",
            "repo": _repository_data(repository),
            "user": user(repository.owner),
        },
    }
    return data if short else {**data, "merged": pull.merged}


def _pull(asked: Asked) -> Any:
    return pull_data(asked.repository, asked.pull)


def _ref(name: str, sha: str) -> dict[str, Any]:
    return {"ref": f"refs/heads/{name}", "object": {"sha": sha, "type": "commit"}}


def _get_ref(asked: Asked) -> Any:
    name = asked.names["ref"].removeprefix("heads/")
    if name not in asked.repository.branches:
        raise NotThereError
    return _ref(name, asked.repository.branches[name])


def _matching_refs(asked: Asked) -> Any:
    prefix = asked.names["ref"].removeprefix("heads/")
    return [_ref(name, sha) for name, sha in asked.repository.branches.items() if name.startswith(prefix)]


def _commit_data(repository: FakeRepository, commit: FakeCommit) -> dict[str, Any]:
    return {
        "sha": commit.sha,
        "html_url": f"https://github.com/{repository.full_name}/commit/{commit.sha}",
        "parents": [{"sha": parent, "url": ""} for parent in commit.parents],
        "author": user(commit.author) if commit.author else None,
        "commit": {
            "message": commit.message,
            "author": {"name": commit.author or "Someone", "date": commit.date},
            "committer": {"name": "GitHub", "date": commit.date},
            "tree": {"sha": commit.tree},
            "verification": {
                "verified": commit.is_signed,
                "reason": "valid" if commit.is_signed else "unsigned",
            },
        },
        "committer": user("web-flow" if commit.is_signed else commit.author or "ghost"),
    }


def _compare(asked: Asked) -> Any:
    repository = asked.repository
    ends = [repository.resolve(ref) for ref in asked.names["basehead"].split("...")]
    base, head = ends
    if base is None or head is None:
        raise NotThereError
    if not repository.history(base) & repository.history(head):
        raise NotThereError(f"No common ancestor between {ends[0]} and {ends[1]}.")
    new, old = repository.between(base, head), repository.between(head, base)
    status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}.get(
        (bool(new), bool(old)), "identical"
    )
    # Without paging parameters the list ends at 250 commits.
    shown = asked.page([_commit_data(repository, commit) for commit in new], default=250)
    if not {"page", "per_page"} & asked.query.keys():
        asked.headers.clear()
    return {
        "status": status,
        "ahead_by": len(new),
        "behind_by": len(old),
        "total_commits": len(new),
        "commits": shown,
        "base_commit": _commit_data(repository, repository.commits[base]),
        "merge_base_commit": _commit_data(repository, repository.commits[repository.merge_base(base, head)]),
    }


def _pulls_of(asked: Asked) -> Any:
    repository = asked.repository
    found = repository.pulls_of(asked.names["commit_sha"])
    return asked.page([pull_data(repository, pull, short=True) for pull in found])


def _activities(asked: Asked) -> Any:
    repository = asked.repository
    if not repository.keeps_record:
        raise NotThereError
    if repository.record_delay:
        repository.record_delay -= 1
        return []
    found = [move for move in reversed(repository.moves) if move["ref"] == asked.query["ref"]]
    return asked.page([{"id": number, **move, "timestamp": _MOMENT} for number, move in enumerate(found)])


def _entry(path: str, text: str) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": len(text), "sha": hashlib.sha1(text.encode()).hexdigest()}  # noqa: S324


def _content(asked: Asked) -> Any:
    repository, path = asked.repository, asked.names["path"]
    ref = asked.query.get("ref", repository.default_branch)
    sha = repository.resolve(ref)
    if sha is None:
        raise NotThereError(f"No commit found for the ref {ref}")
    files = repository.commits[sha].files
    if path in repository.kinds:
        return {"type": repository.kinds[path], "path": path, "size": 1}
    if below := [name for name in files if name.startswith(f"{path}/")]:
        return [_entry(name, files[name]) for name in below if "/" not in name.removeprefix(f"{path}/")]
    text = files.get(path)
    if text is None:
        raise NotThereError
    if len(text) > 1 << 20:
        return {"type": "file", "encoding": "none", "size": len(text), "path": path, "content": ""}
    content = base64.encodebytes(text.encode("utf-8", "surrogateescape")).decode()
    return {"type": "file", "encoding": "base64", "size": len(text), "path": path, "content": content}


def _git_commit(asked: Asked) -> Any:
    commit = asked.repository.commits.get(asked.names["commit_sha"])
    if commit is None:
        raise NotThereError
    return {"sha": commit.sha, "message": commit.message}


def _user(asked: Asked) -> Any:
    if asked.github.login is None:
        raise NotThereError  # refused with 403 by a fault in `FakeGitHub.deny`
    return user(asked.github.login)


def _comment_data(repository: FakeRepository, comment: FakeComment) -> dict[str, Any]:
    page = f"https://github.com/{repository.full_name}/pull/{comment.pull}"
    return {
        "id": comment.identifier,
        "html_url": f"{page}#issuecomment-{comment.identifier}",
        "body": comment.body,
        "user": {"login": comment.login, "type": comment.kind},
    }


def _comments(asked: Asked) -> Any:
    number = int(asked.names["issue_number"])
    return asked.page(
        [
            _comment_data(asked.repository, entry)
            for entry in asked.repository.comments
            if entry.pull == number
        ]
    )


def _add_comment(asked: Asked) -> Any:
    login = asked.github.login or "github-actions[bot]"
    number, text = int(asked.names["issue_number"]), asked.body["body"]
    comment = FakeComment(next(_numbers), number, text, login, user(login)["type"])
    asked.repository.comments.append(comment)
    return _comment_data(asked.repository, comment)


def _edit_comment(asked: Asked) -> Any:
    for comment in asked.repository.comments:
        if comment.identifier == int(asked.names["comment_id"]):
            comment.body = asked.body["body"]
            return _comment_data(asked.repository, comment)
    raise NotThereError


def _delete_comment(asked: Asked) -> Any:
    comments, identifier = asked.repository.comments, int(asked.names["comment_id"])
    if not any(comment.identifier == identifier for comment in comments):
        raise NotThereError
    comments[:] = [comment for comment in comments if comment.identifier != identifier]


def _branch(asked: Asked) -> Any:
    repository, name = asked.repository, asked.names["branch"]
    if name in repository.renamed:
        raise MovedError(f"/repos/{repository.full_name}/branches/{repository.renamed[name]}")
    if name not in repository.branches:
        raise NotThereError("Branch not found")
    classic = repository.protections.get(name)
    checks = (classic or {}).get("required_status_checks") or {"contexts": [], "checks": []}
    limited = {name: checks[name] for name in ("contexts", "checks")}
    return {
        "name": name,
        "commit": _commit_data(repository, repository.commits[repository.branches[name]]),
        "protected": bool(classic or _rules(repository, name)),
        "protection": {"enabled": bool(classic), "required_status_checks": limited},
    }


def _protection(asked: Asked) -> Any:
    found = asked.repository.protections.get(asked.names["branch"])
    if found is None:
        raise NotThereError("Branch not protected")
    return found


def _rules(repository: FakeRepository, branch: str) -> list[dict[str, Any]]:
    return [
        {
            **rule,
            "ruleset_source_type": ruleset["source_type"],
            "ruleset_source": ruleset["source"],
            "ruleset_id": identifier,
        }
        for identifier, ruleset in repository.rulesets.items()
        if ruleset["enforcement"] == "active"
        and f"refs/heads/{branch}" in ruleset["conditions"]["ref_name"]["include"]
        for rule in ruleset["rules"]
    ]


def _branch_rules(asked: Asked) -> Any:
    return asked.page(_rules(asked.repository, asked.names["branch"]))


def _rulesets(asked: Asked) -> Any:
    short = ("id", "name", "source_type", "source", "enforcement", "target")
    return asked.page([{key: entry[key] for key in short} for entry in asked.repository.rulesets.values()])


def _ruleset(asked: Asked) -> Any:
    found = asked.repository.rulesets.get(int(asked.names["ruleset_id"]))
    if found is None:
        raise NotThereError
    return found


def _store_ruleset(asked: Asked) -> Any:
    repository = asked.repository
    identifier = int(asked.names.get("ruleset_id") or next(_numbers))
    known = repository.rulesets.get(identifier, {"source_type": "Repository", "source": repository.full_name})
    repository.rulesets[identifier] = {**known, **asked.body, "id": identifier}
    return repository.rulesets[identifier]


def _app(asked: Asked) -> Any:
    if asked.names["app_slug"] != "github-actions":
        raise NotThereError
    return {"id": ACTIONS_APP, "slug": "github-actions", "name": "GitHub Actions"}


ROUTES: dict[tuple[str, str], Callable[[Asked], Any]] = {
    ("pulls", "get"): _pull,
    ("git", "get_ref"): _get_ref,
    ("git", "list_matching_refs"): _matching_refs,
    ("git", "get_commit"): _git_commit,
    ("repos", "compare_commits"): _compare,
    ("repos", "list_pull_requests_associated_with_commit"): _pulls_of,
    ("repos", "list_activities"): _activities,
    ("repos", "get_content"): _content,
    ("repos", "get_branch_protection"): _protection,
    ("repos", "get_branch"): _branch,
    ("repos", "get_branch_rules"): _branch_rules,
    ("repos", "get_repo_rulesets"): _rulesets,
    ("repos", "get_repo_ruleset"): _ruleset,
    ("repos", "create_repo_ruleset"): _store_ruleset,
    ("repos", "update_repo_ruleset"): _store_ruleset,
    ("repos", "get"): _repository,
    ("users", "get_authenticated"): _user,
    ("issues", "list_comments"): _comments,
    ("issues", "create_comment"): _add_comment,
    ("issues", "update_comment"): _edit_comment,
    ("issues", "delete_comment"): _delete_comment,
    ("apps", "get_by_slug"): _app,
}
