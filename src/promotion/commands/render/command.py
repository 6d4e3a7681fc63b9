"""`promotion render`: render a definition to a folder of manifests."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace as change
from pathlib import Path

from promotion.commands.render.inputs import RENDER
from promotion.common.addresses import is_address
from promotion.common.paths import normalise_folder
from promotion.common.settings import read_settings
from promotion.common.text import count
from promotion.edges.local_definition import locate_definition
from promotion.edges.output_folder import check_output, write_tree
from promotion.rendering.materialize_request import (
    read_engine_options,
    read_helm_options,
    read_kubernetes_version,
)
from promotion.wiring.definition_run import find_definition_root, make_run_context
from promotion.wiring.run_session import open_session
from promotion.wiring.runtime import Runtime, given_flags


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command and return the exit code."""
    run(
        given_flags(arguments, RENDER),
        runtime,
        hld=arguments.hld,
        output=arguments.output,
        configs=arguments.configs,
        replace=arguments.replace,
    )
    return 0


def run(
    flags: Mapping[str, str | None],
    runtime: Runtime,
    *,
    hld: str,
    output: str,
    configs: Sequence[str],
    replace: bool,
) -> None:
    """Materialise a definition to a folder: completely, or not at all.

    Raises:
        PromotionError: why it can't be done.
    """
    settings = read_settings(RENDER, flags, runtime.environment)
    engine = read_engine_options(settings)
    version = read_kubernetes_version(settings)
    hld = locate_definition(hld)
    folder = Path(output).absolute()
    check_output(folder, replace=replace, source=None if is_address(hld) else Path(hld))
    path = normalise_folder(settings.text("hld-path"), option="hld-path")
    context = make_run_context(hld, path, settings, runtime, helm=read_helm_options(settings), engine=engine)
    with open_session(context) as session, runtime.console.group("Render"):
        if engine.name == "native":
            session.helm.prepare()
        from promotion.rendering.folder_export import ANYTHING_GOES, render_tree  # while Helm starts

        root, snapshot = find_definition_root(hld, path, session)
        files = render_tree(
            root,
            snapshot,
            configs,
            session,
            engine=engine.name,
            hooks_allowed=settings.text("hooks") == "allow",
            environment=runtime.environment,
            workers=runtime.workers,
            policy=change(ANYTHING_GOES, validate=settings.text("validate"), kubernetes_version=version),
        )
        write_tree(folder, files, replace=replace)
    runtime.console.info(f"{count(len(files), 'manifest')} written to {output}")
