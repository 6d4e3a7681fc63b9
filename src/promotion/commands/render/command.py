"""`promotion render`: a definition to a folder of manifests."""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from promotion.common.addresses import is_address
from promotion.common.paths import normalise_folder
from promotion.common.settings import Settings, read_settings
from promotion.common.text import count
from promotion.edges.folder_snapshot import FolderSnapshot
from promotion.edges.local_definition import locate_definition, require_folder
from promotion.edges.output_folder import check_output, write_tree
from promotion.errors import UsageError
from promotion.publishing.request_checks import is_local
from promotion.rendering.folder_export import ANYTHING_GOES, render_tree
from promotion.rendering.materialize_request import (
    EngineOptions,
    HelmOptions,
    read_engine_options,
    read_helm_options,
    read_kubernetes_version,
)
from promotion.rendering.model import Folder, GitSource, LocalSource, Snapshot
from promotion.rendering.rendering_inputs import RENDER
from promotion.wiring.access_inputs import read_access
from promotion.wiring.run_session import RunContext, RunSession, open_session
from promotion.wiring.runtime import Runtime, given_flags

# `https://host/owner/name@ref`, `git@host:owner/name@ref`: an @ before the path belongs to the user's name.
_AT_REF = re.compile(r"(?P<address>(?:[a-z+]+://[^/]*/|[^/:@]+@[^:/]+:)[^@]*)(?:@(?P<ref>.+))?")


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; gives the exit code."""
    run(
        given_flags(arguments),
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
    """Materialise a definition to a folder: whole, or not at all.

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
    setting = make_setting(hld, path, settings, runtime, helm=read_helm_options(settings), engine=engine)
    with open_session(setting) as session, runtime.console.group("Render"):
        root, snapshot = find_root(hld, path, session)
        files = render_tree(
            root,
            snapshot,
            configs,
            session,
            engine=engine.name,
            hooks_allowed=settings.text("hooks") == "allow",
            environment=runtime.environment,
            workers=runtime.workers,
            policy=dataclasses.replace(
                ANYTHING_GOES, validate=settings.text("validate"), kubernetes_version=version
            ),
        )
        write_tree(folder, files, replace=replace)
    runtime.console.info(f"{count(len(files), 'manifest')} written to {output}")


def make_setting(
    hld: str, path: str, settings: Settings, runtime: Runtime, *, helm: HelmOptions, engine: EngineOptions
) -> RunContext:
    """Return what it takes to render the definition in `path` of a folder of this machine or of a repository."""
    return RunContext(
        environment=runtime.environment,
        console=runtime.console,
        redact=runtime.redact,
        access=read_access(settings, runtime),
        helm=helm,
        allow_local=not is_address(hld) or is_local(hld),
        engine=engine,
        folder=runtime.folder,
        cancellation=runtime.cancellation,
        base=None if is_address(hld) else Path(hld, path).absolute(),
    )


def find_root(hld: str, path: str, session: RunSession) -> tuple[Folder, Snapshot]:
    """Return the folder of the component file, in a folder of this machine or in a repository."""
    if is_address(hld):
        match = _AT_REF.fullmatch(hld)
        if not match:
            raise UsageError(f"{hld!r} is no address of a repository", fix="Write `URL@branch`.")
        source = GitSource(url=match["address"], version=match["ref"] or "")
        return Folder(source, path), session.fetcher.git(source, token="")
    folder = require_folder(hld).resolve()
    top = _find_top(folder)
    inside = folder.relative_to(top).as_posix()
    where = "/".join(part for part in (inside, path) if part not in ("", "."))
    return Folder(LocalSource(), where), FolderSnapshot(top, session.scratch)


def _find_top(folder: Path) -> Path:
    """Return the work tree that a folder is in, within which its paths may lead; else the folder itself."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
