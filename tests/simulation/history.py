"""One history: what people do and what runs make of it, all of it from one seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from promotion.common import parallel
from promotion.common.event import Event
from promotion.errors import PromotionError
from promotion.publishing.report import Report
from promotion.rendering.lock.lock import LOCK_NAME
from simulation.github_world import GitHubWorld
from simulation.laws import Laws, Restoring
from simulation.manifest_world import ManifestWorld, Tree
from simulation.part_causes import LawError, find_failing, read_lock
from simulation.run_world import World, materialize, restore
from simulation.scheduler import EndlessError, InlinePool, Process, Rates, Scheduler
from simulation.sources_world import BRANCH, KINDS, OWN, AppState, HldState, SourceRepository, SourcesWorld
from simulation.team_actions import Team, push_event

_MOST_RUNS = 9
_FINAL = {"success", "failure", "error", "inactive"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a seed: the broken law, if any, the trace, and how often what happened."""

    seed: int
    broken: str
    trace: list[str]
    counts: Counter[str]


def simulate(seed: int, **fixed: Any) -> Outcome:
    """Live through the history of a seed; `fixed` are settings of it that chance isn't to choose."""
    rng = random.Random(seed)  # noqa: S311
    history = History(rng, fixed)
    broken = ""
    with patch.object(parallel, "ThreadPoolExecutor", lambda _: InlinePool(rng)):
        try:
            history.live()
        except (LawError, EndlessError) as error:
            broken = str(error)
        finally:
            history.scheduler.abandon()
    trace = [f"{clock:6d}  {who:12s}  {what}" for clock, who, what in history.scheduler.trace]
    return Outcome(seed=seed, broken=broken, trace=trace, counts=history.scheduler.counts)


