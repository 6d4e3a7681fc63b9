"""Promote's inputs and outputs. promote/action.yml, the flags and docs/promote.md follow them."""

from __future__ import annotations

from dataclasses import replace

from promotion.common import shared_inputs as shared
from promotion.common.settings import Input, Output

PROMOTE: tuple[Input, ...] = (
    Input(
        name="from",
        default_text="the first branch that the rules name for `to`; else that of the event",
        help="The branch, or its environment, that is promoted.",
    ),
    Input(
        name="to",
        default_text="the branch that the rules promote the event's branch to",
        help="The branch, or its environment, that is promoted to.",
    ),
    Input(
        name="repository",
        default_text="this repository",
        help="The repository with both branches, as `owner/name`.",
    ),
    replace(
        shared.MANIFEST_REPOSITORY,
        required=False,
        default_text="none: no versions, no difference",
        help="The manifest repository, as `owner/name` or a git URL. The pull request shows versions and "
        "the difference of the manifests from it.",
    ),
    replace(shared.MANIFEST_PATH, help="The folder in the manifest repository with the manifests."),
    Input(
        name="after",
        default_text="at once",
        help="How long the environment of `from` must have been published without a failure, as `30m`, "
        "`24h` or `7d`. Until then nothing is opened.",
    ),
    replace(
        shared.ENVIRONMENTS,
        help="The known environments, also as `branch=environment` pairs (`main=dev`).",
    ),
    shared.make_token(
        "Opens the pull request, and reads the manifest repository. With the job's own token, workflows "
        "on the pull request wait for approval or don't start."
    ),
    *shared.APP,
    replace(shared.DRY_RUN, help="Only show the pull request that would be opened or updated."),
)

PROMOTE_OUTPUTS: tuple[Output, ...] = (
    Output(name="pull-request", help="The pull request's number; empty if there is none."),
    Output(name="url", help="The pull request's address; empty if there is none."),
    Output(
        name="state",
        help="What was done, or with `dry-run` would be: `opened`, `updated`, `unchanged`, `closed`, "
        "`waiting` for `after`, `declined` as somebody closed it and nothing is new since, or `nothing` to "
        "promote.",
    ),
    Output(name="commits", help="How many commits it brings."),
)
