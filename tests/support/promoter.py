"""Runs the action `promote` as the runner does, on the fake GitHub."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.github_server import FakeGitHub
from support.guard_world import TOKEN
from support.prepared import start_program
from support.runner import Step

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """A run that has ended."""

    code: int
    log: str
    step: Step

    @property
    def state(self) -> str:
        return self.step.outputs["state"]

    @property
    def error(self) -> str:
        (found,) = [line for line in self.log.splitlines() if line.startswith("::error")]
        return found


class Promoter:
    """Runs promote/action.yml, without the container around it."""

    def __init__(
        self, github: FakeGitHub, folder: Path, repository: str, server_url: str = "http://127.0.0.1"
    ) -> None:
        self._github, self._folder, self._repository = github, folder, repository
        self._server_url = server_url

    def start(self, payload: Mapping[str, Any] | None = None, **inputs: str) -> Callable[[], Done]:
        """Begin a manual run, or that of a push; the call of what comes back waits for its end."""
        folder = self._folder / f"step-{sum(1 for _ in self._folder.glob('step-*'))}"
        manual = {"repository": {"full_name": self._repository}, "sender": {"login": "ada"}}
        step = Step(
            folder=folder,
            action=ROOT / "promote/action.yml",
            event="push" if payload else "workflow_dispatch",
            payload=payload or manual,
            token=TOKEN,
            server_url=self._server_url,
            inputs={name.rstrip("_").replace("_", "-"): value for name, value in inputs.items()},
            api_url=self._github.url,
        )
        step.prepare(owner=os.getuid())
        given = {name: text.replace("/github/", f"{folder}/") for name, text in step.variables().items()}
        environment = {"PATH": os.environ["PATH"], **given}
        wait = start_program(step.arguments, env=environment, cwd=step.workspace, merged=True)

        def finish() -> Done:
            done = wait()
            return Done(done.returncode, done.stdout, step)

        return finish

    def run(self, payload: Mapping[str, Any] | None = None, **inputs: str) -> Done:
        """A whole run."""
        return self.start(payload, **inputs)()
