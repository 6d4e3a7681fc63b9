"""`promotion doctor`: check the set-up of an estate, and say what to do about each fault."""

from __future__ import annotations

import argparse
import time
from functools import partial

from promotion import __version__
from promotion.commands.doctor.examination import EstateExamination
from promotion.commands.doctor.finding import DoctorFinding, as_json, as_lines, exit_code
from promotion.commands.doctor.github_checks import DoctorGitHub
from promotion.commands.doctor.inputs import DOCTOR, DoctorRequest, read_doctor_request
from promotion.common.addresses import is_local
from promotion.common.markdown import fence
from promotion.common.settings import Settings
from promotion.edges.github.repository_api import RepositoryApi, read_limit
from promotion.publishing.request_checks import check_address
from promotion.wiring.access_inputs import read_access
from promotion.wiring.github_access import open_github
from promotion.wiring.result_output import show, show_json
from promotion.wiring.run_session import RunContext, RunSession, open_session
from promotion.wiring.runtime import Runtime, open_app, read_inputs, read_token


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; return 1 if anything is wrong."""
    settings = read_inputs(arguments, DOCTOR, runtime)
    request = read_doctor_request(settings)
    checks = [check.spell(runtime.spell) for check in _examine(request, settings, runtime)]
    if arguments.json:
        show_json(as_json(checks, runtime.redact))
    else:
        show(as_lines(checks), runtime)
    runtime.console.summary(fence(as_lines(checks)))
    return exit_code(checks)


def _examine(request: DoctorRequest, settings: Settings, runtime: Runtime) -> list[DoctorFinding]:
    access = read_access(settings, runtime, may_write=True)  # for the push that is tried
    context = RunContext(runtime, access, allow_local=is_local(request.hld))
    has_token = bool(read_token(settings, runtime) or open_app(settings, runtime))
    github = open_github(settings, runtime, home=request.hld) if has_token else None
    with open_session(context) as session, runtime.console.group("Look at the estate"):
        for name, repository in (("hld", request.hld), ("manifests", request.manifests)):
            check_address(name, repository, session.address)
        doctor = EstateExamination(
            request=request,
            tools=session,
            try_push=partial(_try_push, session),
            hosting=DoctorGitHub(
                read_limit=partial(read_limit, github), open_repository=partial(RepositoryApi, github)
            )
            if github
            else None,
            environment=runtime.environment,
            version=__version__,
        )
        return doctor.examine()


def _try_push(session: RunSession, repository: str, branch: str) -> None:
    opened = session.git.open_branch(repository, branch)
    commit = opened.commit or opened.write(
        {}, message="Nothing", author="Nobody", email="nobody@localhost", timestamp=int(time.time())
    )
    session.git.pushes.rehearse(opened, commit)
