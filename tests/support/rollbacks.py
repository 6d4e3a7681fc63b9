"""Rolling back a branch that lives in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from promotion.commands.rollback.inputs import RollbackRequest
from promotion.commands.rollback.rollback_run import RollbackOutcome, roll_back
from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.common.event import Event
from promotion.errors import Location, PublishError
from promotion.publishing.retry import Clock
from promotion.rendering.lock.lock import LOCK_NAME, Lock
from promotion.rendering.lock.lock_file import parse_lock
from support.memory_branch import MemoryBranch
from support.traces import silent


def request(**fields: Any) -> RollbackRequest:
    given: dict[str, Any] = {
        "environment": "dev",
        "to": "",
        "components": (),
        "lift": (),
        "manifest_repository": "https://git.test/manifests",
        "manifest_branch": "dev",
        "manifest_path": ".",
        "commit_author": "",
        "verified": False,
        "dry_run": False,
        "event": Event(),
    }
    return RollbackRequest(**(given | fields))


def read_lock(branch: MemoryBranch) -> Lock:
    """The branch's lock; empty if there is none, or a damaged one."""
    try:
        return parse_lock(branch.tree[LOCK_NAME], Location(LOCK_NAME))
    except (KeyError, PublishError):
        return Lock()


def roll_back_branch(branch: MemoryBranch, asked: RollbackRequest, *tools: Tools) -> RollbackOutcome:
    """Roll the branch back, or lift pins; `tools` are those of each attempt, if it is to be more than one."""
    waiting = list(tools) or [Tools(branch)]

    @contextmanager
    def open_tools() -> Iterator[Tools]:
        yield waiting.pop(0)

    pace = Clock(now=lambda: 1_700_000_000, pause=lambda attempt: None)
    return roll_back(asked, open_tools, Console(), pace=pace, tracer=silent(asked))


@dataclass
class Tools:
    """A branch in memory with its commits; `push` may be another's."""

    branch: MemoryBranch
    push: Callable[[str], str] | None = None
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str, where: Location | None = None) -> None:
        self.warnings.append(f"{where}: {text}" if where else text)

    def address(self, repository: str) -> str:
        return repository

    def open_branch(
        self, repository: str, branch: str, *, verified: bool = False
    ) -> tuple[MemoryBranch, Callable[[str], str]]:
        return self.branch, self.push or self.branch.push

    def list_branches(self, repository: str) -> list[str]:
        return [self.branch.name] if self.branch.commit else []

    def read_history(self, repository: str, branch: str) -> CommitHistory:
        pushed = self.branch.pushed
        commits = {
            commit: PastCommit(
                id=commit, time=100 * number, message="Change", parents=tuple(pushed[:number][-1:])
            )
            for number, commit in enumerate(pushed)
        }
        return CommitHistory(tip=pushed[-1] if pushed else "", commits=commits)

    def open_commit(self, repository: str, branch: str, commit: str) -> MemoryBranch:
        written = self.branch.written[commit]
        return MemoryBranch(tree=dict(written.tree), modes=dict(written.modes), commit=commit)


@dataclass
class Console:
    """Keeps what it is told."""

    lines: list[str] = field(default_factory=list)

    def group(self, title: str) -> nullcontext[None]:
        return nullcontext()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda text, *rest: self.lines.append(str(text))
