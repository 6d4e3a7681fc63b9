"""`promotion matrix`: a job for each cluster of an HLD, for `strategy.matrix`."""

from __future__ import annotations

import argparse
import json

from promotion.commands.matrix.clusters_file import list_jobs, parse_clusters
from promotion.commands.matrix.inputs import MATRIX, MatrixRequest, read_matrix_request
from promotion.common.addresses import is_local
from promotion.common.event import NothingToDo
from promotion.common.settings import Settings
from promotion.edges.actions_runner import read_event
from promotion.errors import DefinitionError, Location
from promotion.publishing.request_checks import check_address
from promotion.wiring.access_inputs import read_access
from promotion.wiring.result_output import show_json
from promotion.wiring.run_session import RunContext, open_session
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command and return the exit code.

    Raises:
        PromotionError: the clusters can't be read.
    """
    settings = read_inputs(arguments, MATRIX, runtime)
    request = read_matrix_request(settings, read_event(runtime.environment))
    if isinstance(request, NothingToDo):
        runtime.console.notice(request.reason)
        _tell([], "", runtime)
        return 0
    _tell(_read_jobs(request, settings, runtime), request.environment, runtime)
    return 0


def _read_jobs(request: MatrixRequest, settings: Settings, runtime: Runtime) -> list[dict[str, str]]:
    access = read_access(settings, runtime)
    with open_session(RunContext(runtime, access, allow_local=is_local(request.hld.url))) as session:
        check_address("hld-repository", request.hld.url, session.address)
        snapshot = session.fetcher.fetch(request.hld, token="")
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
    runtime.set_outputs({"matrix": matrix, "clusters": str(len(jobs)), "environment": environment})
