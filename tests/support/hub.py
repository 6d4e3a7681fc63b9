"""The example estate with GitHub in miniature: a git server, GitHub's API, and a runner of actions.

Both servers are those of the tests: real git over HTTP, and an API whose every answer follows GitHub's
description.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.estate import SOURCES, Finished
from support.github_deployments import FakeDeployment
from support.github_events import pull_event, push_event
from support.github_mirror import LiveRepository
from support.github_server import FakeGitHub
from support.github_state import FakePull
from support.gitserver import GitServer
from support.hosted import HostedEstate
from support.prepared import run_program
from support.runner import Step

ENVIRONMENTS = ("dev", "stage", "prod")
NOBODY = "0" * 40  # the commit before the first
_IDENTITY = ("-c", "user.name=Cat team", "-c", "user.email=cats@acme.example")


class UnexpectedEndError(Exception):
    """A step or command has ended otherwise than the story says; its output is the text."""


class Hub(HostedEstate):
    """The estate with the branches of all environments, and what people and GitHub do there."""

    def __init__(self, server: GitServer, folder: Path, github: FakeGitHub) -> None:
        super().__init__(server, folder / "runs", github)
        self._work = folder / "work"
        github.deny("users.get_authenticated")  # as for the job's own token
        for name in (*SOURCES, "cluster-manifests"):
            github.add(LiveRepository(f"acme/{name}", self.repository(name)))
        for environment in ENVIRONMENTS[1:]:
            for name in SOURCES:
                self.repository(name).git("branch", environment, "dev")
            hld = self.repository("cluster-hld")
            definition = hld.read("component.yaml", "dev").replace("branch: dev", f"branch: {environment}")
            files = {"component.yaml": definition + "\n"}
            hld.commit(files, branch=environment, message=f"The {environment} environment")

    def live(self, name: str) -> LiveRepository:
        """A repository as GitHub has it at this moment."""
        found = self.github.repositories[f"acme/{name}"]
        assert isinstance(found, LiveRepository)
        found.catch_up()
        return found

    def merge(self, name: str, source: str, target: str) -> str:
        """Merge a branch, as the button of a pull request does; gives the commit."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            bare = str(self.repository(name).folder)
            for words in (
                ("clone", "--quiet", "--branch", target, bare, folder),
                ("-C", folder, *_IDENTITY, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{source}"),
                ("-C", folder, "push", "--quiet", "origin", target),
            ):
                subprocess.run(["git", *words], check=True, stdout=subprocess.DEVNULL)
        return self.repository(name).tip(target)

    def propose(self, name: str, head: str, base: str, title: str) -> FakePull:
        """Open a pull request."""
        pull = self.live(name).open_pull(head, base)
        pull.title = title
        return pull

    def pull_step(self, name: str, pull: FakePull, action: str, **inputs: str) -> Step:
        """What a pull request starts."""
        payload = pull_event(self.live(name), pull, "opened")
        return self.step("pull_request", payload, action, **inputs)

    def push_step(self, name: str, branch: str, before: str, action: str = "", **inputs: str) -> Step:
        """What a push starts."""
        tip = self.repository(name).tip(branch)
        payload = push_event(self.live(name), branch, before, tip, pusher="ada")
        return self.step("push", payload, action, **inputs)

    def must(self, step: Step) -> Finished:
        """Run a step that has to be green.

        Raises:
            UnexpectedEndError: it isn't.
        """
        done = self.run(step)
        if done.code:
            raise UnexpectedEndError(done.log)
        return done

    def terminal(self, *words: str) -> str:
        """Run the program as somebody does in a terminal; gives what it prints.

        Raises:
            UnexpectedEndError: it ends with an error.
        """
        environment = {
            "PATH": os.environ["PATH"],
            "TZ": "UTC",
            "COLUMNS": "120",
            "GITHUB_SERVER_URL": self.server.url,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": self.token,
        }
        done = run_program(words, env=environment, cwd=self.folder, merged=True)
        if done.returncode:
            raise UnexpectedEndError(done.stdout)
        return done.stdout

    def environments_of(self, name: str) -> dict[str, FakeDeployment]:
        """What the front page of a repository says: the last deployment to each environment."""
        return {each.environment: each for each in self.deployments(name)}


@contextmanager
def open_hub() -> Iterator[Hub]:
    """A hub in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="promotion-demo-") as name:
        folder = Path(name).resolve()
        with GitServer(folder / "server") as server, FakeGitHub() as github:
            yield Hub(server, folder, github)
