"""The inputs of `promotion ownership`."""

from __future__ import annotations

from dataclasses import replace

from promotion.common import shared_inputs as shared
from promotion.common.settings import Input

OWNERSHIP: tuple[Input, ...] = (
    replace(
        shared.ENVIRONMENT,
        required=True,
        default_text="",
        help="The environment: the branch that is read of a repository, and the config layer.",
    ),
    replace(
        shared.MANIFEST_REPOSITORY,
        required=False,
        default_text="the definition is rendered",
        help="Go by what is published in this repository.",
    ),
    shared.MANIFEST_PATH,
    shared.HLD_REPOSITORY,
    shared.HLD_PATH,
    shared.make_token("Reads all repositories."),
    *shared.APP,
    *shared.SSH,
    shared.HELM,
    *shared.CHART_OPTIONS,
)
