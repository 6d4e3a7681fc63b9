"""The manifest repository for the commands that only read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from promotion.common.addresses import is_local
from promotion.common.commit_history import CommitHistory
from promotion.common.settings import Settings
from promotion.edges.git.branch_snapshot import BranchSnapshot
from promotion.publishing.manifest_history import DEPTH
from promotion.publishing.request_checks import check_address
from promotion.wiring.access_inputs import read_access
from promotion.wiring.run_session import RunContext, RunSession, open_session
from promotion.wiring.runtime import Runtime


class ManifestRepository:
    """The repository of the input `manifest-repository`. Implements `manifest_history.Manifests`."""

    def __init__(self, session: RunSession, repository: str) -> None:
        self.address = check_address("manifest-repository", repository, session.address)
        self._git, self._repository = session.git, repository

    def list_branches(self) -> list[str]:
        """Return the names of all its branches."""
        return self._git.list_branches(self._repository)

    def open_history(self, branch: str) -> CommitHistory:
        """Return the latest commits of a branch."""
        return self._git.open_history(self._repository, branch, depth=DEPTH)

    def open_commit(self, branch: str, commit: str) -> BranchSnapshot:
        """Return the branch's files at a commit."""
        return self._git.open_commit(self._repository, branch, commit)


@contextmanager
def open_manifests(settings: Settings, runtime: Runtime) -> Iterator[ManifestRepository]:
    """Open the manifest repository that the inputs name.

    Raises:
        UsageError: it isn't named, or that is no address.
    """
    repository = settings.text("manifest-repository")
    access = read_access(settings, runtime)
    with open_session(RunContext(runtime, access, allow_local=is_local(repository))) as session:
        yield ManifestRepository(session, repository)
