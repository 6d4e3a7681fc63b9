"""What is done about the pull request, whatever others do at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from promotion.common.commit_history import PastCommit
from promotion.common.event import Event
from promotion.common.github_json import PullSummary
from promotion.errors import BranchMovedError
from promotion.publishing.manifest_change import ManifestChange
from promotion.publishing.pull_request.head_branch import name_base
from promotion.publishing.pull_request.pull_delivery import PullDelivery
from promotion.publishing.pull_request.pull_text import marker
from promotion.publishing.report import Report
from promotion.rendering.lock.lock import HeldPart, Lock, Pin
from promotion.rendering.lock.lock_file import dumps
from support.memory_branch import MemoryBranch

BASE, HEAD, NEW = "a" * 40, "b" * 40, "c" * 40
OURS = PastCommit(id=HEAD, time=0, message=name_base("dev: cat", BASE), parents=(BASE,))
REPORT = Report(
    environment="dev",
    changed=True,
    dry_run=False,
    hld_repository="https://github.com/acme/hld",
    hld_ref="dev",
    hld_commit="d" * 40,
    manifest_repository="https://github.com/acme/manifests",
    branch="dev",
    commit=NEW,
    components=(),
    changes=(),
)


def pull(commit: str = NEW, *, has_auto_merge: bool = False) -> PullSummary:
    return PullSummary(number=7, body=f"{marker(commit)}\nText", has_auto_merge=has_auto_merge)


@dataclass
class MemoryPlace:
    """Follows the protocol Place. `opened` are the answers to `find_open`, the last one for good."""

    opened: list[PullSummary | None]
    head: PastCommit | None = OURS
    created: PullSummary | None = None
    now: tuple[str | None, str | None] = (BASE, NEW)
    name: str = "promotion/dev"
    base: MemoryBranch = field(default_factory=lambda: MemoryBranch(commit=BASE))
    calls: list[str] = field(default_factory=list)
    locks: Mapping[str, Lock] = field(default_factory=dict)

    def begin(self, *, author: str, email: str, timestamp: int) -> MemoryBranch:
        raise NotImplementedError

    def files_of(self, commit: str) -> Mapping[str, str]:
        return {"promotion.lock": commit, "cat.yaml": "100644 1"}

    def read(self, commit: str, path: str) -> bytes | None:
        return dumps(self.locks.get(commit, Lock()))

    def push(self, commit: str) -> str:
        self.calls.append("push")
        return commit

    def delete_head(self) -> None:
        self.calls.append("delete")

    def tips(self) -> tuple[str | None, str | None]:
        return self.now

    def new_commits(self) -> Sequence[PastCommit]:
        return ()

    def find_open(self) -> PullSummary | None:
        return self.opened.pop(0) if len(self.opened) > 1 else self.opened[0]

    def find_closed(self, commit: str) -> PullSummary | None:
        return None

    def create(self, *, title: str, body: str) -> PullSummary | None:
        self.calls.append("create")
        return self.created

    def edit(self, number: int, *, title: str, body: str) -> None:
        self.calls.append("edit")

    def close(self, number: int) -> None:
        self.calls.append("close")

    def enable_auto_merge(self, pull: PullSummary) -> str:
        self.calls.append("merge")
        return "it isn't allowed"


def conclude(place: MemoryPlace, *, commit: str = NEW, merge: bool = False) -> tuple[Report, list[str]]:
    warnings: list[str] = []
    proposal = PullDelivery(place, Event(), lock="promotion.lock", auto_merge=merge, warn=warnings.append)
    publication = ManifestChange(
        old_lock=Lock(), lock=Lock(), changed=True, commit=commit, message="dev: cat\n"
    )
    return proposal.conclude(publication, REPORT), warnings


def state(report: Report) -> str:
    assert report.pull_request
    return report.pull_request.state


def test_one_that_another_run_opens_at_the_same_time_is_taken() -> None:
    place = MemoryPlace([None, pull(HEAD)])
    report, _ = conclude(place)
    assert (state(report), place.calls) == ("updated", ["create", "edit"])


def test_nothing_to_merge_any_more_is_a_reason_to_start_again() -> None:
    with pytest.raises(BranchMovedError, match="nothing to merge from promotion/dev"):
        conclude(MemoryPlace([None]))


@pytest.mark.parametrize("now", [("e" * 40, NEW), (BASE, "e" * 40), (BASE, None), (None, NEW)])
def test_branches_that_are_elsewhere_by_now_are_a_reason_to_start_again(
    now: tuple[str | None, str | None],
) -> None:
    place = MemoryPlace([pull()], now=now)
    with pytest.raises(BranchMovedError):
        conclude(place)
    assert place.calls == [], "an older text never replaces a newer one"


def test_auto_merge_that_is_on_is_left_on() -> None:
    place = MemoryPlace([pull(has_auto_merge=True)])
    conclude(place, merge=True)
    assert "merge" not in place.calls


def test_auto_merge_that_github_refuses_is_a_warning() -> None:
    report, warnings = conclude(MemoryPlace([pull()]), merge=True)
    assert warnings == ["auto-merge of pull request #7 is off: it isn't allowed"]
    assert state(report) == "unchanged"


@pytest.mark.parametrize(
    "head",
    [
        None,
        replace(OURS, parents=("e" * 40,)),
        replace(OURS, parents=(BASE, "e" * 40)),
        replace(OURS, message="dev: cat"),
    ],
    ids=["none", "another base", "a merge", "not ours"],
)
def test_the_head_is_replaced_unless_it_holds_just_that(head: PastCommit | None) -> None:
    place = MemoryPlace([pull()], head=head)
    assert PullDelivery(place, Event(), lock="promotion.lock", auto_merge=False, warn=print).push(NEW) == NEW
    assert place.calls == ["push"]


def test_a_head_that_differs_in_the_lock_alone_stays() -> None:
    place = MemoryPlace([pull()])
    assert PullDelivery(place, Event(), lock="promotion.lock", auto_merge=False, warn=print).push(NEW) == ""
    assert place.calls == []


@pytest.mark.parametrize(
    "lock",
    [
        Lock(held={"cat": HeldPart(reason="its template fails")}),
        Lock(pins={"cat.yaml": Pin(label="cat", to=BASE, base=BASE)}),
    ],
    ids=["a part is held", "a pin"],
)
def test_a_head_whose_lock_tells_of_what_is_over_is_replaced(lock: Lock) -> None:
    place = MemoryPlace([pull()], locks={HEAD: lock})
    assert PullDelivery(place, Event(), lock="promotion.lock", auto_merge=False, warn=print).push(NEW) == NEW


def test_when_nothing_differs_the_head_goes_before_its_pull_request() -> None:
    place = MemoryPlace([pull()], now=(BASE, None))
    proposal = PullDelivery(place, Event(), lock="promotion.lock", auto_merge=False, warn=print)
    nothing = ManifestChange(old_lock=Lock(), lock=Lock())
    assert state(proposal.conclude(nothing, REPORT)) == "closed"
    assert place.calls == ["delete", "close"]
