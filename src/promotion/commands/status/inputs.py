"""The inputs of `promotion status`."""

from __future__ import annotations

from promotion.common.settings import Input, Output
from promotion.publishing.manifest_inputs import ACCESS, MANIFEST_PATH, MANIFEST_REPOSITORY

STATUS: tuple[Input, ...] = (
    MANIFEST_REPOSITORY,
    Input(
        name="environments",
        kind="list",
        default="dev, stage, prod",
        help="The environments to show, each before the one that it is promoted to; as `branch=environment` "
        "where the branch of the manifests has another name.",
    ),
    MANIFEST_PATH,
    *ACCESS,
)

STATUS_OUTPUTS: tuple[Output, ...] = (
    Output(name="waiting", help="How many components wait to be promoted, of all environments together."),
)
