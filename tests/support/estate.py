"""The example estate on a real git server, all of it private, with a token that may do what it must."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import payloads
from support.gitserver import GitServer
from support.prepared import PROGRAM, start_program
from support.repositories import Repository
from support.runner import Step, read_action

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "ghs_estate0test0token0of0forty0characters0"
SOURCES = ("cluster-hld", "cat-application", "dog-application", "cloud-native")


@dataclass(frozen=True)
class Finished:
    """A run that has ended: its exit code, its log, and the step with outputs and summary."""

    code: int
    log: str
    step: Step

    @property
    def errors(self) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith("::error")]


class Estate:
    """The repositories of `examples/estate` on a server, on dev, and an empty one for manifests."""

    def __init__(self, server: GitServer, folder: Path, *, token: str = TOKEN, api_url: str = "") -> None:
        self.server, self.folder, self.token, self.api_url = server, folder, token, api_url
        self.manifests = self._create("cluster-manifests", right="write")
        for name in SOURCES:
            repository = self._create(name, right="read")
            if repository.exists():
                continue  # as in a copy
            files = ROOT / "examples/estate" / name
            content = {
                str(path.relative_to(files)): self._text(path) for path in files.rglob("*") if path.is_file()
            }
            repository.commit(content)

    def repository(self, name: str) -> Repository:
        return Repository(self.server.root / f"acme/{name}.git", branch="dev")

    def release(self, version: str, *, application: str = "cat-application", branch: str = "dev") -> str:
        """A new image tag on a branch; gives the commit."""
        config = f"config:\n  image:\n    repository: ghcr.io/acme/{application}\n    tag: {version!r}\n"
        return self.repository(application).commit({"hld/config/common.yaml": config}, branch=branch)

    def push_event(self, name: str = "cat-application", branch: str = "dev", **inputs: str) -> Step:
        """A step that uses the action, after a push."""
        payload = payloads.small_push(f"acme/{name}", branch, self.repository(name).tip())
        return self.step("push", payload, **inputs)

    def step(self, event: str, payload: Mapping[str, Any], action: str = "", **inputs: str) -> Step:
        """A step that uses the action of a folder, after any event; inputs with `_` for `-`."""
        known = read_action(ROOT / action / "action.yml")["inputs"]
        usual = {"hld-repository": "acme/cluster-hld", "manifest-repository": "acme/cluster-manifests"}
        given = {name: value for name, value in usual.items() if name in known}
        if "deployments" in known and not self.api_url:
            given["deployments"] = "off"  # nobody would answer
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        number = sum(1 for _ in self.folder.glob("step-*"))
        folder = self.folder / f"step-{number}"
        folder.mkdir(parents=True)
        return Step(
            folder=folder,
            action=ROOT / action / "action.yml",
            event=event,
            payload=payload,
            token=self.token,
            server_url=self.server.url,
            inputs=given,
            api_url=self.api_url,
        )

    def run(self, step: Step, **variables: str) -> Finished:
        """Run the step as the runner does, but for the container around it."""
        return self.start(step, **variables)()

    def start(self, step: Step, **variables: str) -> Callable[[], Finished]:
        """Begin a step; the call of what comes back waits for its end."""
        environment = self._prepare(step, variables)
        wait = start_program(step.arguments, env=environment, cwd=step.workspace, merged=True)

        def finish() -> Finished:
            done = wait()
            return Finished(done.returncode, done.stdout, step)

        return finish

    def open(self, step: Step, *wrapper: str, **variables: str) -> subprocess.Popen[str]:
        """A step's process as it runs; `wrapper` is a program that starts it."""
        return subprocess.Popen(
            [*wrapper, PROGRAM, *step.arguments],
            env=self._prepare(step, variables), cwd=step.workspace, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _prepare(self, step: Step, variables: Mapping[str, str]) -> dict[str, str]:
        """Make the step's folders; gives its environment."""
        step.prepare(owner=os.getuid())
        given = {key: text.replace("/github/", f"{step.folder}/") for key, text in step.variables().items()}
        return {"PATH": os.environ["PATH"], **given, **variables}

    def _create(self, name: str, *, right: str) -> Repository:
        repository = self.server.create(f"acme/{name}", branch="dev", private=True)
        self.server.allow(self.token, f"acme/{name}", right)
        return repository

    def _text(self, path: Path) -> str:
        lines = path.read_text("utf-8").replace("https://github.com", self.server.url).splitlines()
        return "".join(
            f"{line}.git\n" if f"source: {self.server.url}" in line else f"{line}\n" for line in lines
        )
