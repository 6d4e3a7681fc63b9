"""The manifest repository for the commands that only read it, and how they show what they found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from promotion.commands.materialize import read_access
from promotion.commands.runtime import Runtime
from promotion.commands.session import Session, Setting, open_session
from promotion.core.checks import check_address, is_local
from promotion.core.request import EngineOptions, HelmOptions
from promotion.core.settings import Settings
from promotion.core.text import harmless_json, plain
from promotion.edges.git.branch import ManifestBranch
from promotion.edges.git.history import BranchHistory
from promotion.steps.past import DEPTH


class ManifestRepository:
    """The repository of the input `manifest-repository` (`promotion.steps.past.Manifests`)."""

    def __init__(self, session: Session, repository: str) -> None:
        self.address = check_address("manifest-repository", repository, session.address)
        self._git, self._repository = session.git, repository

    def list_branches(self) -> list[str]:
        """The names of all its branches."""
        return self._git.list_branches(self._repository)

    def open_history(self, branch: str) -> BranchHistory:
        """The latest commits of a branch."""
        return self._git.open_history(self._repository, branch, depth=DEPTH)

    def open_commit(self, branch: str, commit: str) -> ManifestBranch:
        """The branch's files at a commit."""
        return self._git.open_commit(self._repository, branch, commit)


@contextmanager
def open_manifests(settings: Settings, runtime: Runtime) -> Iterator[ManifestRepository]:
    """The manifest repository that the inputs name.

    Raises:
        UsageError: it isn't named, or that is no address.
    """
    repository = settings.text("manifest-repository")
    setting = Setting(
        environment=runtime.environment,
        console=runtime.console,
        redact=runtime.redact,
        access=read_access(settings, runtime),
        helm=HelmOptions(),
        allow_local=is_local(repository),
        engine=EngineOptions(),
        folder=runtime.folder,
        cancellation=runtime.cancellation,
    )
    with open_session(setting) as session:
        yield ManifestRepository(session, repository)


def show(text: str, runtime: Runtime) -> None:
    """Print a result: on standard output; in Actions as lines of the log, which can't be commands."""
    if runtime.in_actions:
        runtime.console.info(text)
    else:
        sys.stdout.write(f"{runtime.redact(plain(text))}\n")


def show_json(text: str) -> None:
    """Print JSON for a program. It stays what it is: whoever makes it hides secrets in its sentences."""
    sys.stdout.write(f"{harmless_json(text)}\n")
