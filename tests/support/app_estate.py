"""The example estate with a GitHub App in place of tokens."""

from __future__ import annotations

import base64
from pathlib import Path

from support.estate import Estate, Finished
from support.github_apps import APP_ID, FakeApp, Issued
from support.github_server import FakeGitHub
from support.gitserver import GitServer

JOB = "ghs_job0token0of0the0runner0forty0chars00"


class AppEstate:
    """The estate, all of it private, with an App of acme's and the job's token, which reads nothing."""

    def __init__(self, folder: Path, server: GitServer, github: FakeGitHub) -> None:
        self.server, self.github = server, github
        self.estate = Estate(server, folder / "steps", token=JOB, api_url=github.url)
        for name in (
            "cluster-manifests",
            "cluster-hld",
            "cat-application",
            "dog-application",
            "cloud-native",
        ):
            server.allow(JOB, f"acme/{name}", "none")
        self.app = github.app = FakeApp(server)
        self.installation = self.app.install("acme", contents="write", pull_requests="write")

    def run(self, *, key: str = "", **inputs: str) -> Finished:
        given = {"app_id": APP_ID, "app_private_key": key or self.app.pem, **inputs}
        return self.estate.run(self.estate.push_event("cluster-hld", **given))

    def sent(self) -> dict[str, set[str]]:
        """The tokens that went to each repository."""
        found: dict[str, set[str]] = {}
        for request in self.server.requests:
            if request.authorization and request.status < 400:
                name = request.path.strip("/").partition(".git")[0]
                pair = base64.b64decode(request.authorization.removeprefix("Basic ")).decode()
                found.setdefault(name, set()).add(pair.partition(":")[2])
        return found

    def scopes(self, repository: str) -> list[Issued]:
        return [self.app.of(token) for token in self.sent()[repository]]

    def check_requests(self) -> None:
        """What only reads was asked for with what only reads, and each token for one repository alone."""
        asked = [request for request in self.github.seen if request.path.startswith("/repos/")]
        assert asked
        for request in asked:
            token = self.app.of(request.headers["authorization"].removeprefix("token "))
            assert len(token.names) == 1
            assert ("write" in token.permissions.values()) == (request.verb != "GET")

    def forget(self) -> None:
        """What was asked so far."""
        self.app.issued.clear()
        self.server.requests.clear()
        self.github.seen.clear()
