"""Inputs of the commands that only read the manifest repository."""

from __future__ import annotations

from dataclasses import replace

from promotion.common.app_key import APP
from promotion.common.settings import Input
from promotion.rendering.rendering_inputs import MATERIALIZE

_TABLE = {entry.name: entry for entry in MATERIALIZE}

MANIFEST_BRANCH = replace(_TABLE["manifest-branch"], help="The branch of the environment's manifests.")
MANIFEST_PATH = replace(_TABLE["manifest-path"], help="The folder of the manifests in their repository.")
MANIFEST_REPOSITORY = replace(
    _TABLE["manifest-repository"], help="The manifest repository, as `owner/name` or a git URL."
)
ACCESS: tuple[Input, ...] = (
    replace(
        _TABLE["token"],
        help="Reads the manifest repository. It is sent to the GitHub server only.",
    ),
    *APP,
    _TABLE["ssh-key"],
    _TABLE["ssh-known-hosts"],
)
