"""`promotion ownership`: propose the file, or judge a definition or what is published by it."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from dataclasses import replace

from promotion.commands.ownership.inputs import OWNERSHIP
from promotion.commands.ownership.published_parts import list_credited, list_published, open_published
from promotion.common.addresses import is_address, is_local, without_credentials
from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import normalise_folder
from promotion.common.settings import Settings
from promotion.common.text import count
from promotion.edges.local_definition import locate_definition
from promotion.errors import PromotionError, UsageError
from promotion.publishing.request_checks import check_address
from promotion.rendering.definition.render_plan import RenderPlan
from promotion.rendering.definition.source_fetching import SourceFetcher
from promotion.rendering.definition.source_rights import OpenRights
from promotion.rendering.folder_export import render_definition
from promotion.rendering.materialize_request import OWNERSHIP_FILE, EngineOptions, read_helm_options
from promotion.rendering.model import Folder, RenderedComponent, Snapshot
from promotion.rendering.ownership.ownership_findings import find_breaches
from promotion.rendering.ownership.ownership_judge import PartManifest
from promotion.rendering.ownership.ownership_lookup import find_ownership
from promotion.rendering.ownership.ownership_proposal import propose_ownership
from promotion.rendering.ownership.part_rules import Ownership
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source
from promotion.wiring.definition_run import find_definition_root, make_run_context
from promotion.wiring.manifest_repository import open_manifests
from promotion.wiring.result_output import show
from promotion.wiring.run_session import RunContext, RunSession, open_session
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command and return the exit code: 1 if a part makes what it may not."""
    settings = read_inputs(arguments, OWNERSHIP, runtime)
    hld = locate_definition(arguments.hld) if arguments.hld else ""
    is_proposal = arguments.action == "propose"
    normalise_folder(settings.text("manifest-path"))  # a bad one is refused where it isn't used, too
    look = _look_at_published if settings.text("manifest-repository") else _look_at_definition
    seen = look(hld, settings, runtime, is_proposal=is_proposal)
    if is_proposal:
        manifests = [PartManifest(part=each.part, path=each.path, data=each.manifest) for each in seen.parts]
        show(propose_ownership(manifests, seen.credited), runtime)
        return 0
    findings = list(find_breaches(seen.parts, (), (), seen.ownership, {})) if seen.ownership else []
    if findings:
        show("\n".join(finding.tell() for finding in findings), runtime)
    parts = count(len({each.part for each in seen.parts}), "part")
    runtime.console.info(f"{parts} judged, {count(len(findings), 'breach', 'breaches')} found")
    return 1 if findings else 0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What there is: components, by part the addresses that our credentials read for it, and the definition's
    ownership file.
    """

    parts: list[RenderedComponent]
    credited: Mapping[str, Collection[str]]
    ownership: Ownership | None = None


def _read_ownership(definition: Snapshot, name: str) -> Ownership:
    """Return the rules of a definition.

    Raises:
        UsageError: there is no ownership file.
        DefinitionError: it isn't understood.
    """
    address = without_credentials(name) if is_address(name) else ""
    _, ownership = find_ownership(definition, address, uses_fab=False)
    if ownership is None:
        raise UsageError(
            f"there is no {OWNERSHIP_FILE} in {name}",
            fix="`promotion ownership propose` writes one that allows what is there today.",
        )
    return ownership


def _look_at_published(hld: str, settings: Settings, runtime: Runtime, *, is_proposal: bool) -> Seen:
    """Read the environment's branch of the manifest repository; render nothing."""
    branch, folder = settings.text("environment"), normalise_folder(settings.text("manifest-path"))
    with open_manifests(settings, runtime) as manifests, runtime.console.group("Read what is published"):
        state = open_published(manifests, branch, folder)
        parts, credited = list_published(state), list_credited(state.lock)
    if is_proposal:
        return Seen(parts=parts, credited=credited)
    name = hld or settings.text("hld-repository") or state.lock.hld.repository
    with open_session(_make_context(hld, name, settings, runtime)) as session:
        _, definition = _find_definition(hld, name, settings, session)
        return Seen(parts=parts, credited=credited, ownership=_read_ownership(definition, name))


def _look_at_definition(hld: str, settings: Settings, runtime: Runtime, *, is_proposal: bool) -> Seen:
    """Render the definition in a folder or repository, or the environment's branch of `hld-repository`."""
    name = hld or settings.text("hld-repository")
    if not name:
        raise UsageError("no definition is named", fix="Give a folder, `URL@branch` or --hld-repository.")
    named: dict[str, set[Source]] = {}

    def note(plan: RenderPlan) -> None:
        for need in (need for item in plan.tree for need in item.needs):
            if need.source.reach is Reach.ALLOWED:
                named.setdefault(need.part, set()).add(need.source)

    with open_session(_make_context(hld, name, settings, runtime)) as session:
        with runtime.console.group("Render"):
            root, definition = _find_definition(hld, name, settings, session)
            ownership = None if is_proposal else _read_ownership(definition, name)
            made = render_definition(
                root,
                definition,
                (settings.text("environment"),),
                session,
                engine="native",
                hooks_allowed=False,
                environment=runtime.environment,
                workers=runtime.workers,
                rights=OpenRights(expand=session.address) if is_proposal else None,
                note=note,
            )
        credited = {part: _list_closed(sources, session.fetcher) for part, sources in named.items()}
    return Seen(parts=made.rendered, credited=credited, ownership=ownership)


def _list_closed(sources: Collection[Source], fetcher: SourceFetcher) -> set[str]:
    """Return the addresses that can't be read without a credential."""
    found = set()
    for source in sources:
        try:
            fetcher.ask(source.with_reach(Reach.PUBLIC), token="")
        except PromotionError:
            found.add(source.address)
    return found


def _make_context(hld: str, name: str, settings: Settings, runtime: Runtime) -> RunContext:
    path = normalise_folder(settings.text("hld-path"), option="hld-path")
    helm, engine = read_helm_options(settings), EngineOptions()
    context = make_run_context(hld or ".", path, settings, runtime, helm=helm, engine=engine)
    return context if hld else replace(context, allow_local=is_local(name), base=None)


def _find_definition(hld: str, name: str, settings: Settings, session: RunSession) -> tuple[Folder, Snapshot]:
    path = normalise_folder(settings.text("hld-path"), option="hld-path")
    if hld:
        return find_definition_root(hld, path, session)
    check_address("hld-repository", name, session.address)
    source = GitSource(url=name, version=settings.text("environment"))
    return Folder(source, path), session.fetcher.fetch(source, token="")
