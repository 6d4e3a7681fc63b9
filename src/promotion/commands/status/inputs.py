"""The inputs and outputs of `status`: status/action.yml, the flags and docs/status.md follow them."""

from __future__ import annotations

from dataclasses import replace

from promotion.common import shared_inputs as shared
from promotion.common.settings import Input, Output

STATUS: tuple[Input, ...] = (
    shared.MANIFEST_REPOSITORY,
    replace(
        shared.ENVIRONMENTS,
        help="The environments to show, each before the one that it is promoted to; as `branch=environment` "
        "where the branch of the manifests has another name.",
    ),
    shared.MANIFEST_PATH,
    shared.make_token("Reads the manifest repository."),
    *shared.APP,
    *shared.SSH,
)

STATUS_OUTPUTS: tuple[Output, ...] = (
    Output(name="waiting", help="How many components wait to be promoted, of all environments together."),
)
