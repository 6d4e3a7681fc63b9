"""The rollback's inputs and outputs. rollback/action.yml, the flags and docs/rollback.md follow them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from promotion.common import shared_inputs as shared
from promotion.common.event import Event
from promotion.common.paths import normalise_folder
from promotion.common.phrases import say
from promotion.common.settings import Input, Output, Settings
from promotion.errors import UsageError
from promotion.rendering.materialize_request import read_branch

ALL = "all"

ROLLBACK: tuple[Input, ...] = (
    replace(shared.ENVIRONMENT, required=True, default_text="", help="Which environment to roll back."),
    Input(
        name="to",
        default_text="required, unless `lift` is given",
        help="The state to restore: a commit of the manifest branch (7 digits or more), or a time, then of "
        "the last commit at or before it: `2026-03-01T08:30Z`, or how long ago: `90m`, `2h`, `3d`.",
    ),
    Input(
        name="component",
        kind="list",
        default_text="all",
        help="The components to roll back, as the summary names them.",
    ),
    Input(
        name="lift",
        kind="list",
        default_text="none",
        help="Instead of rolling back, lift the pins of these components, or of `all`: the next run brings "
        "them up to date.",
    ),
    replace(
        shared.MANIFEST_REPOSITORY, help="The repository of the manifests, as `owner/name` or a git URL."
    ),
    replace(shared.MANIFEST_BRANCH, help="The branch to roll back."),
    replace(shared.MANIFEST_PATH, help="The folder of `promotion.lock` in the manifest repository."),
    shared.make_token("Writes the manifest repository."),
    *shared.APP,
    *shared.SSH,
    shared.COMMIT_AUTHOR,
    shared.VERIFIED,
    shared.DEPLOYMENTS,
    shared.DRY_RUN,
)

ROLLBACK_OUTPUTS: tuple[Output, ...] = (
    Output(name="changed", help="`true` if there was anything to do (with `dry-run`: would be)."),
    *shared.COMMIT_OUTPUTS,
    Output(name="restored", help="The commit whose state was restored; empty when pins are lifted."),
    Output(name="pinned", help="The components that are pinned afterwards, separated by commas."),
    *shared.CHANGE_OUTPUTS,
)


@dataclass(frozen=True, kw_only=True)
class RollbackRequest:
    """What to roll back, and to which state; if `to` is empty, which pins to lift."""

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
    """Return the request.

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
