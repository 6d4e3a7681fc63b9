"""A fake GitHub: one small HTTP server whose every answer and every request follows GitHub's description.

    with FakeGitHub() as github:
        shop = github.add(FakeRepository("acme/shop"))
        ...  # talk to github.url

What doesn't follow the description is answered with 500 and listed in `violations`, which fails the test.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from support import github_answers as answers
from support.github_apps import FakeApp
from support.github_checks import DescriptionError, check_error, operation
from support.github_routes import ROUTES
from support.github_state import FakeRepository


@dataclass
class Fault:
    """Something that goes wrong on the way to matching operations, `times` times (-1: always)."""

    operation: str
    status: int
    message: str = "Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = -1


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    operation: str
    verb: str
    path: str
    headers: Mapping[str, str]
    body: Any


class FakeGitHub:
    """The server. `login` is whose token it is; None for the job's own token, which may not ask."""

    def __init__(self, prefix: str = "") -> None:
        self.repositories: dict[str, FakeRepository] = {}
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.violations: list[str] = []
        self.login: str | None = None
        self.remaining = 4999  # requests that the rate limit leaves
        self.app: FakeApp | None = None
        self.prefix = prefix
        self.signs = True  # whether the token is an App's, whose commits GitHub signs
        self.keeps_empty_folders = False  # in trees made of others
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"github": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{self.prefix}"

    def __enter__(self) -> FakeGitHub:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, repository: FakeRepository) -> FakeRepository:
        self.repositories[repository.full_name] = repository
        return repository

    def deny(self, name: str, message: str = "Resource not accessible by integration") -> None:
        """The token lacks the permission for an operation."""
        self.faults.append(Fault(name, 403, message))

    def count(self, name: str) -> int:
        """How often an operation was asked for."""
        return sum(request.operation == name for request in self.seen)

    def answer(self, verb: str, target: str, headers: Mapping[str, str], body: Any) -> _Answer:
        """Answer one request."""
        with self._lock:
            try:
                return self._answer(verb, target, headers, body)
            except DescriptionError as error:
                self.violations.append(str(error))
                return _Answer(500, {"message": str(error)})

    def _answer(self, verb: str, target: str, headers: Mapping[str, str], body: Any) -> _Answer:
        address = urlsplit(target)
        if address.path == f"{self.prefix.removesuffix('/v3')}/graphql":
            self.seen.append(Seen("graphql", verb, target, headers, body))
            from support import github_mutations

            return _Answer(200, github_mutations.answer(self, body))
        path, query = address.path.removeprefix(self.prefix), dict(parse_qsl(address.query))
        path = re.sub(r"^/repositories/(\d+)", lambda found: f"/repos/{self._name(int(found[1]))}", path)
        for (group, method), handle in ROUTES.items():
            described = operation(group, method)
            found = described.match(verb, path)
            if found is None:
                continue
            self.seen.append(Seen(described.name, verb, target, headers, body))
            described.check_request(query, body)
            if fault := self._fault(described.name):
                return _Answer(fault.status, _error(fault.message, fault.status), fault.headers)
            try:
                names = {name: unquote(value) for name, value in found.items()}
                asked = answers.Asked(self, names, query, body, target)
                if self.app:
                    self.app.admit(verb, path, headers)
                data = handle(asked)
            except answers.NotThereError as error:
                return _Answer(404, _error(str(error) or "Not Found", 404))
            except answers.DeniedError as error:
                return _Answer(error.status, _error(str(error), error.status))
            except answers.RefusedError as error:
                return _Answer(422, _refusal(error.reason))
            except answers.MovedError as error:
                return _Answer(301, _error("Moved Permanently", 301), {"Location": f"{self.url}{error}"})
            data = described.complete(data)
            if data is None:
                return _Answer(204, None)
            return _Answer(201 if verb == "POST" else 200, data, asked.headers)
        raise DescriptionError(f"the fake GitHub has no {verb} {path}")

    def _name(self, identifier: int) -> str:
        found = (name for name, one in self.repositories.items() if one.identifier == identifier)
        return next(found, "nobody/nothing")

    def _fault(self, name: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation in (name, "*") and fault.times:
                fault.times -= 1
                return fault
        return None


@dataclass(frozen=True)
class _Answer:
    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def _error(message: str, status: int) -> dict[str, Any]:
    data = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    check_error(data)
    return data


def _refusal(reason: Mapping[str, Any]) -> dict[str, Any]:
    data = {
        "message": "Validation Failed",
        "errors": [reason],
        "documentation_url": "https://docs.github.com/rest",
    }
    check_error(data)
    return data


def _text(data: Any) -> str:
    return json.dumps(data)


class _Handler(BaseHTTPRequestHandler):
    github: FakeGitHub
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet; else each answer waits for an acknowledgement

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.github.answer(self.command, self.path, headers, body)
        text = b"" if answer.status == 204 else _text(answer.data).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Tests read `FakeGitHub.seen` instead."""
