"""`promotion ownership`: propose the file, or judge a definition by it."""

from __future__ import annotations

import argparse
from dataclasses import replace

from promotion.commands.ownership.inputs import OWNERSHIP
from promotion.common.addresses import is_address, is_local
from promotion.common.paths import normalise_folder
from promotion.common.settings import Settings
from promotion.common.text import count
from promotion.edges.local_definition import locate_definition
from promotion.errors import UsageError
from promotion.publishing.request_checks import check_address
from promotion.rendering.folder_export import render_definition
from promotion.rendering.manifests.cluster_findings import ClusterFinding
from promotion.rendering.materialize_request import OWNERSHIP_FILE, EngineOptions, read_helm_options
from promotion.rendering.model import Folder, RenderedComponent, Snapshot
from promotion.rendering.ownership.ownership_findings import find_breaches
from promotion.rendering.ownership.ownership_judge import PartManifest
from promotion.rendering.ownership.ownership_lookup import find_ownership
from promotion.rendering.ownership.ownership_proposal import propose_ownership
from promotion.rendering.sources.git_source import GitSource
from promotion.wiring.definition_run import find_definition_root, make_run_context
from promotion.wiring.result_output import show
from promotion.wiring.run_session import open_session
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command and return the exit code: 1 if a part makes what it may not."""
    settings = read_inputs(arguments, OWNERSHIP, runtime)
    hld = locate_definition(arguments.hld) if arguments.hld else ""
    rendered, snapshot = _render(hld, settings, runtime)
    if arguments.action == "propose":
        manifests = [PartManifest(part=each.part, path=each.path, data=each.manifest) for each in rendered]
        show(propose_ownership(manifests), runtime)
        return 0
    findings = check_ownership(rendered, snapshot, hld or settings.text("hld-repository"))
    if findings:
        show("\n".join(finding.tell() for finding in findings), runtime)
    parts = count(len({each.part for each in rendered}), "part")
    runtime.console.info(f"{parts} judged, {count(len(findings), 'breach', 'breaches')} found")
    return 1 if findings else 0


def check_ownership(
    rendered: list[RenderedComponent], snapshot: Snapshot, repository: str
) -> list[ClusterFinding]:
    """Return what the parts make that they may not.

    Raises:
        UsageError: there is no ownership file.
        DefinitionError: it isn't understood.
    """
    _, ownership = find_ownership(snapshot, repository if is_address(repository) else "", uses_fab=False)
    if ownership is None:
        raise UsageError(
            f"there is no {OWNERSHIP_FILE} in {repository}",
            fix="`promotion ownership propose` writes one that allows what is there today.",
        )
    return list(find_breaches(rendered, (), (), ownership, {}))


def _render(hld: str, settings: Settings, runtime: Runtime) -> tuple[list[RenderedComponent], Snapshot]:
    """Render the definition in a folder or repository, or the environment's branch of `hld-repository`."""
    path = normalise_folder(settings.text("hld-path"), option="hld-path")
    helm, repository = read_helm_options(settings), settings.text("hld-repository")
    if not hld and not repository:
        raise UsageError("no definition is named", fix="Give a folder, `URL@branch` or --hld-repository.")
    context = make_run_context(hld or ".", path, settings, runtime, helm=helm, engine=EngineOptions())
    if not hld:
        context = replace(context, allow_local=is_local(repository), base=None)
    with open_session(context) as session, runtime.console.group("Render"):
        if hld:
            root, snapshot = find_definition_root(hld, path, session)
        else:
            check_address("hld-repository", repository, session.address)
            source = GitSource(url=repository, version=settings.text("environment"))
            root, snapshot = Folder(source, path), session.fetcher.fetch(source, token="")
        made = render_definition(
            root,
            snapshot,
            (settings.text("environment"),),
            session,
            engine="native",
            hooks_allowed=False,
            environment=runtime.environment,
            workers=runtime.workers,
        )
    return made.rendered, snapshot
