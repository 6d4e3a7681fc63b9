"""What must hold of every commit that a run publishes, whatever happened before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promotion.rendering.lock.input_digest import blob_id
from promotion.rendering.lock.lock import LOCK_NAME
from simulation.manifest_world import Tree
from simulation.run_world import World
from simulation.sources_world import BRANCH, AppState, HldState, expected_files

HEAD = "promotion/dev"
_MADE = re.compile(rb"made: '([^']*)'")
Pins = Mapping[str, str | None]


class LawError(AssertionError):
    """A law is broken; the text begins with its name."""


@dataclass(frozen=True, kw_only=True)
class Restoring:
    """What a rollback was asked for; without `to` pins are lifted."""

    to: str
    components: tuple[str, ...] = ()


@dataclass
class Laws:
    """Watches the branches. `purposes` has what each rollback is for, by process.

    `ages` has, by commit, how far in the log of each source its lock is; `pins` what decided each pinned
    component when it was pinned.
    """

    world: World
    purposes: dict[str, Restoring] = field(default_factory=dict)
    ages: dict[str, Mapping[str, int]] = field(default_factory=dict)
    pins: dict[str, Pins] = field(default_factory=dict)
    checked: int = 0

    def watch(self, branch: str, before: str, after: str) -> None:
        """Check a change of a branch as it happens."""
        self.world.github.follow(branch, after)
        if not after:
            return
        commit = self.world.manifests.commits[after]
        if not commit.maker:
            self.ages[after] = self.ages.get(commit.parent, {})
            self.pins[after] = self.pins.get(commit.parent, {})
            return
        if branch == HEAD and before:
            self._check_replaced(before)
        if LOCK_NAME not in commit.tree:
            return
        self.checked += 1
        parent = self._tree(commit.parent)
        if restoring := self.purposes.get(commit.maker):
            self._check_restored(restoring, commit.tree, parent)
            self.ages[after] = self.ages.get(commit.parent, {})
            self.pins[after] = self._list_pins(commit.tree, commit.parent, restoring)
            return
        lock = read_lock(commit.tree)
        files = self.render(lock)
        self._check_whole(commit.tree, parent, files, lock)
        self.pins[after] = self._check_pins(lock, files, self.pins.get(commit.parent, {}))
        base = self.ages.get(commit.parent, {})
        if branch == HEAD and before and self.world.manifests.commits[before].parent == commit.parent:
            base = {**base, **self.ages.get(before, {})}
        self.ages[after] = self._check_ages(lock, base)

    def published(self) -> Tree:
        """What is delivered, or proposed."""
        manifests = self.world.manifests
        return manifests.tree(HEAD if HEAD in manifests.refs else BRANCH)

    def check_newest(self, law: str) -> None:
        """What is published is what the sources hold now, but for what is pinned."""
        tree, sources = self.published(), self.world.sources
        apps = {name: app.state for name, app in sources.apps.items()}
        files = self._render(sources.hld.state, apps, sources.shared.state, sources.releases[-1])
        pinned = read_lock(tree)["pins"] if LOCK_NAME in tree else {}
        for path in {*files, *(read_lock(tree)["components"] if LOCK_NAME in tree else ())} - {*pinned}:
            found = mark(tree.get(path))
            if found != files.get(path):
                raise LawError(f"{law}: {path} is made of {found!r}, and now is {files.get(path)!r}")

    def render(self, lock: Mapping[str, Any]) -> dict[str, str]:
        """What is to be published of the sources that a lock names."""
        answers = dict(self._answers(lock))
        sources = self.world.sources
        hld = sources.hld.states[lock["hld"]["commit"]]
        assert isinstance(hld, HldState)
        apps: dict[str, AppState] = {}
        for name, app in sources.apps.items():
            state = app.states.get(answers.get(app.name, ""))
            if state is None and name in hld.entries:
                raise LawError(f"pure: the lock doesn't name the commit of {name}")
            apps[name] = state  # type: ignore[assignment]
        shared = sources.shared.states.get(answers.get("shared", ""))
        return self._render(hld, apps, shared, answers.get("charts", "").split(" ")[0])

    def _render(self, hld: Any, apps: Any, shared: Any, release: str) -> dict[str, str]:
        broken = [name for name in hld.entries if apps[name].flaw or hld.flaw]
        if broken:
            raise LawError(f"pure: {', '.join(broken)} can't be rendered, and yet it is published")
        return expected_files(hld, apps, shared, release)

    def _answers(self, lock: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Every source that a lock names, with its answer; one answer each."""
        found: dict[str, str] = {}
        for unit in lock["units"].values():
            for source in unit["sources"]:
                name = "charts" if "charts" in source else source["git"].rpartition("/")[2]
                if found.setdefault(name, source["answer"]) != source["answer"]:
                    raise LawError(f"one commit: two answers of {name} in one commit")
        yield from found.items()

    def _check_whole(
        self, tree: Tree, parent: Tree, files: Mapping[str, str], lock: Mapping[str, Any]
    ) -> None:
        ours = {path for part in lock["components"].values() for path in part["files"]}
        before = read_lock(parent)["components"] if LOCK_NAME in parent else {}
        for path in {*files, *lock["pins"], *ours, *tree, *parent} - {LOCK_NAME}:
            if path in lock["pins"]:
                if tree.get(path) != parent.get(path):
                    raise LawError(f"pins: {path} is pinned and has changed")
            elif path in files or path in ours or path in before:
                if mark(tree.get(path)) != files.get(path):
                    found = mark(tree.get(path))
                    raise LawError(f"pure: {path} is {found!r}, its sources say {files.get(path)!r}")
            elif tree.get(path) != parent.get(path):
                raise LawError(f"others' files: {path} isn't ours and has changed")

    def _check_pins(self, lock: Mapping[str, Any], files: Mapping[str, str], before: Pins) -> Pins:
        for path, decided in before.items():
            if (files.get(path) == decided) != (path in lock["pins"]):
                state = "stays pinned" if path in lock["pins"] else "isn't pinned any more"
                raise LawError(f"pins: {path} {state}: {decided!r} then, now {files.get(path)!r}")
        if more := lock["pins"].keys() - before.keys():
            raise LawError(f"pins: nobody has pinned {more}")
        return {path: decided for path, decided in before.items() if path in lock["pins"]}

    def _check_ages(self, lock: Mapping[str, Any], base: Mapping[str, int]) -> Mapping[str, int]:
        found = {}
        sources = self.world.sources
        logs: dict[str, list[str | None]] = {item.name: item.log for item in sources.repositories}
        logs["charts"] = [*sources.releases]
        for name, answer in self._answers(lock):
            revision = answer.split(" ")[0]
            start = base.get(name, 0)
            log = logs[name]
            later = next((place for place in range(start, len(log)) if log[place] == revision), None)
            if later is None:
                raise LawError(f"nothing back: {name} goes back to {revision[:7]}, it was at place {start}")
            found[name] = later
        return {**base, **found}

    def _check_restored(self, asked: Restoring, tree: Tree, parent: Tree) -> None:
        lock, target = read_lock(tree), self._tree(asked.to)
        # A rollback to what was held back ends the pin.
        pinned = lock["pins"].keys() | (read_lock(parent)["pins"].keys() if LOCK_NAME in parent else set())
        for path in {*tree, *parent} - {LOCK_NAME}:
            chosen = path in pinned and asked.to and path in (asked.components or pinned)
            if tree.get(path) == (target if chosen else parent).get(path):
                continue
            # Edited or deleted by hand, and not pinned: any run puts back what the lock says.
            files = lock["components"].get(path, {}).get("files", {})
            if path in lock["pins"] or path not in tree or files.get(path) != blob_id(tree[path]):
                raise LawError(f"rollback: {path} isn't what it is to be")
        needed = {*asked.components} - lock["pins"].keys() if asked.to else ()
        if missing := self._drop_alike(needed, asked, lock):
            raise LawError(f"rollback: {missing} isn't pinned")

    def _list_pins(self, tree: Tree, parent: str, asked: Restoring) -> Pins:
        before, lock = self.pins.get(parent, {}), read_lock(tree)
        old = self._tree(parent)
        lost = before.keys() - lock["pins"].keys()
        if lost := self._drop_alike(lost, asked, lock) if asked.to else lost - {*asked.components}:
            raise LawError(f"rollback: {lost} isn't pinned any more")
        return {path: before[path] if path in before else mark(old.get(path)) for path in lock["pins"]}

    def _drop_alike(self, paths: Iterable[str], asked: Restoring, lock: Mapping[str, Any]) -> set[str]:
        """Leave out what is made of the same as in the target without a pin: there is nothing to pin."""
        target = self._tree(asked.to)
        there = read_lock(target)["components"] if LOCK_NAME in target else {}
        return {path for path in paths if there.get(path) != lock["components"].get(path)}

    def _check_replaced(self, before: str) -> None:
        manifests = self.world.manifests
        if not manifests.commits[before].maker and before not in manifests.history(
            manifests.refs.get(BRANCH, "")
        ):
            raise LawError(f"others' commits: {before[:7]} on {HEAD} is overwritten")

    def _tree(self, commit: str) -> Tree:
        return self.world.manifests.commits[commit].tree if commit else {}


def read_lock(tree: Tree) -> dict[str, Any]:
    """The lock, read without the program."""
    lock: dict[str, Any] = json.loads(tree[LOCK_NAME])
    return lock


def mark(data: bytes | None) -> str | None:
    """What a manifest is made of, as it says itself; None where there is none."""
    if data is None:
        return None
    found = _MADE.search(data)
    return found[1].decode() if found else data.decode()
