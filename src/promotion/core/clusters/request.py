"""What a matrix is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from promotion.core.event import Event, Nothing, choose_environment, parse_environments
from promotion.core.model import GitSource
from promotion.core.phrases import say
from promotion.core.request import read_hld_ref
from promotion.core.settings import Settings
from promotion.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class MatrixRequest:
    """Which clusters to list."""

    environment: str
    hld: GitSource
    file: str


def read_matrix_request(settings: Settings, event: Event) -> MatrixRequest | Nothing:
    """The request, or why there is nothing to do.

    Raises:
        UsageError: an input is missing, or has a value that it doesn't take.
    """
    known = parse_environments(settings.words("environments"))
    environment = choose_environment(settings.text("environment"), event, known)
    if isinstance(environment, Nothing):
        return environment
    repository = settings.text("hld-repository") or event.repository
    if not repository:
        raise UsageError(say("{hld-repository} is missing"), fix="Name it as `owner/name` or a git URL.")
    ref = read_hld_ref(settings, repository, event, known, environment=environment)
    return MatrixRequest(
        environment=environment,
        hld=GitSource(url=repository, version=ref),
        file=settings.text("clusters-file"),
    )
