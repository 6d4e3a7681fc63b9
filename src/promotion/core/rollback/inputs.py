"""The rollback's inputs and outputs: rollback/action.yml, the flags and docs/rollback.md follow them."""

from __future__ import annotations

from dataclasses import replace

from promotion.core import inputs
from promotion.core.app import APP
from promotion.core.settings import Input, Output

_SHARED = {entry.name: entry for entry in inputs.MATERIALIZE}
_OUTPUTS = {entry.name: entry for entry in inputs.MATERIALIZE_OUTPUTS}
ALL = "all"

ROLLBACK: tuple[Input, ...] = (
    Input(name="environment", required=True, help="Which environment to roll back."),
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
        _SHARED["manifest-repository"], help="The repository of the manifests, as `owner/name` or a git URL."
    ),
    replace(_SHARED["manifest-branch"], help="The branch to roll back."),
    replace(_SHARED["manifest-path"], help="The folder of `promotion.lock` in the manifest repository."),
    replace(_SHARED["token"], help="Writes the manifest repository. It is sent to the GitHub server only."),
    *APP,
    _SHARED["ssh-key"],
    _SHARED["ssh-known-hosts"],
    _SHARED["commit-author"],
    _SHARED["verified"],
    _SHARED["deployments"],
    replace(_SHARED["dry-run"], help="Everything but the push: shows what would change."),
)

ROLLBACK_OUTPUTS: tuple[Output, ...] = (
    replace(_OUTPUTS["changed"], help="`true` if there was anything to do (with `dry-run`: would be)."),
    Output(name="commit", help="The new commit in the manifest repository; empty if none was made."),
    Output(name="branch", help="The branch of the manifest repository."),
    Output(name="restored", help="The commit whose state was restored; empty when pins are lifted."),
    Output(name="pinned", help="The components that are pinned afterwards, separated by commas."),
    _OUTPUTS["added"],
    _OUTPUTS["changed-resources"],
    _OUTPUTS["removed"],
    _OUTPUTS["result"],
)
