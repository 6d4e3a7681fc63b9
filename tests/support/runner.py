"""What GitHub's runner does around a Docker action: variables, mounted folders, files for outputs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

RUNNER_USER = 1001  # owns the workspace and the files, while the action runs as root


@dataclass(frozen=True)
class Step:
    """One step of a job that uses an action.

    Args:
        folder: where the runner keeps the mounted folders.
        action: the action's metadata file.
        event: the event's name.
        payload: the event.
        token: what `github.token` is.
        api_url: of the REST API; else where an Enterprise Server has it.
    """

    folder: Path
    action: Path
    event: str
    payload: Mapping[str, Any]
    token: str
    server_url: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    api_url: str = ""

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def arguments(self) -> list[str]:
        """What comes after the entry point."""
        return [str(word) for word in self._metadata()["runs"].get("args", ())]

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs that were set, read as the runner does."""
        return _read_values((self._files / "set_output").read_text("utf-8"))

    @property
    def summary(self) -> str:
        return (self._files / "step_summary").read_text("utf-8")

    @property
    def _files(self) -> Path:
        return self.folder / "file_commands"

    def prepare(self, owner: int = RUNNER_USER) -> dict[Path, str]:
        """Make the folders and files; gives what is mounted where."""
        names = ("workspace", "workflow", "file_commands", "home")
        for name in names:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("set_output", "step_summary", "set_env", "add_path", "save_state"):
            (self._files / name).write_text("", "utf-8")
        (self.folder / "workflow/event.json").write_text(json.dumps(self.payload), "utf-8")
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, owner, owner)
        return {self.folder / name: f"/github/{name}" for name in names}

    def variables(self) -> dict[str, str]:
        """The action's environment."""
        files = "/github/file_commands"
        repository = self.payload["repository"]["full_name"]
        return {
            **self._inputs(),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": self.payload["sender"]["login"],
            "GITHUB_API_URL": self.api_url or f"{self.server_url}/api/v3",
            "GITHUB_ENV": f"{files}/set_env",
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_JOB": "materialize",
            "GITHUB_OUTPUT": f"{files}/set_output",
            "GITHUB_PATH": f"{files}/add_path",
            "GITHUB_REF": self.payload.get("ref", ""),
            "GITHUB_REF_NAME": self.payload.get("ref", "").removeprefix("refs/heads/"),
            "GITHUB_REPOSITORY": repository,
            "GITHUB_REPOSITORY_OWNER": repository.partition("/")[0],
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "8152341234",
            "GITHUB_RUN_NUMBER": "7",
            "GITHUB_SERVER_URL": self.server_url,
            "GITHUB_SHA": self.payload.get("after", ""),
            "GITHUB_STATE": f"{files}/save_state",
            "GITHUB_STEP_SUMMARY": f"{files}/step_summary",
            "GITHUB_WORKFLOW": "Promotion",
            "GITHUB_WORKSPACE": "/github/workspace",
            "HOME": "/github/home",
            "RUNNER_ARCH": "X64",
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": "/github/runner_temp",
        }

    def _inputs(self) -> dict[str, str]:
        """Every declared input: as given, or its default, or empty."""
        known = self._metadata()["inputs"]
        assert self.inputs.keys() <= known.keys()
        values = {name: str(about.get("default", "")) for name, about in known.items()} | dict(self.inputs)
        return {
            f"INPUT_{name.upper().replace(' ', '_')}": value.replace("${{ github.token }}", self.token)
            for name, value in values.items()
        }

    def _metadata(self) -> Any:
        return read_action(self.action)


@cache
def read_action(file: Path) -> Any:
    """The metadata of an action."""
    return yaml.safe_load(file.read_text("utf-8"))


def _read_values(text: str) -> dict[str, str]:
    """`name=value` lines and `name<<delimiter` blocks."""
    block = re.compile(r"^(?P<name>[^=\n]+?)<<(?P<end>.+)\n(?P<value>(?s:.*?))\n?^(?P=end)$", re.MULTILINE)
    values = {match["name"]: match["value"] for match in block.finditer(text)}
    lines = block.sub("", text).splitlines()
    return values | dict(line.split("=", 1) for line in lines if "=" in line)
