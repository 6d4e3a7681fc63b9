"""What many refs on GitHub point at, in one request (GitHub: GraphQL API, `Repository.ref`).

Only answers that are plain are given. For whatever is missing, renamed, refused or odd, ask git itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from promotion.common.lazy_dataclass import dataclass
from promotion.edges.time_limit import run_within
from promotion.edges.web.http_pool import HttpPool, LineError

MOST = 100  # repositories in one request; GitHub counts each as a node, and ends a request after 10 s
_MOST_BYTES = 4 << 20
_PATIENCE = 10.0  # seconds; git can be asked instead
_FOUND = "target { __typename oid ... on Tag { target { __typename oid } } }"


@dataclass(frozen=True)
class RefQuestion:
    """Which refs of which repository; names are in full, or HEAD."""

    owner: str
    name: str
    refs: tuple[str, ...]


class GithubRefs:
    """Asks GitHub's GraphQL API.

    Args:
        pool: the connections.
        url: of the API, `https://api.github.com/graphql`.
        token: sent there.
    """

    def __init__(self, pool: HttpPool, url: str, token: str) -> None:
        self._pool, self._url = pool, url
        self._headers = {"Authorization": f"bearer {token}", "Content-Type": "application/json"}

    def find(self, questions: Sequence[RefQuestion]) -> list[Mapping[str, str] | None]:
        """Return the commits that refs lead to, by ref, in the questions' order; None where it can't be told.

        Args:
            questions: at most `MOST`.
        """
        query, variables = _build(questions)
        body = json.dumps({"query": query, "variables": variables}).encode()
        try:
            data = run_within(_PATIENCE, lambda: self._send(body))
            return [_parse(data[f"r{n}"], question) for n, question in enumerate(questions)]
        except (LineError, TimeoutError, ValueError, KeyError, TypeError, AttributeError):
            return [None] * len(questions)

    def _send(self, body: bytes) -> dict[str, Any]:
        with self._pool.send("POST", self._url, self._headers, body) as answer:
            data = answer.read(_MOST_BYTES)
            if answer.status != 200:
                raise ValueError(f"status {answer.status}")
        # errors may stand beside it, for one repository that isn't there, say
        return dict(json.loads(data)["data"])


def _build(questions: Sequence[RefQuestion]) -> tuple[str, dict[str, str]]:
    """Return the query, which holds no names: these are its variables."""
    variables: dict[str, str] = {}
    parts = []
    for number, question in enumerate(questions):
        variables |= {f"owner{number}": question.owner, f"name{number}": question.name}
        fields = []
        for place, ref in enumerate(question.refs):
            field = "defaultBranchRef"
            if ref != "HEAD":
                variables[f"ref{number}_{place}"] = ref
                field = f"ref(qualifiedName: $ref{number}_{place})"
            fields.append(f"a{place}: {field} {{ {_FOUND} }}")
        where = f"repository(owner: $owner{number}, name: $name{number}, followRenames: false)"
        parts.append(f"r{number}: {where} {{ {' '.join(fields)} }}")
    declared = " ".join(f"${name}: String!" for name in variables)
    return f"query Refs({declared}) {{ {' '.join(parts)} }}", variables


def _parse(repository: Any, question: RefQuestion) -> Mapping[str, str] | None:
    if repository is None:
        return None
    found = {}
    for place, ref in enumerate(question.refs):
        if repository[f"a{place}"] is not None:
            target = repository[f"a{place}"]["target"]
            target = target["target"] if target["__typename"] == "Tag" else target
            if target["__typename"] != "Commit":
                return None
            found[ref] = str(target["oid"])
    return found
