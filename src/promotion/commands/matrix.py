"""`promotion matrix`: a job for each cluster of an HLD, for `strategy.matrix`."""

from __future__ import annotations

import argparse
import json

from promotion.commands.arguments import given_flags
from promotion.commands.materialize import read_access
from promotion.commands.reading import show_json
from promotion.commands.runtime import Runtime
from promotion.commands.session import Setting, open_session
from promotion.core.checks import check_address, is_local
from promotion.core.clusters.clusters_file import list_jobs, parse_clusters
from promotion.core.clusters.inputs import MATRIX
from promotion.core.clusters.request import MatrixRequest, read_matrix_request
from promotion.core.event import Nothing
from promotion.core.request import EngineOptions, HelmOptions
from promotion.core.settings import Settings, read_settings
from promotion.edges.runner import read_event
from promotion.errors import DefinitionError, Location


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; gives the exit code.

    Raises:
        PromotionError: the clusters can't be read.
    """
    settings = read_settings(MATRIX, given_flags(arguments), runtime.environment)
    request = read_matrix_request(settings, read_event(runtime.environment))
    if isinstance(request, Nothing):
        runtime.console.notice(request.reason)
        _tell([], "", runtime)
        return 0
    _tell(_read_jobs(request, settings, runtime), request.environment, runtime)
    return 0


def _read_jobs(request: MatrixRequest, settings: Settings, runtime: Runtime) -> list[dict[str, str]]:
    setting = Setting(
        environment=runtime.environment,
        console=runtime.console,
        redact=runtime.redact,
        access=read_access(settings, runtime),
        helm=HelmOptions(),
        allow_local=is_local(request.hld.url),
        engine=EngineOptions(),
        folder=runtime.folder,
        cancellation=runtime.cancellation,
    )
    with open_session(setting) as session:
        check_address("hld-repository", request.hld.url, session.address)
        snapshot = session.fetcher.git(request.hld, token="")
        where = Location(
            request.file, repository=session.address(request.hld.url), revision=snapshot.revision
        )
        data = snapshot.read(request.file)
        if data is None:
            fix = f"Name the clusters there, as `east: {{configs: [{request.environment}, east]}}`."
            raise DefinitionError("the file isn't there", where=where, fix=fix)
        return [dict(job) for job in list_jobs(parse_clusters(data, where), request.environment, where)]


def _tell(jobs: list[dict[str, str]], environment: str, runtime: Runtime) -> None:
    matrix = json.dumps({"include": jobs}, ensure_ascii=False)
    show_json(matrix)
    for name, value in (("matrix", matrix), ("clusters", str(len(jobs))), ("environment", environment)):
        runtime.console.output(name, value)
