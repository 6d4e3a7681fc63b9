"""The inputs of `promotion render`."""

from __future__ import annotations

from dataclasses import replace

from promotion.common import shared_inputs as shared
from promotion.common.settings import Input

RENDER: tuple[Input, ...] = (
    shared.HLD_PATH,
    shared.make_token("Reads all repositories."),
    *shared.APP,
    *shared.SSH,
    shared.HOOKS,
    shared.ENGINE,
    shared.FAB,
    shared.HELM,
    *shared.CHART_OPTIONS,
    replace(shared.VALIDATE, default="off"),
    shared.KUBERNETES_VERSION,
)
