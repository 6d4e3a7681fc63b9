"""What tells on GitHub of a change, for a command that publishes."""

from __future__ import annotations

from functools import partial

from promotion.commands.runtime import Runtime
from promotion.core.addresses import name_on
from promotion.core.settings import Settings
from promotion.steps.tracing.records import Records, Teller
from promotion.steps.tracing.tracer import Subject, Tracer


def open_tracer(subject: Subject, settings: Settings, runtime: Runtime, server_url: str) -> Tracer:
    """The tracer of a run; nothing is imported or sent before it has something to tell.

    Args:
        server_url: of this GitHub.
    """

    def open_records() -> Records:
        from promotion.commands.github import open_github  # both take 0.2 s
        from promotion.edges.github.deployments import DeploymentRecords

        return DeploymentRecords(partial(open_github, settings, runtime, hurry=True))

    teller = Teller(open_records, runtime.console, runtime.redact)
    return Tracer(subject, teller, partial(name_on, server_url))
