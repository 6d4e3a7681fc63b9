"""The matrix's inputs and outputs. matrix/action.yml, the flags and docs/matrix.md follow them."""

from __future__ import annotations

from dataclasses import dataclass

from promotion.common import shared_inputs as shared
from promotion.common.event import Event, NothingToDo
from promotion.common.settings import Input, Output, Settings
from promotion.rendering.materialize_request import read_definition
from promotion.rendering.sources.git_source import GitSource

CLUSTERS_FILE = ".github/promotion-clusters.yml"

MATRIX: tuple[Input, ...] = (
    Input(
        name="clusters-file",
        default=CLUSTERS_FILE,
        help="The file of the HLD that names the clusters.",
    ),
    shared.ENVIRONMENT,
    shared.ENVIRONMENTS,
    shared.HLD_REPOSITORY,
    shared.HLD_REF,
    *shared.SSH,
    shared.make_token("Reads the HLD repository."),
    *shared.APP,
)

MATRIX_OUTPUTS: tuple[Output, ...] = (
    Output(name="matrix", help="The jobs as JSON, for `strategy.matrix: ${{ fromJSON(...) }}`."),
    Output(name="clusters", help="How many there are; `0` if there is nothing to do."),
    Output(name="environment", help="The environment; empty if there is nothing to do."),
)


@dataclass(frozen=True, kw_only=True)
class MatrixRequest:
    """The clusters to list."""

    environment: str
    hld: GitSource
    file: str


def read_matrix_request(settings: Settings, event: Event) -> MatrixRequest | NothingToDo:
    """Return the request, or why there is nothing to do.

    Raises:
        UsageError: an input is missing, or has a value that it doesn't take.
    """
    found = read_definition(settings, event)
    if isinstance(found, NothingToDo):
        return found
    environment, repository, ref = found
    return MatrixRequest(
        environment=environment,
        hld=GitSource(url=repository, version=ref),
        file=settings.text("clusters-file"),
    )
