"""The matrix's table of inputs and outputs: matrix/action.yml, the flags and docs/matrix.md follow it."""

from __future__ import annotations

from promotion.core.app import APP
from promotion.core.inputs import MATERIALIZE
from promotion.core.settings import TOKEN_DEFAULT, Input, Output

CLUSTERS_FILE = ".github/promotion-clusters.yml"
_SHARED = {
    "environment",
    "environments",
    "hld-repository",
    "hld-ref",
    "ssh-key",
    "ssh-known-hosts",
}

MATRIX: tuple[Input, ...] = (
    Input(
        name="clusters-file",
        default=CLUSTERS_FILE,
        help="The file of the HLD that names the clusters.",
    ),
    *(entry for entry in MATERIALIZE if entry.name in _SHARED),
    Input(
        name="token",
        kind="secret",
        default=TOKEN_DEFAULT,
        help="Reads the HLD repository. It is sent to the GitHub server only.",
    ),
    *APP,
)

MATRIX_OUTPUTS: tuple[Output, ...] = (
    Output(name="matrix", help="The jobs as JSON, for `strategy.matrix: ${{ fromJSON(...) }}`."),
    Output(name="clusters", help="How many there are; `0` if there is nothing to do."),
    Output(name="environment", help="The environment; empty if there is nothing to do."),
)
