"""The doctor's table of inputs: the flags follow it."""

from __future__ import annotations

from promotion.core.app import APP
from promotion.core.inputs import ALLOWED_SECRETS, MATERIALIZE
from promotion.core.settings import Input

_SHARED = (
    *("environments", "hld-path", "manifest-path"),
    *("token", *(entry.name for entry in APP), "source-token", "ssh-key", "ssh-known-hosts"),
)

DOCTOR: tuple[Input, ...] = (
    Input(name="hld", required=True, help="The cluster HLD's repository, as `owner/name` or a git URL."),
    Input(name="manifests", required=True, help="The manifest repository, as `owner/name` or a git URL."),
    Input(
        name="application",
        kind="list",
        default_text="none",
        help="Application repositories whose branches, workflows and protection to check, too.",
    ),
    *(entry for entry in MATERIALIZE if entry.name in _SHARED),
    ALLOWED_SECRETS,
)
