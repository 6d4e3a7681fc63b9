"""Runs that are ended in the middle, and what they leave behind."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from promotion.errors import Location
from promotion.rendering.lock.lock import LOCK_NAME
from promotion.rendering.lock.lock_file import parse_lock
from support.estate import Estate
from support.gitserver import GitServer
from support.processes import find_processes
from support.proxy import FaultProxy
from support.repositories import Repository
from support.runner import Step

End = Callable[["Trial"], None]  # ends the run of a trial


class Arena:
    """The example estate, with sources newer than the manifests.

    `old` is the tip of the manifest branch, `new` the tree that the next commit is to have; a run has so many
    `events`.
    """

    def __init__(self, folder: Path, server: GitServer) -> None:
        self.folder, self.server = folder, server
        self.estate = Estate(server, folder / "steps")
        self._number = 0
        self._lock = threading.Lock()
        assert self.estate.run(self.estate.push_event()).code == 0
        self.old = self.estate.manifests.tip()
        self.estate.release("1.2.0")
        self.groups = 0
        with self.open() as trial:
            assert trial.run() == 0
            self.new, self.events = trial.tree, len(trial.events)
            self.groups = sum("group::" in event for event in trial.events)
        assert self.new != self.estate.manifests.git("rev-parse", f"{self.old}^{{tree}}")

    def open(self, *, begin: bool = False) -> Trial:
        """A manifest repository of its own, at `old`, or without its branch where that is to `begin`."""
        with self._lock:
            self._number += 1
            name = f"manifests-{self._number:05}"  # none begins with another
        (self.folder / name).mkdir()
        shutil.copytree(self.estate.manifests.folder, self.server.root / f"acme/{name}.git")
        self.server.allow(self.estate.token, f"acme/{name}", "write")
        repository = Repository(self.server.root / f"acme/{name}.git", branch="dev")
        if begin:
            repository.git("update-ref", "-d", "refs/heads/dev")
        return Trial(self, repository, self.folder / name, begin=begin)

    def step(self, name: str) -> Step:
        """A step that writes the repository of this name."""
        with self._lock:  # they are numbered
            return self.estate.push_event(manifest_repository=f"acme/{name}")


class Trial:
    """A run on a manifest repository of its own; use it in a `with` block.

    `events` are the lines of its log and the moments of its requests, as they come; `phase` is what it did
    when it was ended.
    """

    def __init__(self, arena: Arena, manifests: Repository, temporary: Path, *, begin: bool) -> None:
        self.arena, self.manifests, self.temporary = arena, manifests, temporary
        self.begin = begin
        self.phase = ""
        self.events: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._proxy = FaultProxy(watch=lambda moment, request: self._note(f"{moment} {request}"))

    def __enter__(self) -> Trial:
        self._proxy.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._proxy.__exit__(None, None, None)
        shutil.rmtree(self.manifests.folder)

    @property
    def mark(self) -> str:
        """Stands in the environment of each process of the run, and of no other."""
        return f"{self.temporary}"

    @property
    def tip(self) -> str:
        """The commit of the manifest branch; empty if there is none."""
        return self.manifests.git("for-each-ref", "--format=%(objectname)", "refs/heads/dev")

    @property
    def tree(self) -> str:
        return self.manifests.git("rev-parse", "refs/heads/dev^{tree}")

    def run(self, end: End | None = None, *, at: int = -1, delay: float = 0) -> int:
        """Run to the end, or until `end` ends it. Gives the exit code.

        Args:
            at: the number of the event at which `end` is called; negative for the start.
            delay: seconds after it.
        """
        step = self.arena.step(self.manifests.folder.name.removesuffix(".git"))
        self.events, self._at, self._delay = [], at, delay
        self._end = partial(end, self) if end else None
        self._timer: threading.Timer | None = None
        self.phase = ""
        self.process = self.arena.estate.open(step, TMPDIR=str(self.temporary), **self._proxy.variables)
        self._end_at(-1)
        with self.process as process:
            assert process.stdout
            for line in process.stdout:
                if not line.startswith("::add-mask"):
                    self._note(line.rstrip())
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        self.phase = self.phase or "end"
        return process.returncode

    def _note(self, event: str) -> None:
        with self._lock:
            self.events.append(event)
            self._end_at(len(self.events) - 1)

    def _end_at(self, number: int) -> None:
        if self._end and number >= self._at:
            end, self._end = self._end, None
            end = partial(self._call, end)
            if self._delay:
                self._timer = threading.Timer(self._delay, end)
                self._timer.start()
            else:
                end()

    def _call(self, end: Callable[[], None]) -> None:
        self.phase = self._find_phase()
        end()

    def _find_phase(self) -> str:
        groups = [event for event in self.events if event.startswith(("::group::", "::endgroup::"))]
        if not groups:
            return "start"
        if groups[-1] == "::endgroup::" and len(groups) == self.arena.groups:
            return "end"
        return next(event for event in reversed(groups) if event != "::endgroup::").removeprefix("::group::")

    def check(self) -> str:
        """The branch is whole: `old` or `new`."""
        tip = self.tip
        if tip == ("" if self.begin else self.arena.old):
            return "old"
        assert self.tree == self.arena.new
        parents = self.manifests.git("rev-list", "--parents", "-1", tip).split()[1:]
        if self.begin:
            assert self.manifests.git("ls-tree", parents[0]) == ""
        else:
            assert parents == [self.arena.old]
        self.manifests.git("fsck", "--strict", "--no-dangling")
        lock = parse_lock(self.manifests.read(LOCK_NAME).encode(), Location(LOCK_NAME))
        assert lock.files
        assert lock.files.keys() <= self.manifests.files().keys()
        return "new"

    def check_next(self) -> None:
        """The next run completes, with one commit in all, and leaves nothing behind."""
        assert self.run() == 0, self.events
        assert self.check() == "new"
        before = 1 if self.begin else len(self.arena.estate.manifests.history())
        assert len(self.manifests.history()) == before + 1
        assert not list(self.temporary.rglob("*"))
        assert not find_processes(self.mark)
