"""Merges made anew, which those that others made are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from promotion.common.git_ids import short_sha
from promotion.edges.child_process import ProcessRunner
from promotion.edges.git.git_failures import last_words
from promotion.edges.git.git_transport import GitTransport
from promotion.edges.git.remotes import Remote
from promotion.errors import SourceError

_TIMEOUT = 120.0  # seconds; looking for renames can take long
_CLEAN, _CONFLICTS = 0, 1  # git-merge-tree(1), exit status
# The history alone. Git fetches the trees and files that the merge looks at when it looks at them.
_HISTORY = ("--filter=tree:0",)


class CleanMerges:
    """Merges commits of one repository in a bare repository of ours; nothing is checked out.

    No attributes are read, so nothing in the repository chooses how it is merged.

    Args:
        folder: an empty bare repository.
        remote: has the commits.
        transport: fetches them.
        commands: starts git.
        variables: gives the environment of the git that merges, with a credential: it fetches what it lacks.
    """

    def __init__(
        self,
        folder: Path,
        remote: Remote,
        *,
        transport: GitTransport,
        commands: ProcessRunner,
        variables: Callable[[], Mapping[str, str]],
    ) -> None:
        self._folder, self._remote = folder, remote
        self._transport, self._commands, self._variables = transport, commands, variables
        self._fetched: set[str] = set()

    def merge(self, one: str, other: str) -> str | None:
        """Return the tree of the clean merge of two commits, as `git merge` makes it; None if they conflict.

        Args:
            one: the whole id of the commit that is merged into.
            other: that of the one which is merged.

        Raises:
            SourceError: they can't be had, or git can't merge them.
            AccessError: the server doesn't let us in.
        """
        self._fetch(one, other)
        argv = ["git", f"--git-dir={self._folder}", "merge-tree", "--write-tree", "--no-messages", one, other]
        done = self._commands.run(argv, timeout=_TIMEOUT, env=self._variables())
        if done.code == _CONFLICTS:
            return None
        if done.code != _CLEAN:
            said = last_words(done.stderr, self._commands.show)
            raise SourceError(
                f"{self._remote.name}: git can't merge {short_sha(other)} into {short_sha(one)}: {said}",
                fix="It takes git 2.38 or later, and a server that answers; run the job again.",
            )
        return done.stdout.decode("ascii", "replace").strip()

    def _fetch(self, *commits: str) -> None:
        missing = [commit for commit in commits if commit not in self._fetched]
        if missing and self._transport.fetch(self._folder, self._remote, missing, options=_HISTORY):
            shown = " or ".join(short_sha(commit) for commit in missing)
            raise SourceError(
                f"{self._remote.name} doesn't give the commit {shown}", fix="Run the job again."
            )
        self._fetched |= set(missing)
