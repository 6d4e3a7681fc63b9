"""The inputs of `promotion explain`."""

from __future__ import annotations

from dataclasses import replace

from promotion.common import shared_inputs as shared
from promotion.common.settings import Input

EXPLAIN: tuple[Input, ...] = (
    replace(shared.ENVIRONMENT, required=True, default_text="", help="The environment to look at."),
    shared.MANIFEST_REPOSITORY,
    shared.MANIFEST_BRANCH,
    shared.MANIFEST_PATH,
    shared.make_token("Reads the manifest repository."),
    *shared.APP,
    *shared.SSH,
)
