"""Mutations of GitHub's GraphQL API on the fake GitHub, checked by GitHub's published schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, graphql_sync

from support.github_graphql import SCHEMA
from support.github_state import FakePull, FakeRepository

if TYPE_CHECKING:
    from support.github_server import FakeGitHub


def answer(github: FakeGitHub, body: Any) -> dict[str, Any]:
    """What GitHub answers to a query; one that its schema doesn't know is a violation."""
    known = graphql_sync(SCHEMA, body["query"], _Root(github), variable_values=body["variables"])
    for error in known.errors or []:
        if not isinstance(error.original_error, RefusedMutation):
            github.violations.append(str(error))
    return known.formatted


class RefusedMutation(GraphQLError):  # noqa: N818  as graphql-core calls its own
    """What GitHub refuses, with its words."""


class _Root:
    def __init__(self, github: FakeGitHub) -> None:
        self._github = github

    def enablePullRequestAutoMerge(self, _: Any, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        repository, pull = self._find(input["pullRequestId"])
        if not repository.settings.get("allow_auto_merge"):
            raise RefusedMutation("Auto merge is not allowed for this repository")
        if input["mergeMethod"].lower() not in repository.methods(pull.base_branch):
            raise RefusedMutation(f"Merge method {input['mergeMethod'].lower()} merging is not allowed")
        pull.auto_merge = input["mergeMethod"].lower()
        return {"pullRequest": {"number": pull.number}}

    def repository(self, _: Any, owner: str, name: str, **options: Any) -> Any:
        repository = self._github.repositories[f"{owner}/{name}"]

        def ref(_: Any, qualifiedName: str) -> Any:  # noqa: N803
            classic = repository.protections.get(qualifiedName.removeprefix("refs/heads/"))
            linear = (classic or {}).get("required_linear_history", {}).get("enabled", False)
            return {"refUpdateRule": {"requiresLinearHistory": linear} if classic else None}

        return {"ref": ref}

    def _find(self, node: str) -> tuple[FakeRepository, FakePull]:
        for repository in self._github.repositories.values():
            for pull in repository.pulls.values():
                if node == f"PR_{repository.identifier}_{pull.number}":
                    return repository, pull
        raise RefusedMutation(f"Could not resolve to a node with the global id of '{node}'")
