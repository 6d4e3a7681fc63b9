"""Deployments, commit statuses and dispatches on the fake GitHub."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support.github_answers import Asked, NotThereError, RefusedError, user

_MOMENT = "2026-01-31T12:00:00Z"
_numbers = itertools.count(4_000)


@dataclass
class FakeDeployment:
    """A deployment: what was asked for, and its statuses, the oldest first."""

    identifier: int
    sha: str
    body: dict[str, Any]
    statuses: list[dict[str, Any]] = field(default_factory=list)

    @property
    def environment(self) -> str:
        return str(self.body.get("environment", "production"))

    @property
    def states(self) -> list[str]:
        return [status["state"] for status in self.statuses]

    @property
    def is_production(self) -> bool:
        return bool(self.body.get("production_environment", self.environment == "production"))


def _deployment_data(deployment: FakeDeployment) -> dict[str, Any]:
    return {
        "id": deployment.identifier,
        "sha": deployment.sha,
        "ref": deployment.body["ref"],
        "task": "deploy",
        "payload": deployment.body.get("payload", {}),
        "environment": deployment.environment,
        "original_environment": deployment.environment,
        "description": deployment.body.get("description"),
        "creator": user("github-actions[bot]"),
        "production_environment": deployment.is_production,
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
    }


def _create(asked: Asked) -> Any:
    repository, body = asked.repository, asked.body
    sha = repository.resolve(body["ref"])
    if sha is None:
        raise RefusedError({"resource": "Deployment", "field": "ref", "code": "invalid"})
    assert body.get("required_contexts") == [], "GitHub would wait for every check of the commit"
    assert body.get("auto_merge") is False, "GitHub would merge the default branch into the commit's branch"
    deployment = FakeDeployment(next(_numbers), sha, body)
    repository.deployments.append(deployment)
    return _deployment_data(deployment)


def _list(asked: Asked) -> Any:
    """The newest first."""
    wanted = {key: asked.query[key] for key in ("sha", "environment", "ref") if key in asked.query}
    found = [_deployment_data(each) for each in reversed(asked.repository.deployments)]
    return asked.page([each for each in found if wanted.items() <= each.items()])


def _find(asked: Asked) -> FakeDeployment:
    number = int(asked.names["deployment_id"])
    for deployment in asked.repository.deployments:
        if isinstance(deployment, FakeDeployment) and deployment.identifier == number:
            return deployment
    raise NotThereError


def _get(asked: Asked) -> Any:
    return _deployment_data(_find(asked))


def _mark(asked: Asked) -> Any:
    """As GitHub's, a success ends the success of earlier deployments to the same environment."""
    deployment, body = _find(asked), asked.body
    assert len(body.get("description", "")) <= 140
    status = {
        "id": next(_numbers),
        "state": body["state"],
        "description": body.get("description", ""),
        "environment": deployment.environment,
        "environment_url": body.get("environment_url", ""),
        "log_url": body.get("log_url", ""),
        "target_url": body.get("log_url", ""),
        "creator": user("github-actions[bot]"),
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
    }
    if body["state"] == "success" and body.get("auto_inactive", True):
        for other in asked.repository.deployments:
            is_same = other is not deployment and other.environment == deployment.environment
            if is_same and not other.is_production and other.states[-1:] == ["success"]:
                other.statuses.append({**status, "id": next(_numbers), "state": "inactive"})
    deployment.statuses.append(status)
    return status


def _states(asked: Asked) -> Any:
    """The newest first."""
    return asked.page(_find(asked).statuses[::-1])


def _report(asked: Asked) -> Any:
    repository, sha = asked.repository, asked.names["sha"]
    if repository.resolve(sha) is None:
        raise RefusedError({"resource": "Status", "field": "sha", "code": "invalid"})
    assert len(asked.body.get("description") or "") <= 140
    repository.statuses.append({**asked.body, "sha": sha})
    return {"id": next(_numbers), **asked.body, "creator": user("github-actions[bot]")}


def _dispatch(asked: Asked) -> Any:
    assert len(asked.body.get("client_payload", {})) <= 10
    asked.repository.dispatches.append(asked.body)
    return None


ROUTES: dict[tuple[str, str], Callable[[Asked], Any]] = {
    ("repos", "list_deployments"): _list,
    ("repos", "get_deployment"): _get,
    ("repos", "create_deployment"): _create,
    ("repos", "list_deployment_statuses"): _states,
    ("repos", "create_deployment_status"): _mark,
    ("repos", "create_commit_status"): _report,
    ("repos", "create_dispatch_event"): _dispatch,
}
