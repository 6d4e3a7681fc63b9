"""Deliver by a pull request: one per environment, updated in place, closed if nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial

from promotion.common.event import Event
from promotion.common.git_ids import abbreviate
from promotion.common.github_json import PullSummary
from promotion.common.lazy_dataclass import dataclass
from promotion.errors import BranchMovedError, PublishError
from promotion.publishing.manifest_change import ManifestChange
from promotion.publishing.pull_request.head_branch import is_ours, name_base
from promotion.publishing.pull_request.pull_repository import Place
from promotion.publishing.pull_request.pull_text import marker, write_body, write_title
from promotion.publishing.report import Report, ReportedPull
from promotion.rendering.lock.lock import HeldPart
from promotion.rendering.lock.lock_file import locate_lock, read_lock
from promotion.rendering.manifest_branch import ManifestBranch
from promotion.rendering.manifests.resource_changes import render_diff


class PullDelivery:
    """Delivers by a pull request. Implements `delivery.Delivery`.

    The head holds one commit on top of the base. Each run makes it anew and replaces what is there, if it is
    still what it saw before it read the sources; so the head never goes back to older sources.

    Args:
        place: the two branches, as they are before the sources are read.
        lock: the path of promotion.lock. As for a push, it alone is no reason for a commit, but for what it
            says of parts that are held back or pinned.
        event: what started the run.
        auto_merge: whether GitHub is to merge it.
        warn: told of what the user should know.

    Raises:
        PublishError: the head holds commits of others.
    """

    def __init__(
        self, place: Place, event: Event, *, lock: str, auto_merge: bool, warn: Callable[[str], None]
    ) -> None:
        self._place, self._event, self._lock = place, event, lock
        self._auto_merge, self._warn = auto_merge, warn
        self._base = _Base(place)
        _check_head(place)

    @property
    def branch(self) -> ManifestBranch:
        """The base. A commit on top of it names it in its message."""
        return self._base

    def push(self, commit: str) -> str:
        """Set the head, unless it already has just that."""
        head = self._place.head
        is_current = head is not None and head.parents == (self._base.commit,) and is_ours(head)
        if head and is_current and self._is_same(head.id, commit):
            return ""
        return self._place.push(commit)

    def _is_same(self, proposed: str, commit: str) -> bool:
        """Return whether a commit has the manifests that are proposed, and holds and pins the same."""
        theirs, ours = dict(self._place.files_of(proposed)), dict(self._place.files_of(commit))
        if theirs.pop(self._lock, "") == ours.pop(self._lock, ""):
            return theirs == ours
        return theirs == ours and self._read_state(proposed) == self._read_state(commit)

    def _read_state(self, commit: str) -> tuple[Mapping[str, HeldPart], Collection[str]] | None:
        """Return what the lock of a commit says of held parts and pins; None if it can't be read."""
        try:
            lock = read_lock(partial(self._place.read, commit), locate_lock(self._lock.rpartition("/")[0]))
        except PublishError:
            return None
        return (lock.held, lock.pins.keys()) if lock else None

    def conclude(self, change: ManifestChange, report: Report) -> Report:
        """Open, update or close the pull request."""
        if not change.changed:
            return replace(report, pull_request=self._withdraw())
        commit = change.commit or (self._place.head.id if self._place.head else "")
        self._check(commit)

        def diff(limit: int) -> str:
            return render_diff(change.files, limit)

        title = write_title(change.message)
        body = write_body(report, self._event, commit, diff)
        pull, state = self._propose(commit, title, body, is_new=bool(change.commit))
        is_wanted = self._auto_merge and state != "declined" and not pull.has_auto_merge
        if is_wanted and (problem := self._place.enable_auto_merge(pull)):
            self._warn(f"auto-merge of pull request #{pull.number} is off: {problem}")
        return replace(report, changed=bool(change.commit), pull_request=_reported(pull, state))

    def _propose(self, commit: str, title: str, body: str, *, is_new: bool) -> tuple[PullSummary, str]:
        pull, place = self._place.find_open(), self._place
        if pull is None and not is_new and (declined := place.find_closed(commit)):
            self._warn(
                f"pull request #{declined.number} was closed, and these are the same manifests: reopen it, "
                f"or delete the branch {place.name} to have them proposed again"
            )
            return declined, "declined"
        if pull is None and (pull := place.create(title=title, body=body)):
            return pull, "opened"
        pull = pull or place.find_open()
        if pull is None:
            raise BranchMovedError(f"there is nothing to merge from {place.name}", fix="Run it again.")
        if marker(commit) not in pull.body:
            place.edit(pull.number, title=title, body=body)
            return pull, "updated"
        return pull, "unchanged"

    def _withdraw(self) -> ReportedPull | None:
        """Delete the head, and so close its pull request."""
        if self._place.head is None:
            return None
        pull = self._place.find_open()
        self._place.delete_head()
        if pull is not None:
            self._place.close(pull.number)
        self._check(None)
        return None if pull is None else _reported(pull, "closed")

    def _check(self, head: str | None) -> None:
        """Start again if the base has moved since it was opened, or somebody else moved the head."""
        expected = (self._base.commit, head)
        if self._place.tips() != expected:
            raise BranchMovedError(
                f"the branches of the pull request from {self._place.name} moved while we worked",
                fix="Run it again.",
            )


def _check_head(place: Place) -> None:
    """Refuse to overwrite other people's commits on the head. Merges of the base don't count.

    Raises:
        PublishError: names the commit.
    """
    head = place.head
    if head is None or is_ours(head):
        return
    commits = (head if commit.id == head.id else commit for commit in place.new_commits())
    foreign = [commit for commit in commits if len(commit.parents) < 2 and not is_ours(commit)]
    if foreign:
        raise PublishError(
            f"the branch {place.name} holds the commit {abbreviate(foreign[-1].id)} of somebody else "
            f"({foreign[-1].subject[:80]!r}), which this run would overwrite",
            fix="Merge or close its pull request and delete the branch; changes belong into the sources, or "
            "into a branch of their own.",
        )


def _reported(pull: PullSummary, state: str) -> ReportedPull:
    return ReportedPull(number=pull.number, url=pull.url, state=state)


@dataclass
class _Base:
    """The base branch, which is created when it is needed. Implements `manifest_branch.ManifestBranch`."""

    place: Place

    def __post_init__(self) -> None:
        self._branch = self.place.base

    @property
    def commit(self) -> str | None:
        return self._branch.commit

    def files(self) -> Mapping[str, str]:
        return self._branch.files()

    def read(self, path: str) -> bytes | None:
        return self._branch.read(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        self._branch.prefetch(paths)

    def write(
        self, changes: Mapping[str, bytes | None], *, message: str, author: str, email: str, timestamp: int
    ) -> str:
        if self._branch.commit is None:
            self._branch = self.place.begin(author=author, email=email, timestamp=timestamp)
        return self._branch.write(
            changes,
            message=name_base(message, self._branch.commit or ""),
            author=author,
            email=email,
            timestamp=timestamp,
        )
