"""What people do between and during the runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import replace

from promotion.common.event import Event
from promotion.rendering.lock.lock import LOCK_NAME
from simulation.laws import HEAD
from simulation.part_causes import name_part, read_lock
from simulation.run_world import World
from simulation.scheduler import Scheduler
from simulation.sources_world import BRANCH, OWN, AppState, HldState, SourceRepository

# What came of an action: the repository whose event follows, and whether something was left for a later run.
Outcome = tuple[SourceRepository | None, bool]
_NOTHING: Outcome = (None, False)
_HABITS = (0, 1, 1, 4)


def push_event(repository: SourceRepository) -> Event:
    """The event of a push."""
    return Event(
        name="push",
        ref=f"refs/heads/{BRANCH}",
        repository=f"acme/{repository.name}",
        commit=repository.tip or "",
        payload={"ref": f"refs/heads/{BRANCH}"},
    )


class Team:
    """Does one thing after the other, as chance has it.

    Each history has habits of its own: it never does some things, and others often. That finds more than the
    same mixture for all (A. Groce and others, Swarm Testing, ISSTA 2012). `favoured` are done often.
    """

    def __init__(self, world: World, scheduler: Scheduler, favoured: Collection[str] = ()) -> None:
        self._world, self._scheduler, self._rng = world, scheduler, scheduler.rng
        self._actions: dict[str, tuple[int, Callable[[random.Random], Outcome | None]]] = {
            "an application's values": (8, self._change_values),
            "an application's content": (6, self._change_content),
            "an application's other file": (3, self._change_note),
            "an application's commit is reverted": (4, self._revert),
            "an application is broken": (3, self._break),
            "the definition's config": (5, self._change_config),
            "the definition's entries": (4, self._change_entries),
            "the definition's own part": (2, self._change_own),
            "the definition is broken": (2, self._break_definition),
            "the shared repository": (3, self._change_shared),
            "a release of a chart": (3, self._release),
            "a branch is forced back": (5, self._force_back),
            "a branch is deleted": (2, self._delete),
            "a server goes down": (3, self._go_down),
            "a server comes back": (3, self._come_back),
            "a file of others": (3, self._commit_foreign),
            "a manifest is edited": (2, self._edit),
            "the manifest branch is forced back": (2, self._force_manifests_back),
            "the manifest branch is deleted": (1, self._delete_manifests),
        }
        if world.by_pull_request:
            self._actions |= {
                "a pull request is merged": (8, self._merge),
                "a pull request is closed": (2, self._close),
                "somebody commits to the head": (2, self._commit_to_head),
                "the head is deleted": (2, self._delete_head),
            }

        names, rng = [*self._actions], scheduler.rng
        habits = {
            name: 60 if name in favoured else self._actions[name][0] * rng.choice(_HABITS) for name in names
        }
        self._names = names
        self._weights = [habits[name] for name in names]

    def act(self) -> Outcome:
        """Do something that can be done."""
        for _ in range(5):
            (name,) = self._rng.choices(self._names, self._weights)
            outcome = self._actions[name][1](self._rng)
            if outcome is not None:
                self._scheduler.note("team", name, name)
                return outcome
        return _NOTHING

    def repair(self) -> None:
        """Make everything whole again."""
        sources = self._world.sources
        sources.down.clear()
        for repository in sources.repositories:
            if repository.tip is None or repository.state.flaw:
                repository.push(replace(repository.state, flaw=""))
        if not self.is_head_ours:
            self._world.manifests.update(HEAD, "")
        if self._find_pinned() and self._rng.random() < 0.5:
            self._change_values(self._rng)
            self._change_content(self._rng)

    @property
    def is_head_ours(self) -> bool:
        """Whether nobody else has committed to the proposal."""
        head = self._world.manifests.refs.get(HEAD)
        return not head or bool(self._world.manifests.commits[head].maker)

    def _find_pinned(self) -> list[SourceRepository]:
        tree, apps = self._world.manifests.tree(BRANCH), self._world.sources.apps
        pins = read_lock(tree)["pins"] if LOCK_NAME in tree else {}
        return [apps[name] for name in sorted(map(name_part, pins)) if name in apps and apps[name].tip]

    def _app(self) -> SourceRepository | None:
        """Choose an application whose branch is there, rather one that is pinned."""
        living = [app for app in self._world.sources.apps.values() if app.tip]
        pinned = self._find_pinned()
        if pinned and self._rng.random() < 0.7:
            return self._rng.choice(pinned)
        return self._rng.choice(living) if living else None

    def _push_app(self, change: Callable[[AppState], AppState]) -> Outcome | None:
        app = self._app()
        if app is None:
            return None
        state = app.state
        assert isinstance(state, AppState)
        app.push(change(state))
        return app, False

    def _change_values(self, rng: random.Random) -> Outcome | None:
        return self._push_app(lambda state: replace(state, values=rng.randrange(4), flaw=""))

    def _change_content(self, rng: random.Random) -> Outcome | None:
        return self._push_app(lambda state: replace(state, content=rng.randrange(4), flaw=""))

    def _revert(self, rng: random.Random) -> Outcome | None:
        app = self._app()
        earlier = [commit for commit in app.log[-3:] if commit] if app else []
        if app is None or len(earlier) < 2:
            return None
        app.push(app.states[earlier[-2]])
        return app, False

    def _change_note(self, rng: random.Random) -> Outcome | None:
        return self._push_app(lambda state: replace(state, note=state.note + 1))

    def _break(self, rng: random.Random) -> Outcome | None:
        shared = self._world.sources.shared
        if rng.random() < 0.2 and shared.tip and isinstance(shared.state, AppState):
            shared.push(replace(shared.state, flaw=rng.choice(shared.state.flaws)))
            return shared, False
        return self._push_app(lambda state: replace(state, flaw=rng.choice(state.flaws)))

    def _push_hld(self, change: Callable[[HldState], HldState]) -> Outcome | None:
        hld = self._world.sources.hld
        state = hld.state
        if hld.tip is None or not isinstance(state, HldState):
            return None
        hld.push(change(state))
        return hld, False

    def _change_config(self, rng: random.Random) -> Outcome | None:
        def change(state: HldState) -> HldState:
            config = dict(state.config)
            name = rng.choice([*self._world.sources.apps])
            config[name] = rng.randrange(3)
            return replace(state, config=tuple(sorted(config.items())), flaw="")

        return self._push_hld(change)

    def _change_entries(self, rng: random.Random) -> Outcome | None:
        def change(state: HldState) -> HldState:
            entries = {*state.entries} ^ {rng.choice([*self._world.sources.apps])}
            return replace(state, entries=tuple(sorted(entries)), flaw="")

        return self._push_hld(change)

    def _change_own(self, rng: random.Random) -> Outcome | None:
        return self._push_hld(lambda state: replace(state, own=rng.choice((None, 0, 1, 2)), flaw=""))

    def _break_definition(self, rng: random.Random) -> Outcome | None:
        def spoil(state: HldState) -> HldState:
            flaws = ["component"] if state.own is None else ["component", OWN]
            return replace(state, flaw=rng.choice(flaws))

        return self._push_hld(spoil)

    def _change_shared(self, rng: random.Random) -> Outcome | None:
        shared = self._world.sources.shared
        state = shared.state
        if shared.tip is None or not isinstance(state, AppState):
            return None
        shared.push(replace(state, content=rng.randrange(4), flaw=""))
        return shared, False

    def _release(self, rng: random.Random) -> Outcome:
        releases = self._world.sources.releases
        releases.append(f"1.0.{len(releases)}")
        return None, True

    def _force_back(self, rng: random.Random) -> Outcome | None:
        repository = rng.choice(self._world.sources.repositories)
        earlier = [commit for commit in repository.log if commit and commit != repository.tip]
        if not earlier:
            return None
        repository.log.append(rng.choice(earlier))
        return repository, False

    def _delete(self, rng: random.Random) -> Outcome | None:
        repository = rng.choice(self._world.sources.repositories)
        if repository.tip is None:  # it is restored
            commit = next(commit for commit in reversed(repository.log) if commit)
            repository.log.append(commit)
        else:
            repository.log.append(None)
        return repository, False

    def _go_down(self, rng: random.Random) -> Outcome:
        names = [repository.name for repository in self._world.sources.repositories]
        self._world.sources.down.add(rng.choice([*names, "charts"]))
        return _NOTHING

    def _come_back(self, rng: random.Random) -> Outcome | None:
        if not self._world.sources.down:
            return None
        self._world.sources.down.clear()
        return _NOTHING

    def _commit(self, branch: str, path: str, data: bytes) -> None:
        manifests = self._world.manifests
        tip = manifests.refs.get(branch, "")
        tree = {**manifests.tree(branch), path: data}
        manifests.update(branch, manifests.commit(tree, tip, "By hand", self._scheduler.clock))

    def _commit_foreign(self, rng: random.Random) -> Outcome:
        number = rng.randrange(3)
        self._commit(BRANCH, f"notes/{number}.md", f"{self._scheduler.clock}".encode())
        return _NOTHING

    def _edit(self, rng: random.Random) -> Outcome | None:
        tree = self._world.manifests.tree(BRANCH)
        pinned = read_lock(tree)["pins"] if LOCK_NAME in tree else {}
        ours = sorted(path for path in tree if path.endswith(".yaml") and path not in pinned)
        if not ours:
            return None
        self._commit(BRANCH, rng.choice(ours), b"edited: true\n")
        return None, True

    def _force_manifests_back(self, rng: random.Random) -> Outcome | None:
        manifests = self._world.manifests
        history = manifests.history(manifests.refs.get(BRANCH, ""))[1:]
        locked = [commit for commit in history if LOCK_NAME in manifests.commits[commit].tree]
        if not locked:
            return None
        manifests.update(BRANCH, rng.choice(locked))
        return None, True

    def _delete_manifests(self, rng: random.Random) -> Outcome | None:
        if BRANCH not in self._world.manifests.refs:
            return None
        self._world.manifests.update(BRANCH, "")
        return None, True

    def _merge(self, rng: random.Random) -> Outcome | None:
        manifests = self._world.manifests
        pull = next((pull for pull in self._world.github.pulls if pull["state"] == "open"), None)
        head = manifests.refs.get(HEAD)
        if pull is None or head is None or manifests.commits[head].parent != manifests.refs.get(BRANCH):
            return None
        pull |= {"state": "closed", "merged_at": "now"}
        manifests.update(BRANCH, head)
        if rng.random() < 0.5:
            manifests.update(HEAD, "")
        return _NOTHING

    def _close(self, rng: random.Random) -> Outcome | None:
        for pull in self._world.github.pulls:
            if pull["state"] == "open":
                pull["state"] = "closed"
                return _NOTHING
        return None

    def _commit_to_head(self, rng: random.Random) -> Outcome | None:
        if HEAD not in self._world.manifests.refs:
            return None
        self._commit(HEAD, "notes/head.md", f"{self._scheduler.clock}".encode())
        return None, True

    def _delete_head(self, rng: random.Random) -> Outcome | None:
        if HEAD not in self._world.manifests.refs:
            return None
        self._world.manifests.update(HEAD, "")
        return None, True
