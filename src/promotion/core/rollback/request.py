"""What a rollback is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from promotion.core.event import Event
from promotion.core.paths import normalise_folder
from promotion.core.phrases import say
from promotion.core.request import read_branch
from promotion.core.settings import Settings
from promotion.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class RollbackRequest:
    """What to roll back, and to which state; or, where `to` is empty, whose pins to lift."""

    environment: str
    to: str
    components: tuple[str, ...]
    lift: tuple[str, ...]
    manifest_repository: str
    manifest_branch: str
    manifest_path: str
    commit_author: str
    verified: bool
    dry_run: bool
    event: Event
    deployments: bool = False


def read_rollback_request(settings: Settings, event: Event) -> RollbackRequest:
    """The request.

    Raises:
        UsageError: an input is missing or has a value that it doesn't take, or `to` and `lift` don't fit.
    """
    to, lift, components = settings.text("to"), settings.words("lift"), settings.words("component")
    if bool(to) == bool(lift):
        raise UsageError(
            say("{to} and {lift} are both given") if to else say("neither {to} nor {lift} is given"),
            fix=say("Give {to} to roll back, or {lift} to let pinned components follow their sources again."),
        )
    if lift and components:
        raise UsageError(
            say("{component} is for rolling back"),
            fix=say("Name the components by {lift}."),
        )
    environment = settings.text("environment")
    return RollbackRequest(
        environment=environment,
        to=to,
        components=components,
        lift=lift,
        manifest_repository=settings.text("manifest-repository"),
        manifest_branch=read_branch(settings, "manifest-branch") or environment,
        manifest_path=normalise_folder(settings.text("manifest-path")),
        commit_author=settings.text("commit-author"),
        verified=settings.flag("verified"),
        dry_run=settings.flag("dry-run"),
        event=event,
        deployments=settings.text("deployments") == "auto",
    )
