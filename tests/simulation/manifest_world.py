"""The manifest repository: commits, branches that are compared and swapped, and a git that speaks to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promotion.common.commit_history import CommitHistory, PastCommit
from promotion.edges.git.push_queue import Pushes
from promotion.errors import BranchMovedError, PublishError, SourceError, UnreachableError
from promotion.rendering.lock.input_digest import blob_id
from simulation.scheduler import Process

Tree = Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True)
class ManifestCommit:
    """A commit, pushed or not; `maker` is the process, or empty for people."""

    id: str
    tree: Tree
    parent: str
    message: str
    time: int
    maker: str = ""


@dataclass
class ManifestWorld:
    """The server's side. `on_update` is told of each change of a branch: its name, old and new commit."""

    commits: dict[str, ManifestCommit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    on_update: Callable[[str, str, str], None] = lambda *_: None

    def commit(self, tree: Tree, parent: str, message: str, time: int, maker: str = "") -> str:
        """Make a commit, which no branch has yet; equal ones are one, as in git."""
        content = repr((sorted(tree.items()), parent, message, time)).encode()
        made = hashlib.sha1(content).hexdigest()  # noqa: S324
        self.commits.setdefault(
            made,
            ManifestCommit(id=made, tree=tree, parent=parent, message=message, time=time, maker=maker),
        )
        return made

    def update(self, branch: str, commit: str) -> None:
        """Set a branch, or delete it."""
        before = self.refs.get(branch, "")
        if commit:
            self.refs[branch] = commit
        else:
            self.refs.pop(branch, None)
        self.on_update(branch, before, commit)

    def history(self, commit: str) -> list[str]:
        """The commit and all below it."""
        found = []
        while commit:
            found.append(commit)
            commit = self.commits[commit].parent
        return found

    def tree(self, branch: str) -> Tree:
        """The files of a branch."""
        return self.commits[self.refs[branch]].tree if branch in self.refs else {}

    def past(self, commit: str) -> PastCommit:
        """The commit as a history tells of it."""
        made = self.commits[commit]
        parents = (made.parent,) if made.parent else ()
        return PastCommit(id=commit, time=made.time, message=made.message, parents=parents)


def unreachable(what: str) -> Callable[[str], SourceError]:
    """What makes the error of a fault of the network."""
    return lambda why: UnreachableError(f"{what} can't be reached ({why})")


@dataclass
class _Folder:
    """The place of a repository's objects; the one ref in it is what was fetched."""

    fetched: str = ""

    def __truediv__(self, _: str) -> _Folder:
        return self

    def read_bytes(self) -> bytes:
        return self.fetched.encode()


@dataclass
class _Objects:
    world: ManifestWorld
    folder: _Folder = field(default_factory=_Folder)

    def history(self, tip: bytes) -> set[str]:
        return set(self.world.history(tip.decode()))


class SimulatedBranch:
    """A branch as it was opened. Follows `manifest_branch.ManifestBranch`, and what `Pushes` knows of one."""

    def __init__(self, world: ManifestWorld, process: Process, name: str, commit: str | None) -> None:
        self._world, self._process = world, process
        self.name, self.commit, self.remote = name, commit, "manifests"
        self.objects = _Objects(world)
        self._tree = world.commits[commit].tree if commit else {}

    def files(self) -> Mapping[str, str]:
        return {path: f"100644 {blob_id(data)}" for path, data in self._tree.items()}

    def read(self, path: str) -> bytes | None:
        return self._tree.get(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        """Nothing to fetch."""

    def at(self, commit: str) -> SimulatedBranch:
        return SimulatedBranch(self._world, self._process, self.name, commit)

    def begin(self, *, author: str, email: str, timestamp: int) -> str:
        return self._world.commit({}, "", f"Create branch {self.name}", timestamp, self._process.name)

    def write(
        self, changes: Mapping[str, bytes | None], *, message: str, author: str, email: str, timestamp: int
    ) -> str:
        tree = dict(self._tree)
        for path, data in changes.items():
            if data is None:
                tree.pop(path, None)
            else:
                tree[path] = data
        parent = self.commit or self.begin(author=author, email=email, timestamp=timestamp)
        return self._world.commit(tree, parent, message, timestamp, self._process.name)


class SimulatedTransport:
    """The git program (`git_transport.GitTransport`), as far as `Pushes` calls it."""

    def __init__(self, world: ManifestWorld, process: Process) -> None:
        self._world, self._process = world, process

    def push(self, folder: object, remote: object, name: str, *, commit: str, expected: str) -> None:
        """Compare and swap. A request may come twice: then the second one is answered, with a refusal."""
        scheduler = self._process.scheduler
        comes_twice = bool(scheduler.rates.lose) and scheduler.rng.random() < 0.1

        def swap() -> bool:
            if self._world.refs.get(name, "") != expected:
                return False
            if commit:
                self._process.landed.append(commit)
            self._world.update(name, commit)
            if comes_twice:
                scheduler.note(self._process.name, "the push comes twice", "a push comes twice")
            return not comes_twice

        what = f"push {commit[:7]} to {name} over {expected[:7]}"
        done = self._process.effect(what, swap, unreachable("the manifest repository"), is_write=True)
        if not done:
            self._process.scheduler.note(self._process.name, "the push is refused", "a push is refused")
            raise BranchMovedError(f"the branch {name} moved while we worked", fix="Run it again.")

    def list(self, remote: object, refs: Sequence[str], *, write: bool) -> Mapping[str, str]:
        """The tips of refs."""
        known = {f"refs/heads/{name}": commit for name, commit in self._world.refs.items()}

        def look() -> dict[str, str]:
            return {ref: known[ref] for ref in refs if ref in known}

        return self._verify("list the tips", look)

    def fetch(
        self, folder: _Folder, remote: object, refspecs: Sequence[str], *, options: object, write: bool
    ) -> Sequence[str]:
        """Note what the one refspec names; give it back if there is no such branch."""
        name = refspecs[0].partition(":")[0].removeprefix("+refs/heads/")

        def take() -> Sequence[str]:
            folder.fetched = self._world.refs.get(name, "")
            return () if folder.fetched else refspecs

        return self._verify("fetch the history", take)

    def _verify(self, what: str, look: Callable[[], Any]) -> Any:
        try:
            return self._process.effect(what, look, unreachable("the manifest repository"))
        except SourceError:
            self._process.is_unverified = True
            raise


class SimulatedGit:
    """The manifest repository by git (`git_client.GitClient`), as far as attempts use it."""

    def __init__(self, world: ManifestWorld, process: Process) -> None:
        self.world, self._process = world, process
        self.pushes = Pushes(SimulatedTransport(world, process))  # type: ignore[arg-type]

    def open_branch(self, address: str, name: str) -> SimulatedBranch:
        tip = self._process.effect(
            f"open {name}", lambda: self.world.refs.get(name), unreachable("the manifest repository")
        )
        return SimulatedBranch(self.world, self._process, name, tip)

    def push(self, branch: SimulatedBranch, commit: str) -> str:
        self.pushes.push(branch, commit)  # type: ignore[arg-type]
        return commit

    def find_tips(self, address: str, branches: Sequence[str]) -> Mapping[str, str]:
        def look() -> dict[str, str]:
            return {name: self.world.refs[name] for name in branches if name in self.world.refs}

        return self._process.effect("find the tips", look, unreachable("the manifest repository"))

    def open_history(self, address: str, name: str) -> CommitHistory:
        tip = self.open_branch(address, name).commit or ""
        commits = {commit: self.world.past(commit) for commit in self.world.history(tip)}
        return CommitHistory(tip=tip, commits=commits)

    def open_commit(self, address: str, name: str, commit: str) -> SimulatedBranch:
        known = self._process.effect(
            f"open {commit[:7]}", lambda: commit in self.world.commits, unreachable("the manifest repository")
        )
        if not known:
            raise PublishError(f"there is no commit {commit}")
        return SimulatedBranch(self.world, self._process, name, commit)
