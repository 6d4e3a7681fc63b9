"""What must hold of every commit that a run publishes, whatever happened before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promotion.rendering.lock.lock import LOCK_NAME
from simulation.manifest_world import Tree
from simulation.part_causes import (
    LawError,
    check_causes,
    find_failing,
    is_pinned,
    list_fresh,
    name_part,
    read_lock,
)
from simulation.run_world import World
from simulation.sources_world import (
    BRANCH,
    AppState,
    HldState,
    expected_part,
)

HEAD = "promotion/dev"
_MADE = re.compile(rb"made: '([^']*)'")
Files = Mapping[str, str]  # what each is made of, by path


@dataclass(frozen=True, kw_only=True)
class Restoring:
    """What a rollback was asked for; without `to` pins are lifted."""

    to: str
    components: tuple[str, ...] = ()


@dataclass
class Laws:
    """Watches the branches. `purposes` has what each rollback is for, by process.

    `ages` has, by commit, how far in the log of each source its lock is; `due` what would be published there
    without pins.
    """

    world: World
    purposes: dict[str, Restoring] = field(default_factory=dict)
    ages: dict[str, Mapping[str, int]] = field(default_factory=dict)
    due: dict[str, Files] = field(default_factory=dict)
    checked: int = 0

    def watch(self, branch: str, before: str, after: str) -> None:
        """Check a change of a branch as it happens."""
        self.world.github.follow(branch, after)
        if not after:
            return
        commit = self.world.manifests.commits[after]
        if not commit.maker:
            self._inherit(after, commit.parent)
            return
        if branch == HEAD and before:
            self._check_replaced(before)
        if LOCK_NAME not in commit.tree:
            return
        self.checked += 1
        parent = self._tree(commit.parent)
        if restoring := self.purposes.get(commit.maker):
            self._inherit(after, commit.parent)
            if restoring.to:
                self._check_restored(restoring, commit.tree, parent, self.due[after])
            else:
                self._check_lifted(restoring, commit.tree, parent)
                lifted = {path: mark(data) for path, data in parent.items() if path in restoring.components}
                kept = {p: made for p, made in self.due[after].items() if p not in restoring.components}
                self.due[after] = kept | {path: made for path, made in lifted.items() if made is not None}
            return
        is_new = after not in self.due
        lock = read_lock(commit.tree)
        self.due[after] = files = self.render(lock, self.due.get(commit.parent, {}))
        self._check_pins(lock, parent, files, self.due.get(commit.parent, {}))
        self._check_whole(commit.tree, parent, files, lock)
        if is_new:
            check_causes(self.world, self.world.processes[commit.maker], commit.tree, parent)
        base = self.ages.get(commit.parent, {})
        if branch == HEAD and before and self.world.manifests.commits[before].parent == commit.parent:
            base = {**base, **self.ages.get(before, {})}
        self.ages[after] = self._check_ages(lock, base)

    def _inherit(self, commit: str, parent: str) -> None:
        self.ages[commit] = self.ages.get(parent, {})
        self.due[commit] = self.due.get(parent, {})

    def published(self) -> Tree:
        """What is delivered, or proposed."""
        return self._tree(self._newest)

    @property
    def _newest(self) -> str:
        refs = self.world.manifests.refs
        return refs.get(HEAD) or refs.get(BRANCH, "")

    def check_newest(self, law: str) -> None:
        """Check that what is published is what the sources hold now, but for parts that fail, and for pins on
        what is as it was.
        """
        tree, world = self.published(), self.world.sources
        hld = world.hld.state
        assert isinstance(hld, HldState)
        files: dict[str, str] = {}
        failing = find_failing(self.world.sources)
        for name in hld.parts:
            if name not in failing:
                app = world.apps[name].state if name in world.apps else None
                files |= expected_part(name, hld, app, world.shared.state, world.releases[-1])  # type: ignore[arg-type]
        lock = read_lock(tree) if LOCK_NAME in tree else {"pins": {}, "components": {}, "held": {}}
        due = self.due.get(self._newest, {})
        for path in {*files, *lock["components"], *lock["pins"]}:
            if name_part(path) in failing:
                continue
            found = due.get(path) if path in lock["pins"] else mark(tree.get(path))
            if found != files.get(path):
                pinned = "pins: what is pinned at " if path in lock["pins"] else ""
                raise LawError(
                    f"{pinned or law + ': '}{path} is made of {found!r}, and now is {files.get(path)!r}"
                )
        if wrong := {name for name in lock["held"] if name not in failing}:
            raise LawError(f"told: {wrong} are said to be held, and nothing is wrong with them")
        told = {name for name, causes in failing.items() if causes == {False}}
        if missing := {name for name in told - lock["held"].keys() if not is_pinned(name, lock)}:
            raise LawError(f"told: {missing} fail, and the lock doesn't say so")

    def render(self, lock: Mapping[str, Any], before: Files) -> dict[str, str]:
        """What is to be published of the sources that a lock names, and of what was there `before`."""
        answers = dict(self._answers(lock))
        world = self.world.sources
        hld = world.hld.states[lock["hld"]["commit"]]
        assert isinstance(hld, HldState)
        if hld.flaw == "component":
            raise LawError("pure: the definition can't be read, and yet it is published")
        shared = world.shared.states.get(answers.get("shared", ""))
        release = answers.get("charts", "").split(" ")[0]
        files: dict[str, str] = {}
        fresh = list_fresh(lock, hld)
        for name in hld.parts:
            if name not in fresh:
                files |= {path: made for path, made in before.items() if name_part(path) == name}
                continue
            app = world.apps[name].states[answers[name]] if name in world.apps else None
            nested = isinstance(app, AppState) and app.kind == "nested"
            if (app or hld).flaw or (nested and (shared is None or shared.flaw)):
                raise LawError(f"pure: {name} can't be rendered, and yet it is published")
            files |= expected_part(name, hld, app, shared, release)  # type: ignore[arg-type]
        return files

    def _answers(self, lock: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Every source that a lock names, with its answer; one answer each."""
        found: dict[str, str] = {}
        for unit in lock["units"].values():
            for source in unit["sources"]:
                name = "charts" if "charts" in source else source["git"].rpartition("/")[2]
                if found.setdefault(name, source["answer"]) != source["answer"]:
                    raise LawError(f"one commit: two answers of {name} in one commit")
        yield from found.items()

    def _check_whole(self, tree: Tree, parent: Tree, files: Files, lock: Mapping[str, Any]) -> None:
        """Part by part: the full render of its sources, or just what was there."""
        hld = self.world.sources.hld.states[lock["hld"]["commit"]]
        assert isinstance(hld, HldState)
        held = {*hld.parts} - list_fresh(lock, hld)
        ours = {path for part in lock["components"].values() for path in part["files"]}
        before = read_lock(parent)["components"] if LOCK_NAME in parent else {}
        for path in {*files, *lock["pins"], *ours, *tree, *parent} - {LOCK_NAME}:
            is_ours = path in files or path in ours or path in before
            if path in lock["pins"]:
                if tree.get(path) != parent.get(path):
                    raise LawError(f"pins: {path} is pinned and has changed")
            elif is_ours and name_part(path) in held:
                if tree.get(path) != parent.get(path) or (path in ours) != (path in before):
                    raise LawError(f"part by part: {path} isn't as it was, though {name_part(path)} is held")
            elif is_ours:
                if mark(tree.get(path)) != files.get(path):
                    found = mark(tree.get(path))
                    raise LawError(f"pure: {path} is {found!r}, its sources say {files.get(path)!r}")
            elif tree.get(path) != parent.get(path):
                raise LawError(f"others' files: {path} isn't ours and has changed")

    def _check_pins(self, lock: Mapping[str, Any], parent: Tree, files: Files, before: Files) -> None:
        pinned = read_lock(parent)["pins"].keys() if LOCK_NAME in parent else set()
        for path in pinned:
            if (files.get(path) == before.get(path)) != (path in lock["pins"]):
                state = "stays pinned" if path in lock["pins"] else "isn't pinned any more"
                raise LawError(f"pins: {path} {state}: {before.get(path)!r} then, now {files.get(path)!r}")
        if more := lock["pins"].keys() - pinned:
            raise LawError(f"pins: nobody has pinned {more}")

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

    def _check_restored(self, asked: Restoring, tree: Tree, parent: Tree, due: Files) -> None:
        """What was asked for is as it was, pinned if that isn't what is due; nothing else changes."""
        now, lock, target = read_lock(parent), read_lock(tree), self._tree(asked.to)
        there = read_lock(target)["components"]
        ours = {*now["components"], *now["pins"], *there}
        chosen = {*asked.components} if asked.components else ours
        for path in {*tree, *parent, *target} - {LOCK_NAME}:
            wanted = (target if path in there else {}) if path in chosen & ours else parent
            if tree.get(path) != wanted.get(path):
                raise LawError(f"rollback: {path} isn't what it is to be")
        # What is as it was then already, be it by hand, is left alone, and so is its pin.
        moved = {path for path in chosen if tree.get(path) != parent.get(path)}
        pins = {path for path in moved if mark(tree.get(path)) != due.get(path)}
        pins = pins | now["pins"].keys() - moved
        if pins != lock["pins"].keys():
            raise LawError(f"rollback: pinned are {[*lock['pins']]}, and to be {sorted(pins)}")

    def _check_lifted(self, asked: Restoring, tree: Tree, parent: Tree) -> None:
        if {**tree, LOCK_NAME: b""} != {**parent, LOCK_NAME: b""}:
            raise LawError("rollback: lifting a pin changes a file")
        if read_lock(tree)["pins"].keys() != read_lock(parent)["pins"].keys() - {*asked.components}:
            raise LawError(f"rollback: {asked.components} are to be lifted, and no others")

    def _check_replaced(self, before: str) -> None:
        manifests = self.world.manifests
        if not manifests.commits[before].maker and before not in manifests.history(
            manifests.refs.get(BRANCH, "")
        ):
            raise LawError(f"others' commits: {before[:7]} on {HEAD} is overwritten")

    def _tree(self, commit: str) -> Tree:
        return self.world.manifests.commits[commit].tree if commit else {}


def mark(data: bytes | None) -> str | None:
    """What a manifest is made of, as it says itself; None where there is none."""
    if data is None:
        return None
    found = _MADE.search(data)
    return found[1].decode() if found else data.decode()
