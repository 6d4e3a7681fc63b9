"""The table of inputs of `promotion explain`."""

from __future__ import annotations

from promotion.common.settings import Input
from promotion.publishing.manifest_inputs import ACCESS, MANIFEST_BRANCH, MANIFEST_PATH, MANIFEST_REPOSITORY

EXPLAIN: tuple[Input, ...] = (
    Input(name="environment", required=True, help="The environment to look at."),
    MANIFEST_REPOSITORY,
    MANIFEST_BRANCH,
    MANIFEST_PATH,
    *ACCESS,
)
