"""From a request to manifests: rendered, or kept from the last commit as far as nothing decided anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from promotion.core.addresses import path_of
from promotion.core.hld.plan import Plan
from promotion.core.hld.unit import digest_request
from promotion.core.lock.lock import (
    DISTRUST,
    LOCK_NAME,
    Lock,
    LockedHld,
    LockedUnit,
    find_stranger,
    lock_components,
)
from promotion.core.lock.lock_file import parse_lock
from promotion.core.lock.memory import NOTHING, Memory, list_questions, recall
from promotion.core.manifests.findings import list_warnings
from promotion.core.model import Folder, GitSource, RenderedComponent, Snapshot, Source
from promotion.core.paths import join, normalise_folder
from promotion.core.pins.holding import forget_pinned_files, forget_pins, hold
from promotion.core.request import Request
from promotion.core.text import count
from promotion.errors import Location, PublishError
from promotion.steps.console import Console
from promotion.steps.determinism import find_unsteady
from promotion.steps.fab.engine import render_with_fab
from promotion.steps.gather import ask_all
from promotion.steps.remarking import tell, telling_at_failure
from promotion.steps.render import Manifests, render_changed
from promotion.steps.resolve import WORKERS, resolve
from promotion.steps.tools import Tools


class Tree(Protocol):
    """The manifests of the last commit."""

    def files(self) -> Mapping[str, str]:
        """Every path → its mode and blob id, as `100644 e69de29...`."""

    def read(self, path: str) -> bytes | None:
        """A file's content, or None where there is no such file."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was rendered, and the lock that goes with it, which has what was kept, too.

    `before` is the lock of the last commit. `was_judged` says that the policy was the same when what is kept
    was rendered. `bare` is as of `Manifests`.
    """

    rendered: Sequence[RenderedComponent]
    lock: Lock
    before: Lock
    was_judged: bool
    bare: Sequence[RenderedComponent] = ()


@dataclass(frozen=True)
class Maker:
    """Makes the manifests of a request; the arguments are those of `materialize`."""

    request: Request
    tools: Tools
    console: Console
    environment: Mapping[str, str]
    workers: int
    engine: str

    def make(self, branch: Tree) -> Made:
        """Fetch and render what isn't in the branch already.

        Raises:
            PromotionError: a source can't be had, the definition is malformed, or a manifest can't be made.
        """
        digest = self._digest()
        old = self._read_lock(branch)
        memory = self._recall(branch, old, digest)
        if commit := self._find_commit(memory, digest):
            units = memory.within(digest)
            made = Manifests(rendered=[], kept=memory.components_of(units))
            return self._finish(made, memory, old, units, digest=digest, commit=commit)
        telling = telling_at_failure(self.tools.warn, self.request.environment)
        with self.console.group("Resolve the sources"), telling:
            hld = self.tools.fetcher.git(self.request.hld, token="")
            plan = None if self._uses_fab else self._resolve(hld, digest, memory)
        if plan is None:
            telling = telling_at_failure(self.tools.warn, self.request.environment)
            with self.console.group("Run fab"), telling:
                made = Manifests(rendered=self._run_fab(hld), kept={})
                return self._finish(made, memory, old, {}, digest="", commit=hld.revision)
        with self.console.group(f"Render {count(len(plan.jobs), 'component')}"):
            made = self._render(plan, memory)
        units = dict(plan.units)
        for kept, _ in plan.kept:
            units |= memory.within(kept)
        return self._finish(made, memory, old, units, digest=digest, commit=hld.revision)

    def _find_commit(self, memory: Memory, digest: str) -> str:
        """The definition's commit if the whole tree holds, else empty."""
        return memory.units[digest].answers.get(self.request.hld, "") if digest in memory.units else ""

    def _digest(self) -> str:
        """The digest of all that is asked for; empty if nothing may be kept, now or by the next run."""
        if self._uses_fab or self.request.hooks_allowed:
            return ""
        hld = LockedHld(
            repository=self.tools.address(self.request.hld_repository),
            path=self._root.path,
            ref=self.request.hld_ref,
        )
        return digest_request(self.request, hld, engine=self.engine, helm=self.tools.helm.version)

    def _read_lock(self, branch: Tree) -> Lock:
        """The lock of the last commit, if there is one. That it can't be read is told when publishing."""
        repository = self.request.manifest_repository  # a preview has none
        where = Location(
            join(self._folder, LOCK_NAME), repository=self.tools.address(repository) if repository else ""
        )
        data = branch.read(where.file)
        try:
            lock = Lock() if data is None else parse_lock(data, where)
        except PublishError:
            return Lock()
        if not lock.is_trusted:
            self.tools.warn(f"it {DISTRUST}. This run makes everything anew, and writes it anew.", where)
        return lock

    def _recall(self, branch: Tree, old: Lock, digest: str) -> Memory:
        """What of the last commit still holds; pins have no say in what is made."""
        request = self.request
        if old == Lock() or not digest or request.full or request.adopt:
            return NOTHING
        lock, tree = forget_pins(old), forget_pinned_files(branch.files(), old, self._folder)
        if lock.request in lock.units and request.hld not in lock.units[lock.request].answers:
            return NOTHING  # no run of ours makes all without asking the HLD
        if lock.request != digest:
            return recall(lock, {}, tree, self._folder)
        with self.console.group("Ask the sources"):
            questions = list_questions(lock)
            self.tools.fetcher.expect(self._list_expected(questions))
            answers = ask_all(list(questions), self.tools.fetcher, WORKERS)
            return recall(lock, answers, tree, self._folder)

    def _list_expected(self, questions: Mapping[Source, str]) -> Mapping[Source, str]:
        """The sources that may be taken for unchanged when an API says so, though it may lag behind.

        That of the push that began this run isn't among them, so each push is seen by its own run at least.
        Other events don't tell what has moved.
        """
        event = self.request.event
        if event.name != "push":
            return {}
        return {
            source: answer for source, answer in questions.items() if not _is_in(source, event.repository)
        }

    def _resolve(self, hld: Snapshot, digest: str, memory: Memory) -> Plan:
        plan = resolve(
            self._root,
            hld,
            self.request.configs,
            fetcher=self.tools.fetcher,
            environment=self.environment,
            workspace=self.tools.workspace(hld) if self.request.hooks_allowed else None,
            unit=digest,
            known=memory.units.keys(),
        )
        tell(plan.remarks, self.tools.warn, self.request.environment)
        return plan

    def _render(self, plan: Plan, memory: Memory) -> Manifests:
        made = render_changed(
            plan,
            self.tools.helm,
            memory,
            workers=self.workers,
            engine=self.engine,
            helm_options=self.request.helm.deciding,
        )
        if self.request.policy.determinism != "off":
            self._check_determinism(plan, made.rendered)
        return made

    def _check_determinism(self, plan: Plan, rendered: Sequence[RenderedComponent]) -> None:
        findings = find_unsteady(
            plan.jobs,
            rendered,
            self.tools.helm,
            self.tools.read_templates,
            wait=self.tools.wait,
            workers=self.workers,
        )
        for text in list_warnings(findings):
            self.tools.warn(text)

    def _run_fab(self, hld: Snapshot) -> list[RenderedComponent]:
        return render_with_fab(
            self._root,
            hld,
            self.request.configs,
            self.tools.fab,
            fetcher=self.tools.fetcher,
            environment=self.environment,
            hooks_allowed=self.request.hooks_allowed,
            workers=self.workers,
            engine=self._versions,
            helm=self.tools.helm.version,
        )

    def _finish(
        self,
        made: Manifests,
        memory: Memory,
        old: Lock,
        units: Mapping[str, LockedUnit],
        *,
        digest: str,
        commit: str,
    ) -> Made:
        """With the lock for it, and what is pinned in its old place."""
        request = self.request
        self.console.info(f"Rendered {count(len(made.rendered), 'component')}, kept {len(made.kept)}")
        lock = Lock(
            environment=request.environment,
            hld=LockedHld(
                repository=self.tools.address(request.hld_repository),
                path=self._root.path,
                ref=request.hld_ref,
                commit=commit,
            ),
            configs=request.configs,
            engine=self._versions,
            helm=self.tools.helm.version,
            request=digest,
            components={**made.kept, **lock_components(made.rendered)},
            units=units,
        )
        held = hold(lock, made.rendered, Lock() if find_stranger(old, lock) else old)
        return Made(
            rendered=held.rendered,
            lock=held.lock,
            before=old,
            was_judged=memory.request == digest,
            bare=made.bare,
        )

    @property
    def _root(self) -> Folder:
        return Folder(self.request.hld, normalise_folder(self.request.hld_path, option="hld-path"))

    @property
    def _folder(self) -> str:
        return normalise_folder(self.request.manifest_path)

    @property
    def _uses_fab(self) -> bool:
        return self.request.engine.name == "fab"

    @property
    def _versions(self) -> str:
        """Our version, and that of fab if it is the engine."""
        return f"{self.engine} {self.tools.fab.version}" if self._uses_fab else self.engine


def _is_in(source: Source, repository: str) -> bool:
    if not isinstance(source, GitSource):
        return False
    return path_of(source.url).strip("/").removesuffix(".git").casefold() == repository.casefold()