@dataclass
class History:
    """A world, its people and its runs. `is_excused`: something may be left for a later run to do."""

    rng: random.Random
    fixed: Mapping[str, Any]
    is_excused: bool = True
    excused_at: int = 0
    waiting: list[Event] = field(default_factory=list)
    runs: int = 0

    def __post_init__(self) -> None:
        rng = self.rng
        self.scheduler = Scheduler(rng)
        names = [f"app-{number}" for number in range(self._settle("apps", rng.choice((1, 2, 2, 3))))]
        apps = {name: SourceRepository(name) for name in names}
        for app in apps.values():
            app.push(AppState(kind=rng.choice(self._settle("kinds", KINDS))))
        hld, shared = SourceRepository("hld"), SourceRepository("shared")
        hld.push(HldState(entries=tuple(names), own=rng.choice((None, 0))))
        shared.push(AppState(kind="chart"))
        manifests = ManifestWorld()
        self.world = World(
            SourcesWorld(hld, apps, shared),
            manifests,
            GitHubWorld(manifests),
            by_pull_request=self._settle("by_pull_request", rng.random() < 0.2),
            holds=self._settle("holds", rng.random() < 0.6),
        )
        self.laws = Laws(self.world)
        manifests.on_update = self.laws.watch
        self.team = Team(self.world, self.scheduler, self._settle("favoured", ()))
        self.rollbacks = self._settle("rollbacks", rng.choice((0.05, 0.2, 0.5)))

    def live(self) -> None:
        """Go through it, and check what must hold when all is quiet, and when all is repaired."""
        rng, scheduler = self.rng, self.scheduler
        scheduler.rates = Rates(
            switch=self._settle("switch", rng.choice((0.05, 0.2, 0.5))),
            fail=self._settle("fail", rng.choice((0, 0, 0.02, 0.08))),
            lose=self._settle("lose", rng.choice((0, 0.1, 0.4))),
            kill=self._settle("kill", rng.choice((0, 0, 0.005, 0.02))),
        )
        self.world.lag = self._settle("lag", rng.choice((0, 0, 2)))
        self.waiting.append(Event())
        left = self._settle("acts", rng.randrange(2, 7))
        while left or self.waiting or scheduler.waiting:
            choices: list[Process | str] = [*scheduler.waiting, *scheduler.waiting]
            choices += ["act"] if left else []
            choices += ["start"] if self.waiting else []
            match rng.choice(choices):
                case "act":
                    left -= 1
                    self._act()
                case "start":
                    self._start(self.waiting.pop(rng.randrange(len(self.waiting))))
                case Process() as process:
                    scheduler.go_on(process)
        self._check_quiet()
        self._check_held()
        self._heal()

    def _settle(self, name: str, drawn: Any) -> Any:
        return self.fixed.get(name, drawn)

    def _act(self) -> None:
        scheduler, rng = self.scheduler, self.rng
        scheduler.advance()
        if self.runs and rng.random() < self.rollbacks and not self.world.by_pull_request:
            self._roll_back()
            return
        moved, is_left = self.team.act()
        if is_left:
            self._excuse("what the team did starts no run")
        if moved is None:
            return
        chance = rng.random()
        if chance < 0.06 or self.runs + len(self.waiting) >= _MOST_RUNS:
            scheduler.note("event", f"of {moved.name} is lost", "an event is lost")
            self._excuse("an event is lost")
            return
        self.waiting.append(push_event(moved))
        if chance > 0.94:
            scheduler.note("event", f"of {moved.name} comes twice", "an event comes twice")
            self.waiting.append(push_event(moved))

    def _excuse(self, why: str) -> None:
        self.is_excused, self.excused_at = True, self.scheduler.steps
        self.scheduler.note("excuse", why)

    def _start(self, event: Event) -> None:
        self.runs += 1
        name = f"run-{self.runs}"
        self.scheduler.note(name, f"starts for {event.repository or 'nobody'} at {event.commit[:7]}", "a run")
        if self.scheduler.waiting:
            self.scheduler.counts["runs at once"] += 1
        self.scheduler.start(name, lambda process: self._run(process, event))

    def _run(self, process: Process, event: Event, **changes: Any) -> Report | None:
        with self._judging(process):
            report = materialize(self.world, process, event, **changes)
            self.scheduler.note(
                process.name, f"ends well: {report.commit[:7] or 'no commit'}", "a run ends well"
            )
            for each in report.held:
                kind = "a part is held for now" if each.is_passing else "a part is held"
                self.scheduler.note(process.name, f"holds {each.part}: {each.reason}", kind)
            held = {_name_source(each.source) for each in report.held}
            self._check_blame(process, held | {_name_source(event.repository)} if held else held)
            if report.held and process.is_shaken:
                process.is_excused = "it holds what failed for now"
            if not process.is_excused and not process.is_lagging and process.began > self.excused_at:
                self.is_excused = False
            return report
        return None

    @contextmanager
    def _judging(self, process: Process) -> Iterator[None]:
        try:
            yield
        except PromotionError as error:
            self.scheduler.note(process.name, f"fails: {type(error).__name__}: {error.what}", "a run fails")
            process.is_excused = "it failed"
            shown = [commit for commit in process.landed if self._is_there(commit)]
            if shown and not process.is_unverified and not self.world.by_pull_request:
                raise LawError(
                    f"one commit or none: {process.name} fails and has published {shown}"
                ) from error
        finally:
            if process.is_dead:
                process.is_excused = "it was killed"
            if process.is_excused:
                self._excuse(f"{process.name}: {process.is_excused}")
        self._check_deployments(process)

    def _is_there(self, commit: str) -> bool:
        manifests = self.world.manifests
        made = manifests.commits[commit]
        return LOCK_NAME in made.tree and commit in manifests.history(manifests.refs.get(BRANCH, ""))

    def _check_deployments(self, process: Process) -> None:
        rates = self.scheduler.rates
        if rates.fail or rates.lose:
            return
        for deployment in self.world.github.deployments:
            if deployment["maker"] == process.name and deployment["state"] not in _FINAL:
                raise LawError(f"reports: {process.name} leaves a deployment {deployment['state']}")

    def _check_blame(self, process: Process, held: set[str]) -> None:
        """Check that who is held, or pushed something below it, is told of a failure, and nobody else."""
        rates, manifests = self.scheduler.rates, self.world.manifests
        new = set()
        for commit in process.landed:
            made = manifests.commits[commit]
            before = manifests.commits[made.parent].tree if made.parent else {}
            old = read_lock(before)["held"] if LOCK_NAME in before else {}
            told = read_lock(made.tree)["held"] if LOCK_NAME in made.tree else {}
            new |= {
                _name_source(part["source"])
                for name, part in told.items()
                if part != old.get(name) and (part["revision"] or not part["source"])
            }
        failures = self.world.github.failures(process.name)
        if wrong := failures - new - held:
            raise LawError(f"blame: {wrong} are told of a failure of others")
        is_told = not (rates.fail or rates.lose or self.world.by_pull_request)
        if is_told and (missing := new - failures):
            raise LawError(f"blame: {missing} aren't told that they are held")

    def _roll_back(self) -> None:
        rng, manifests = self.rng, self.world.manifests
        tip = manifests.refs.get(BRANCH, "")
        tree = manifests.tree(BRANCH)
        history = [commit for commit in manifests.history(tip) if LOCK_NAME in manifests.commits[commit].tree]
        if not history or LOCK_NAME not in tree:
            return
        lock = read_lock(tree)
        pins, parts = sorted(lock["pins"]), sorted({*lock["components"], *lock["pins"]})
        if pins and rng.random() < 0.4:
            asked = Restoring(to="", components=(rng.choice(pins),))
        else:
            chosen = (rng.choice(parts),) if parts and rng.random() < 0.6 else ()
            earlier = [commit for commit in history if manifests.commits[commit].tree != tree]
            asked = Restoring(to=rng.choice(earlier or history), components=chosen)
        self.runs += 1
        name = f"rollback-{self.runs}"
        self.laws.purposes[name] = asked
        what = f"starts: {asked.components} to {asked.to[:7] or 'be lifted'}"
        self.scheduler.note(name, what, "a rollback" if asked.to else "a pin is lifted")

        def work(process: Process) -> None:
            with self._judging(process):
                lift = () if asked.to else asked.components
                restore(self.world, process, asked.to, asked.components if asked.to else (), lift)
                if not asked.to:
                    self._excuse("the next run brings what isn't pinned any more")

        self.scheduler.start(name, work)

    def _check_quiet(self) -> None:
        """Every push that its own run was to bring is there, without another run."""
        if not self.is_excused:
            self.scheduler.note("laws", "nothing may be left to do", "a history without excuse")
            self.laws.check_newest("nothing lost")

    def _heal(self) -> None:
        """One more run brings everything; a second, a full and a fresh one find it so."""
        scheduler = self.scheduler
        self.team.repair()
        scheduler.note("laws", "all is repaired")
        self._do("healing")
        self.laws.check_newest("heals")
        self._repeat("again")
        if self.rng.random() < 0.5:
            self._repeat("full", full=True)
        else:
            self._compare_fresh()

    def _check_held(self) -> None:
        """Without faults of the moment, what is broken by now hinders nobody else."""
        scheduler, sources = self.scheduler, self.world.sources
        scheduler.rates, self.world.lag = Rates(switch=0), 0
        failing = find_failing(sources)
        is_read = sources.hld.tip and sources.hld.state.flaw in ("", OWN) and "hld" not in sources.down
        if not (self.world.holds and failing and is_read and self.team.is_head_ours):
            return
        scheduler.note("laws", f"{sorted(failing)} fail for all runs", "parts fail for all runs")
        self._do("holding")
        self.laws.check_newest("the others go on")
        self._repeat("held again")
        if self.rng.random() < 0.5:
            self._repeat("held full", full=True)

    def _repeat(self, name: str, **changes: Any) -> None:
        manifests = self.world.manifests
        before = {**manifests.refs}
        self._do(name, **changes)
        if manifests.refs != before:
            law = "incremental equals full" if changes else "second run"
            raise LawError(f"{law}: it makes a commit of the same world")

    def _compare_fresh(self) -> None:
        """From nothing all is made as it was healed; and the same where failures would stop it."""
        healed, fresh = self.laws.published(), self._start_anew("fresh")
        if LOCK_NAME not in healed or not read_lock(healed)["pins"]:
            one, other = _our_files(healed), _our_files(fresh)
            if one != other:
                raise LawError(f"healed equals fresh: {sorted(one.items() ^ other.items())}")
        if self.rng.random() < 0.5:
            other = self._start_anew("fresh, the other way", holds=not self.world.holds)
            if fresh != other:
                raise LawError("hold equals stop: without failures they differ")

    def _start_anew(self, name: str, **changes: Any) -> Tree:
        manifests = self.world.manifests
        refs, manifests.refs = manifests.refs, {}
        self._do(name, **changes)
        made, manifests.refs = self.laws.published(), refs
        return made

    def _do(self, name: str, **changes: Any) -> None:
        """Run once, with nobody else about."""
        process = self.scheduler.start(name, lambda process: self._run_well(process, **changes))
        while self.scheduler.waiting:
            self.scheduler.go_on(process)

    def _run_well(self, process: Process, **changes: Any) -> None:
        if self._run(process, Event(), **changes) is None:
            raise LawError(f"the others go on: {process.name} fails, and no fault is everybody's")


def _name_source(address: str) -> str:
    """Return the name of the repository that a part comes from; that of the definition's own is empty."""
    return address.rpartition("/")[2] or "hld"


def _our_files(tree: Tree) -> dict[str, bytes | None]:
    """Our files. The lock may name older commits: one that changes no manifest makes no commit."""
    if LOCK_NAME not in tree:
        return {}
    parts = read_lock(tree)["components"].values()
    return {path: tree.get(path) for part in parts for path in part["files"]}
