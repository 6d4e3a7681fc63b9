"""The example estate on a git server and on the fake GitHub at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support import payloads
from support.estate import SOURCES, Estate, Finished
from support.github_deployments import FakeDeployment
from support.github_events import dispatch_event
from support.github_mirror import MirroredRepository
from support.github_server import FakeGitHub
from support.gitserver import GitServer
from support.runner import Step


class HostedEstate(Estate):
    """An estate whose repositories the fake GitHub knows, as they are when a step is made."""

    def __init__(self, server: GitServer, folder: Path, github: FakeGitHub) -> None:
        super().__init__(server, folder, api_url=github.url)
        self.github = github
        for name in (*SOURCES, "cluster-manifests"):
            github.add(MirroredRepository(f"acme/{name}", self.repository(name)))

    def refresh(self) -> None:
        """Let the fake GitHub see what was committed."""
        for mirror in self.github.repositories.values():
            if isinstance(mirror, MirroredRepository):
                mirror.refresh()

    def step(self, event: str, payload: Mapping[str, Any], action: str = "", **inputs: str) -> Step:
        self.refresh()
        return super().step(event, payload, action, **inputs)

    def notify(self, name: str = "cat-application", branch: str = "dev", **inputs: str) -> Step:
        """A step in an application's repository that tells the HLD repository of a push."""
        payload = payloads.small_push(f"acme/{name}", branch, self.repository(name).tip(branch))
        return self.step("push", payload, "notify", token=self.token, **inputs)

    def handle(self, **inputs: str) -> Step:
        """The step in the HLD repository's workflow that the last dispatch starts."""
        hld = self.github.repositories["acme/cluster-hld"]
        payload = dispatch_event(hld, hld.dispatches[-1], sender="promoter")
        return self.step("repository_dispatch", payload, **inputs)

    def deployments(self, name: str) -> list[FakeDeployment]:
        """Those of a repository, the oldest first."""
        return self.github.repositories[f"acme/{name}"].deployments

    def states(self) -> dict[str, list[list[str]]]:
        """The states of all deployments, by repository; those without any are left out."""
        found = {
            name: [deployment.states for deployment in self.deployments(name)]
            for name in (*SOURCES, "cluster-manifests")
        }
        return {name: states for name, states in found.items() if states}

    def statuses(self, name: str) -> list[tuple[str, str, str]]:
        """Commit, context and state of a repository's commit statuses, the oldest first."""
        return [
            (status["sha"], status["context"], status["state"])
            for status in self.github.repositories[f"acme/{name}"].statuses
        ]


def finish(done: Finished, code: int = 0) -> Finished:
    """The same, when it has ended as it should."""
    assert done.code == code, done.log
    return done
