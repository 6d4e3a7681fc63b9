"""Runs the action `promote` as the runner does, on the fake GitHub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.github_server import FakeGitHub
from support.guard_world import TOKEN
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
        process = subprocess.Popen(
            [Path(sys.executable).with_name("promotion"), *step.arguments],
            env={"PATH": os.environ["PATH"], **given}, cwd=step.workspace, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

        def finish() -> Done:
            log, _ = process.communicate(timeout=120)
            return Done(process.returncode, log, step)

        return finish

    def run(self, payload: Mapping[str, Any] | None = None, **inputs: str) -> Done:
        """A whole run."""
        return self.start(payload, **inputs)()
