"""`promotion compare`: both engines on one definition, and how their manifests differ."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promotion.commands.arguments import given_flags
from promotion.commands.render import find_root, make_setting
from promotion.commands.runtime import Runtime
from promotion.commands.session import Session, open_session
from promotion.core.fab.compare import Difference, compare_trees, explain_refusal, render_report
from promotion.core.fab.traps import read_arguments
from promotion.core.inputs import COMPARE
from promotion.core.model import Folder, Snapshot
from promotion.core.paths import normalise_folder
from promotion.core.request import EngineOptions, HelmOptions
from promotion.core.settings import read_settings
from promotion.core.text import count
from promotion.edges.local_definition import locate_definition
from promotion.errors import PromotionError
from promotion.steps.export import render_tree
from promotion.steps.fab.engine import Generated, generate
from promotion.steps.gather import Gathered


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; gives the exit code."""
    return run(given_flags(arguments), runtime, hld=arguments.hld, configs=arguments.configs)


def run(flags: Mapping[str, str | None], runtime: Runtime, *, hld: str, configs: Sequence[str]) -> int:
    """Compare the engines; gives the exit code: 1 if there is a difference without a known reason, else 0.

    Raises:
        PromotionError: there is no fab, fab can't be asked for these configs, or both engines refuse the
            definition; then with the native engine's reason.
    """
    settings = read_settings(COMPARE, flags, runtime.environment)
    read_arguments(configs)
    hld = locate_definition(hld)
    path = normalise_folder(settings.text("hld-path"), option="hld-path")
    setting = make_setting(
        hld,
        path,
        settings,
        runtime,
        helm=HelmOptions(program=settings.text("helm")),
        engine=EngineOptions(program=settings.text("fab") or "fab"),
    )
    with open_session(setting) as session:
        root, snapshot = find_root(hld, path, session)
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
    session: Session
    runtime: Runtime
    hooks_allowed: bool
    workers: int

    def compare(self) -> list[Difference]:
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
                    gathered=Gathered(self.session.fetcher, self.runtime.environment, self.workers),
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


def _refused(engine: str, error: PromotionError) -> Difference:
    title = f"{engine} refuses the definition, the other engine doesn't"
    return Difference(path="(all files)", title=title, lines=(str(error),), reason=explain_refusal(error))


def _shared_paths(made: Generated) -> set[str]:
    """The files that more than one component writes."""
    counts = Counter(item.component.manifest_path for item in made.visited if not item.replaced)
    return {path for path, count in counts.items() if count > 1}


def _injected_paths(made: Generated) -> set[str]:
    return {item.component.manifest_path for item in made.visited if item.component.inject_namespace}
