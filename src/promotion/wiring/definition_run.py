"""A run that renders a definition in a folder of this machine, or in a repository."""

from __future__ import annotations

import re
from pathlib import Path

from promotion.common.addresses import is_address, is_local
from promotion.common.settings import Settings
from promotion.edges.folder_snapshot import FolderSnapshot
from promotion.edges.local_definition import require_folder
from promotion.errors import UsageError
from promotion.rendering.materialize_request import EngineOptions, HelmOptions
from promotion.rendering.model import Folder, Snapshot
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.local_source import LocalSource
from promotion.wiring.access_inputs import read_access
from promotion.wiring.run_session import RunContext, RunSession
from promotion.wiring.runtime import Runtime

# `https://host/owner/name@ref`, `git@host:owner/name@ref`: an @ before the path belongs to the user's name.
_AT_REF = re.compile(r"(?P<address>(?:[a-z+]+://[^/]*/|[^/:@]+@[^:/]+:)[^@]*)(?:@(?P<ref>.+))?")


def make_run_context(
    hld: str, path: str, settings: Settings, runtime: Runtime, *, helm: HelmOptions, engine: EngineOptions
) -> RunContext:
    """Return the context to render the definition in `path` of a local folder or a repository."""
    return RunContext(
        runtime,
        read_access(settings, runtime),
        allow_local=not is_address(hld) or is_local(hld),
        helm=helm,
        engine=engine,
        base=None if is_address(hld) else Path(hld, path).absolute(),
    )


def find_definition_root(hld: str, path: str, session: RunSession) -> tuple[Folder, Snapshot]:
    """Return the folder of the component file, in a folder of this machine or in a repository."""
    if is_address(hld):
        match = _AT_REF.fullmatch(hld)
        if not match:
            raise UsageError(f"{hld!r} is no address of a repository", fix="Write `URL@branch`.")
        source = GitSource(url=match["address"], version=match["ref"] or "")
        return Folder(source, path), session.fetcher.fetch(source, token="")
    folder = require_folder(hld).resolve()
    top = _find_top(folder)
    inside = folder.relative_to(top).as_posix()
    where = "/".join(part for part in (inside, path) if part not in ("", "."))
    return Folder(LocalSource(), where), FolderSnapshot(top, session.scratch)


def _find_top(folder: Path) -> Path:
    """Return the work tree that a folder is in, within which its paths may lead; else the folder itself."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
