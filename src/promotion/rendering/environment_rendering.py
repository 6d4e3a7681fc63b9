"""From a request to manifests: rendered, or kept from the last commit as far as nothing decided anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from promotion.common.addresses import is_repository, without_credentials
from promotion.common.console import Console
from promotion.common.lazy_dataclass import dataclass
from promotion.common.paths import normalise_folder
from promotion.common.text import count
from promotion.errors import PublishError
from promotion.rendering.definition.part_failures import PartFailures
from promotion.rendering.definition.remark_reporting import tell, telling_at_failure
from promotion.rendering.definition.source_fetching import WORKERS, ask_all
from promotion.rendering.definition.source_rights import SourceRights
from promotion.rendering.held_parts import Draft
from promotion.rendering.lock import reuse
from promotion.rendering.lock.lock import DISTRUST, Lock, LockedHld, LockedSubtree, lock_components
from promotion.rendering.lock.lock_file import NewerLockError, locate_lock, read_lock
from promotion.rendering.lock.pins import forget_pinned_files, forget_pins
from promotion.rendering.lock.reuse import NOTHING, ReuseIndex, reuse_component
from promotion.rendering.manifest_branch import BranchTree
from promotion.rendering.manifests.cluster_findings import list_warnings
from promotion.rendering.materialize_request import Request, digest_request
from promotion.rendering.model import Folder, Manifests, RenderedComponent, Snapshot
from promotion.rendering.ownership.ownership_lookup import find_ownership
from promotion.rendering.rendering_outcome import Rendering, hold_failed
from promotion.rendering.rendering_tools import RenderingTools
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.source_interface import Source

if TYPE_CHECKING:  # most runs find nothing changed: what renders is imported where it is called
    from promotion.rendering.definition.render_plan import RenderPlan


@dataclass(frozen=True)
class EnvironmentRenderer:
    """Makes the manifests of a request; the arguments are those of `materialize`. `show` hides secrets;
    `learn` is told the lock of the last commit.
    """

    request: Request
    tools: RenderingTools
    console: Console
    environment: Mapping[str, str]
    workers: int
    engine: str
    show: Callable[[str], str] = str
    learn: Callable[[Lock], None] = lambda _: None

    def make(self, branch: BranchTree) -> Rendering:
        """Fetch and render what isn't in the branch already.

        Raises:
            PromotionError: a source can't be had, the definition is malformed, or a manifest can't be made.
        """
        old = self._read_lock(branch)
        digest = self._digest()
        failures = PartFailures(holds=self._holds)
        memory = self._recall(branch, old, digest)
        if commit := self._find_commit(memory, digest):
            subtrees = memory.within(digest)
            made = Manifests(rendered=[], kept=memory.components_of(subtrees))
            return self._finish(
                made, memory, old, subtrees, failures, digest=digest, commit=commit, owned=old.ownership
            )
        if not self._uses_fab:
            self.tools.helm.prepare()
        telling = telling_at_failure(self.tools.warn, self.request.environment)
        with self.console.group("Resolve the sources"), telling:
            hld = self.tools.fetcher.fetch(self.request.hld, token="")
            address = self.tools.address(self.request.hld_repository)
            owned, ownership = find_ownership(hld, address, uses_fab=self._uses_fab)
            known = memory.subtrees.keys() if owned == old.ownership else ()
            rights = SourceRights(ownership=ownership, expand=self.tools.address)
            plan = None if self._uses_fab else self._resolve(hld, known, failures, rights)
        if plan is None:
            telling = telling_at_failure(self.tools.warn, self.request.environment)
            with self.console.group("Run fab"), telling:
                made = Manifests(rendered=self._run_fab(hld), kept={})
                return self._finish(made, memory, old, {}, failures, digest="", commit=hld.revision)
        with self.console.group(f"Render {count(len(plan.jobs), 'component')}"):
            made = self._render(plan, memory, failures, old)
        subtrees, parts = dict(plan.subtrees), dict(plan.subtree_parts)
        for kept, need in plan.kept:
            within = memory.within(kept)
            if need.label == need.part:
                answer = memory.subtrees[kept].answers.get(need.source, "")
                failures.origins[need.part] = (without_credentials(need.source.address), answer)
            subtrees |= within
            parts |= dict.fromkeys(within, need.part)
        asked = {"digest": digest, "commit": hld.revision, "owned": owned}
        finished = self._finish(made, memory, old, subtrees, failures, **asked, parts=parts)
        return replace(finished, ownership=ownership)

    def _find_commit(self, memory: ReuseIndex, digest: str) -> str:
        """Return the definition's commit if the whole tree holds, else empty."""
        return memory.subtrees[digest].answers.get(self.request.hld, "") if digest in memory.subtrees else ""

    def _digest(self) -> str:
        """Return the digest of the request and its sources; empty if nothing may be reused or kept."""
        if self._uses_fab or self.request.hooks_allowed:
            return ""
        return digest_request(self.request, self._hld, engine=self.engine, helm=self.tools.helm.version)

    def _read_lock(self, branch: BranchTree) -> Lock:
        """Return the lock of the last commit, if any.

        Raises:
            PublishError: it can't be read, and isn't to be rebuilt; before anything is fetched or rendered.
        """
        repository = self.request.manifest_repository  # a preview has none
        where = locate_lock(self._folder, self.tools.address(repository) if repository else "")
        try:
            lock = read_lock(branch.read, where) or Lock()
        except PublishError as error:
            if not self.request.adopt or isinstance(error, NewerLockError):
                raise
            return Lock()
        self.learn(lock)
        if not lock.is_trusted:
            self.tools.warn(f"it {DISTRUST}. This run makes everything anew, and writes it anew.", where)
        return lock

    def _recall(self, branch: BranchTree, old: Lock, digest: str) -> ReuseIndex:
        """Return what of the last commit still holds; pins have no say in what is made."""
        request = self.request
        if old == Lock() or not digest or request.full or request.adopt:
            return NOTHING
        lock, tree = forget_pins(old), forget_pinned_files(branch.files(), old, self._folder)
        if lock.request in lock.subtrees and request.hld not in lock.subtrees[lock.request].answers:
            return NOTHING  # no run of ours makes all without asking the HLD
        if lock.request != digest:
            return reuse_component(lock, {}, tree, self._folder)
        with self.console.group("Ask the sources"):
            questions = reuse.list_resolved_sources(lock)
            self.tools.fetcher.expect(self._list_expected(questions))
            answers = ask_all(reuse.list_source_parts(lock), self.tools.fetcher, WORKERS, self.tools.times)
            return reuse_component(lock, answers, tree, self._folder)

    def _list_expected(self, questions: Mapping[Source, str]) -> Mapping[Source, str]:
        """Return the sources that may be taken for unchanged when an API says so, though it may lag behind.

        That of the push that began this run isn't among them, so each push is seen by its own run at least.
        Other events don't tell what has moved. Nor are there any where a pull request delivers: its branch
        may hold newer sources than the lock, and an answer that lags would take it back to them.
        """
        event = self.request.event
        if event.name != "push" or self.request.delivery.by_pull_request:
            return {}
        return {
            source: answer
            for source, answer in questions.items()
            if not (isinstance(source, GitSource) and is_repository(source.url, event.repository))
        }

    def _resolve(
        self, hld: Snapshot, known: Collection[str], failures: PartFailures, rights: SourceRights
    ) -> RenderPlan:
        from promotion.rendering.definition.resolution import resolve_definition

        plan = resolve_definition(
            self._root,
            hld,
            self.request.configs,
            fetcher=self.tools.fetcher,
            environment=self.environment,
            workspace=self.tools.workspace(hld) if self.request.hooks_allowed else None,
            subtree=self._digest(),
            known=known,
            failures=failures,
            times=self.tools.times,
            rights=rights,
        )
        tell(plan.remarks, self.tools.warn, self.request.environment)
        return plan

    def _render(self, plan: RenderPlan, memory: ReuseIndex, failures: PartFailures, old: Lock) -> Manifests:
        from promotion.rendering.component_rendering import render_changed

        made = render_changed(
            plan,
            self.tools.helm,
            memory,
            workers=self.workers,
            engine=self.engine,
            helm_options=self.request.helm.deciding,
            failures=failures,
            before=forget_pins(old),
            limit=self.tools.times.limit,
            knows_faults=not self.request.dry_run,
        )
        if self.request.policy.determinism != "off":
            self._check_determinism(plan, made.rendered)
        return made

    def _check_determinism(self, plan: RenderPlan, rendered: Sequence[RenderedComponent]) -> None:
        from promotion.rendering.determinism import find_nondeterminism

        findings = find_nondeterminism(
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
        from promotion.rendering.fab.fab_rendering import render_with_fab

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
        memory: ReuseIndex,
        old: Lock,
        subtrees: Mapping[str, LockedSubtree],
        failures: PartFailures,
        *,
        digest: str,
        commit: str,
        owned: str = "",
        parts: Mapping[str, str] | None = None,
    ) -> Rendering:
        """Return it with its lock and what is pinned; `owned` is the digest of the ownership file."""
        request = self.request
        self.console.info(f"Rendered {count(len(made.rendered), 'component')}, kept {len(made.kept)}")
        lock = Lock(
            environment=request.environment,
            hld=replace(self._hld, commit=commit),
            configs=request.configs,
            engine=self._versions,
            helm=self.tools.helm.version,
            request=digest,
            ownership=owned,
            components={**made.kept, **lock_components(made.rendered)},
            subtrees=subtrees,
        )
        # While something is held the whole tree isn't among the subtrees: what stays of it wasn't judged.
        was_right = old.request == digest and digest in old.subtrees and old.ownership == owned
        draft = Draft(lock=lock, rendered=made.rendered, bare=made.bare, subtree_parts=parts or {})
        rendering = Rendering(
            rendered=made.rendered,
            lock=lock,
            before=old,
            was_judged=was_right and memory.request == digest,
            was_right=was_right,
            bare=made.bare,
            parts=made.parts,
            failures=failures,
            draft=draft,
        )
        return hold_failed(rendering, self.show)

    @property
    def _hld(self) -> LockedHld:
        """The definition as the lock names it, without its commit."""
        address = self.tools.address(self.request.hld_repository)
        return LockedHld(repository=address, path=self._root.path, ref=self.request.hld_ref)

    @property
    def _root(self) -> Folder:
        return Folder(self.request.hld, normalise_folder(self.request.hld_path, option="hld-path"))

    @property
    def _folder(self) -> str:
        return normalise_folder(self.request.manifest_path)

    @property
    def _holds(self) -> bool:
        """Whether parts that fail are held. Fab knows none, and hooks work in the files of all."""
        return self.request.holds and not self._uses_fab and not self.request.hooks_allowed

    @property
    def _uses_fab(self) -> bool:
        return self.request.engine.name == "fab"

    @property
    def _versions(self) -> str:
        """Our version, and that of fab if it is the engine."""
        return f"{self.engine} {self.tools.fab.version}" if self._uses_fab else self.engine
