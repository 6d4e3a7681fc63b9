"""The inputs of `promotion compare`."""

from __future__ import annotations

from promotion.common import shared_inputs as shared
from promotion.common.settings import Input

COMPARE: tuple[Input, ...] = (
    shared.HLD_PATH,
    shared.make_token("Reads all repositories."),
    *shared.APP,
    *shared.SSH,
    shared.HOOKS,
    shared.FAB,
    shared.HELM,
)
