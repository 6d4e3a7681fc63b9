"""Writing the manifest repository: branches are set or deleted only where they are as we saw them."""

from __future__ import annotations

from collections.abc import Collection

from promotion.edges.git.branch_snapshot import BranchSnapshot
from promotion.edges.git.git_sources import read_ref
from promotion.edges.git.git_transport import GitTransport
from promotion.errors import AccessError, BranchMovedError, SourceError

_NOW = "refs/fetched/now"
_HISTORY = ("--depth=100", "--filter=tree:0")  # commits alone; more than are pushed while one push fails


class Pushes:
    """Sends commits by the git program."""

    def __init__(self, transport: GitTransport) -> None:
        self._transport = transport

    def push(self, branch: BranchSnapshot, commit: str, *, made_by: BranchSnapshot | None = None) -> None:
        """Set the branch to a commit, if it hasn't moved since we opened it.

        A push can succeed although its answer is lost: a failed one is forgiven when the branch has the
        commit, be it below those of others.

        Args:
            made_by: the branch whose `write` made the commit, if it isn't this one.

        Raises:
            BranchMovedError: it has moved: open it again.
            AccessError: the token or key may not write.
            PublishError: a rule protects the branch, or git fails otherwise.
            SourceError: the server can't be reached.
        """
        folder, expected = (made_by or branch).objects.folder, branch.commit or ""
        try:
            self._transport.push(folder, branch.remote, branch.name, commit=commit, expected=expected)
        except AccessError:
            raise
        except (BranchMovedError, SourceError) as error:
            history = self._read_history(branch, known=(commit, expected))
            if commit in history:
                return
            if isinstance(error, BranchMovedError):
                error.is_continued = expected in history
            raise

    def rehearse(self, branch: BranchSnapshot, commit: str) -> None:
        """Go through a push up to where something would be sent, so no rule of the branch is asked.

        Raises as `push` does.
        """
        folder, expected = branch.objects.folder, branch.commit or ""
        self._transport.push(
            folder, branch.remote, branch.name, commit=commit, expected=expected, dry_run=True
        )

    def delete(self, branch: BranchSnapshot) -> None:
        """Delete the branch, if it hasn't moved since we opened it. Raises as `push` does."""
        folder, expected = branch.objects.folder, branch.commit or ""
        self._transport.push(folder, branch.remote, branch.name, commit="", expected=expected)

    def fetch(self, branch: BranchSnapshot, commit: str) -> bool:
        """Get a commit that the server made on top of the branch's tip; its tree must be here already.

        Returns:
            Whether the server has it, which one that lags behind may not.
        """
        options = ("--depth=2", "--filter=tree:0")  # with one less, its parent would seem to be missing
        folder, refspec = branch.objects.folder, f"+{commit}:{_NOW}"
        return not self._transport.fetch(folder, branch.remote, [refspec], options=options, write=True)

    def _read_history(self, branch: BranchSnapshot, *, known: Collection[str]) -> Collection[str]:
        """Return the last commits of the branch as it is on the server; none if the server doesn't tell.

        Args:
            known: commits whose history isn't needed: where the branch is at one, this one alone is returned.
        """
        ref = f"refs/heads/{branch.name}"
        folder, refspec = branch.objects.folder, f"+{ref}:{_NOW}"
        try:
            tip = self._transport.list(branch.remote, [ref], write=True).get(ref)
            if tip and tip in known:  # git won't fetch what we have, for we lack files that it names
                return (tip,)
            if self._transport.fetch(folder, branch.remote, [refspec], options=_HISTORY, write=True):
                return ()
            return branch.objects.history(read_ref(folder, _NOW))
        except SourceError:
            return ()
