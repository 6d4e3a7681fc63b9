"""Which parts a run holds back, and whether it had a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from promotion.rendering.lock.lock import LOCK_NAME
from simulation.manifest_world import Tree
from simulation.run_world import World
from simulation.scheduler import Process
from simulation.sources_world import OWN, AppState, HldState, SourceRepository, SourcesWorld


class LawError(AssertionError):
    """A law is broken; the text begins with its name."""


def check_causes(world: World, process: Process, tree: Tree, parent: Tree) -> None:
    """Check that what is held is so for a cause that the run met, and that the lock tells of lasting ones."""
    lock = read_lock(tree)
    hld = world.sources.hld.states[lock["hld"]["commit"]]
    assert isinstance(hld, HldState)
    old = read_lock(parent)["held"] if LOCK_NAME in parent else {}
    fresh = list_fresh(lock, hld)
    for name in {*hld.parts, *lock["held"]}:
        told = lock["held"].get(name)
        if name not in hld.parts or name in fresh:
            if told:
                raise LawError(f"told: {name} is said to be held, and isn't")
            continue
        causes = find_causes(world.sources, name, hld, process)
        if not causes:
            raise LawError(f"cause: {name} is held for no reason")
        is_right = {
            False: told is not None or is_pinned(name, lock),
            True: told == old.get(name) or (told is None and is_pinned(name, lock)),
        }
        if not any(is_right[cause] for cause in causes):
            raise LawError(f"told: {name} is held, and the lock says {told!r}, it said {old.get(name)!r}")
        if told and name in old and told["since"] != old[name]["since"]:
            raise LawError(f"told: {name} is held since {old[name]['since']!r}, not {told['since']!r}")


def find_causes(world: SourcesWorld, name: str, hld: HldState, process: Process) -> set[bool]:
    """Return why a part may be held by a run: for each cause, whether it may pass."""
    causes = set(process.troubles.get(name, ()))
    if name == OWN:
        return causes | ({False} if hld.flaw == OWN else set())
    app = world.apps[name].states.get(process.told.get(name, ""))
    if not isinstance(app, AppState):
        return causes
    if app.flaw:
        causes.add(False)
    if app.kind == "remote":
        causes |= process.troubles.get("charts", set())
    if app.kind == "nested":
        shared = world.shared.states.get(process.told.get("shared", ""))
        causes |= process.troubles.get("shared", set()) | ({False} if shared and shared.flaw else set())
    return causes


def find_failing(world: SourcesWorld) -> dict[str, set[bool]]:
    """Return the parts that fail as the world is now, and whether that may pass."""
    hld, shared = world.hld.state, world.shared
    assert isinstance(hld, HldState)
    found = {OWN: {False}} if hld.flaw == OWN else {}
    for name in hld.entries:
        app = world.apps[name]
        causes = _find_faults(app, world)
        state = app.state
        assert isinstance(state, AppState)
        if state.kind == "nested":
            causes |= _find_faults(shared, world)
        if state.kind == "remote" and "charts" in world.down:
            causes.add(True)
        if causes:
            found[name] = causes
    return found


def _find_faults(repository: SourceRepository, world: SourcesWorld) -> set[bool]:
    causes = {True} if repository.name in world.down else set()
    return causes | ({False} if repository.tip is None or repository.state.flaw else set())


def list_fresh(lock: Mapping[str, Any], hld: HldState) -> set[str]:
    """Return the parts of which the lock names the sources; those that are held have none."""
    named = {
        source["git"].rpartition("/")[2]
        for unit in lock["units"].values()
        for source in unit["sources"]
        if "git" in source
    }
    found = {name for name in hld.entries if name in named}
    entry = lock["components"].get(f"{OWN}.yaml")
    if pin := lock["pins"].get(f"{OWN}.yaml"):
        entry = pin["held-back"]
    return found | ({OWN} if entry and entry["unit"] else set())


def is_pinned(name: str, lock: Mapping[str, Any]) -> bool:
    """Return whether a rollback holds all of a part."""
    paths = [path for path in {*lock["components"], *lock["pins"]} if name_part(path) == name]
    return bool(paths) and all(path in lock["pins"] for path in paths)


def name_part(path: str) -> str:
    """Return the part that a manifest belongs to."""
    return path.partition("/")[0].removesuffix(".yaml")


def read_lock(tree: Tree) -> dict[str, Any]:
    """The lock, read without the program."""
    return _parse(tree[LOCK_NAME])


@lru_cache(maxsize=64)
def _parse(data: bytes) -> dict[str, Any]:
    return {"held": {}, **json.loads(data)}
