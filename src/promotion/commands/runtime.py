"""What every command gets from the process that it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from promotion.core.redaction import Redactor
from promotion.core.settings import Settings
from promotion.edges.cancellation import Cancellation
from promotion.steps.console import Console


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The process's environment, its console, what hides secrets there, its folder for results, what ends
    it early, and how many components are rendered at once.
    """

    environment: Mapping[str, str]
    console: Console
    redact: Redactor
    folder: Path
    cancellation: Cancellation = field(default_factory=Cancellation)
    workers: int = 4

    @property
    def in_actions(self) -> bool:
        """Whether a runner of GitHub Actions started us."""
        return self.environment.get("GITHUB_ACTIONS") == "true"

    def hide(self, *secrets: str) -> None:
        """Keep secrets out of everything that is printed from now on."""
        for secret in secrets:
            if self.redact.add(secret):
                self.console.mask(secret)


def read_token(settings: Settings, runtime: Runtime) -> str:
    """The input `token`; on a terminal also the usual `GITHUB_TOKEN`."""
    return settings.text("token") or runtime.environment.get("GITHUB_TOKEN", "")
