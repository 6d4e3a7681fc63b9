"""GitHub's GraphQL API as far as refs go: checks and answers queries by GitHub's published schema."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync

from support.repositories import Repository

SCHEMA = build_schema((Path(__file__).parents[1] / "payloads" / "github.graphql").read_text())
_TYPES = {"commit": "Commit", "tag": "Tag", "tree": "Tree", "blob": "Blob"}


class FakeGraphql:
    """Answers for repositories by `owner/name`; use it in a `with` block.

    `spoil` may change an answer before it is sent, as status and body.
    """

    def __init__(self, repositories: Mapping[str, Repository]) -> None:
        self.repositories = repositories
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.errors: list[str] = []
        self.delay = 0.0
        self.spoil: Callable[[bytes], tuple[int, bytes]] = lambda body: (200, body)
        handler = type("Handler", (_Handler,), {"github": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FakeGraphql:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert self.errors == []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/graphql"

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        root = {"repository": self._repository}
        result = graphql_sync(SCHEMA, request["query"], root, variable_values=request["variables"])
        errors = [error.message for error in result.errors or ()]
        self.errors += [error for error in errors if not error.startswith("Could not resolve")]
        answer: dict[str, Any] = {"data": result.data}
        return {**answer, "errors": [{"message": error} for error in errors]} if errors else answer

    def _repository(self, _: object, owner: str, name: str, **options: object) -> dict[str, Any]:
        repository = self.repositories.get(f"{owner}/{name}")
        if repository is None:
            raise GraphQLError(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        default = repository.git("symbolic-ref", "HEAD")
        return {
            "ref": lambda _, qualifiedName: _ref(repository, qualifiedName),  # noqa: N803
            "defaultBranchRef": partial(_ref, repository, default),
        }


def _ref(repository: Repository, name: str, *_: object) -> dict[str, Any] | None:
    oid = repository.git("for-each-ref", "--format=%(objectname)", name)
    return {"target": _object(repository, oid)} if oid else None


def _object(repository: Repository, oid: str) -> dict[str, Any]:
    kind = repository.git("cat-file", "-t", oid)
    target = {"__typename": _TYPES[kind], "oid": oid}
    if kind == "tag":
        inner = repository.git("cat-file", "tag", oid).split()[1]
        return {**target, "target": lambda _: _object(repository, inner)}
    return target


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    github: FakeGraphql

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.github.requests.append(request)
        self.github.authorizations.append(self.headers.get("Authorization", ""))
        time.sleep(self.github.delay)
        status, body = self.github.spoil(json.dumps(self.github.answer(request)).encode())
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
