"""Pull requests on the fake GitHub: listed, opened, edited, closed, with GitHub's refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from support.github_answers import Asked, RefusedError, pull_data

_LONGEST = 65_536  # characters of a body


def _list(asked: Asked) -> Any:
    state = asked.query.get("state", "open")
    repository = asked.repository
    found = [
        pull
        for pull in repository.pulls.values()
        if (state in ("all", pull.state))
        and asked.query.get("base", pull.base_branch) == pull.base_branch
        and _label(pull) == asked.query.get("head", _label(pull))
    ]
    if (
        asked.query.get("direction", "desc" if asked.query.get("sort", "created") == "created" else "asc")
        == "desc"
    ):
        found.reverse()
    return asked.page([pull_data(repository, pull, short=True) for pull in found])


def _label(pull: Any) -> str:
    return f"{pull.head_repository.owner if pull.head_repository else 'ghost'}:{pull.head_branch}"


def _create(asked: Asked) -> Any:
    repository, body = asked.repository, asked.body
    head, base = body["head"].removeprefix(f"{repository.owner}:"), body["base"]
    for field, branch in (("head", head), ("base", base)):
        if branch not in repository.branches:
            raise RefusedError({"resource": "PullRequest", "field": field, "code": "invalid"})
    _check_body(body)
    same = (head, base, repository)
    if any(
        (pull.head_branch, pull.base_branch, pull.head_repository) == same and pull.state == "open"
        for pull in repository.pulls.values()
    ):
        said = f"A pull request already exists for {repository.owner}:{head}."
        raise RefusedError({"resource": "PullRequest", "code": "custom", "message": said})
    if not repository.between(repository.branches[base], repository.branches[head]):
        said = f"No commits between {base} and {head}"
        raise RefusedError({"resource": "PullRequest", "code": "custom", "message": said})
    pull = repository.open_pull(head, base, author=asked.github.login or "github-actions[bot]")
    pull.title, pull.body = body["title"], body.get("body")
    return pull_data(repository, pull)


def _update(asked: Asked) -> Any:
    pull = asked.pull
    _check_body(asked.body)
    pull.title = asked.body.get("title", pull.title)
    pull.body = asked.body.get("body", pull.body)
    pull.state = asked.body.get("state", pull.state)
    return pull_data(asked.repository, pull)


def _check_body(body: Mapping[str, Any]) -> None:
    if len(body.get("body") or "") > _LONGEST:
        said = f"body is too long (maximum is {_LONGEST} characters)"
        raise RefusedError({"resource": "Issue", "code": "custom", "field": "body", "message": said})


ROUTES: dict[tuple[str, str], Callable[[Asked], Any]] = {
    ("pulls", "list"): _list,
    ("pulls", "create"): _create,
    ("pulls", "update"): _update,
}
