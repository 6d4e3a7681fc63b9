"""Notify's table of inputs and outputs: notify/action.yml, the flags and docs/notify.md follow it."""

from __future__ import annotations

from promotion.core.app import APP
from promotion.core.settings import TOKEN_DEFAULT, Input, Output

NOTIFY: tuple[Input, ...] = (
    Input(
        name="hld-repository",
        kind="address",
        required=True,
        help="The cluster HLD's repository, as `owner/name`, whose workflow does the work.",
    ),
    Input(
        name="environment",
        default_text="that of the pushed branch",
        help="Which environment to materialise.",
    ),
    Input(
        name="environments",
        kind="list",
        default="dev, stage, prod",
        help="The known environments, also as `branch=environment` pairs (`main=dev`). A push to any "
        "other branch ends green with a notice and does nothing.",
    ),
    Input(
        name="event-type",
        default="promotion",
        help="The type of the `repository_dispatch`, which the HLD repository's workflow waits for.",
    ),
    Input(
        name="token",
        kind="secret",
        default_text="**required**, or an App",
        help="Starts the workflow: takes `contents: write` on the HLD repository, which the job's own token "
        "doesn't have. It is sent to the GitHub server only.",
    ),
    *APP,
    Input(
        name="status-token",
        kind="secret",
        default=TOKEN_DEFAULT,
        help="Sets the status of the pushed commit to pending: takes `statuses: write` on this repository.",
    ),
    Input(
        name="status",
        kind="choice",
        choices=("auto", "off"),
        default="auto",
        help="Whether to set the commit's status to pending, until the HLD repository's workflow says how it "
        "went; `auto` goes on if the token may not.",
    ),
)

NOTIFY_OUTPUTS: tuple[Output, ...] = (
    Output(name="sent", help="`true` if the HLD repository was told."),
    Output(
        name="environment",
        help="The environment to materialise; empty if there was nothing to do.",
    ),
)
