"""`promotion compare`: how the manifests of both engines differ for one definition."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promotion.commands.compare.inputs import COMPARE
from promotion.common.paths import normalise_folder
from promotion.common.settings import read_settings
from promotion.common.text import count
from promotion.edges.local_definition import locate_definition
from promotion.errors import PromotionError
from promotion.rendering.definition.source_fetching import FetchedSources
from promotion.rendering.fab.engine_comparison import (
    EngineDifference,
    compare_trees,
    explain_refusal,
    render_report,
)
from promotion.rendering.fab.fab_limitations import read_arguments
from promotion.rendering.fab.fab_rendering import Generated, generate
from promotion.rendering.folder_export import render_tree
from promotion.rendering.materialize_request import EngineOptions, HelmOptions
from promotion.rendering.model import Folder, Snapshot
from promotion.wiring.definition_run import find_definition_root, make_run_context
from promotion.wiring.run_session import RunSession, open_session
from promotion.wiring.runtime import Runtime, given_flags


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command and return the exit code."""
    return run(given_flags(arguments, COMPARE), runtime, hld=arguments.hld, configs=arguments.configs)


def run(flags: Mapping[str, str | None], runtime: Runtime, *, hld: str, configs: Sequence[str]) -> int:
    """Compare the engines; return 1 if there is a difference without a known reason, else 0.

    Raises:
        PromotionError: there is no fab, fab can't be asked for these configs, or both engines refuse the
            definition; then with the native engine's reason.
    """
    settings = read_settings(COMPARE, flags, runtime.environment)
    read_arguments(configs)
    hld = locate_definition(hld)
    path = normalise_folder(settings.text("hld-path"), option="hld-path")
    context = make_run_context(
        hld,
        path,
        settings,
        runtime,
        helm=HelmOptions(program=settings.text("helm")),
        engine=EngineOptions(program=settings.text("fab") or "fab"),
    )
    with open_session(context) as session:
        root, snapshot = find_definition_root(hld, path, session)
        found = _Comparison(
            root=root,
            snapshot=snapshot,
            configs=configs,
            session=session,
            runtime=runtime,
            hooks_allowed=settings.text("hooks") == "allow",
            workers=runtime.workers,
        ).compare()
    console = runtime.console
    if report := render_report(found):
        console.info(report)
    unknown = sum(part.reason is None for part in found)
    if not found:
        console.info("Both engines give the same manifests.")
        return 0
    known = len(found) - unknown
    console.info(f"{count(known, 'difference')} with a known reason, {unknown} without one")
    return 1 if unknown else 0


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    root: Folder
    snapshot: Snapshot
    configs: Sequence[str]
    session: RunSession
    runtime: Runtime
    hooks_allowed: bool
    workers: int

    def compare(self) -> list[EngineDifference]:
        fab = self.session.fab  # an error if it isn't there, before any work
        refusal: PromotionError | None = None
        try:
            with self.runtime.console.group("Render with the native engine"):
                native = self._render()
        except PromotionError as error:
            native, refusal = {}, error
        try:
            with self.runtime.console.group("Run fab"):
                made = generate(
                    self.root,
                    self.snapshot,
                    self.configs,
                    fab,
                    gathered=FetchedSources(self.session.fetcher, self.runtime.environment, self.workers),
                    environment=self.runtime.environment,
                    hooks_allowed=self.hooks_allowed,
                    tolerant=True,
                )
        except PromotionError as error:
            if refusal:
                raise refusal from error
            return [_refused("fab", error)]
        if refusal:
            return [_refused("the native engine", refusal)]
        return compare_trees(native, made.files, shared=_shared_paths(made), injected=_injected_paths(made))

    def _render(self) -> dict[str, bytes]:
        return render_tree(
            self.root,
            self.snapshot,
            self.configs,
            self.session,
            hooks_allowed=self.hooks_allowed,
            environment=self.runtime.environment,
            workers=self.workers,
        )


def _refused(engine: str, error: PromotionError) -> EngineDifference:
    title = f"{engine} refuses the definition, the other engine doesn't"
    return EngineDifference(
        path="(all files)", title=title, lines=(str(error),), reason=explain_refusal(error)
    )


def _shared_paths(made: Generated) -> set[str]:
    """Return the files that more than one component writes."""
    counts = Counter(item.component.manifest_path for item in made.visited if not item.replaced)
    return {path for path, count in counts.items() if count > 1}


def _injected_paths(made: Generated) -> set[str]:
    return {item.component.manifest_path for item in made.visited if item.component.inject_namespace}
