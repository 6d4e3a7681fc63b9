"""Preview a change: materialise an environment without it and with it, and compare both."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from promotion.commands.preview.hold_comparison import compare_holds
from promotion.commands.preview.pull_change import PullChange
from promotion.commands.preview.rendered_sides import KnownTree, SideFetcher, SideTools, list_warnings
from promotion.commands.preview.report import Preview
from promotion.commands.preview.risks import find_risks
from promotion.common.console import Console
from promotion.errors import AccessError, PrivateAddressError, PromotionError
from promotion.rendering.environment_rendering import EnvironmentRenderer
from promotion.rendering.held_parts import find_owner
from promotion.rendering.lock.lock import LOCK_NAME
from promotion.rendering.lock.lock_file import dumps
from promotion.rendering.manifests.file_changes import collect_manifests
from promotion.rendering.manifests.resource_changes import FileChange, compare_closely, render_diff
from promotion.rendering.materialize_request import Request
from promotion.rendering.part_judges import hold_what_fails, judge_cluster
from promotion.rendering.rendering_outcome import Rendering
from promotion.rendering.rendering_tools import RenderingTools

_WHOLE = 200 * 1024 * 1024  # bytes of the difference in a file


@dataclass(frozen=True)
class _Side:
    """One side: all manifests, including reused ones, and their components by path.

    `base` are those that were there before.
    """

    made: Rendering
    base: KnownTree
    tools: SideTools

    @cached_property
    def manifests(self) -> Mapping[str, bytes]:
        """The content of each manifest."""
        rendered = collect_manifests(self.made.rendered)
        kept = {path: self.base.content[path] for path in self.made.lock.components if path not in rendered}
        return {**rendered, **kept}

    @cached_property
    def tree(self) -> KnownTree:
        """The branch that a commit of this side would leave."""
        return KnownTree({**self.manifests, LOCK_NAME: dumps(self.made.lock)})

    @property
    def sources(self) -> set[str]:
        """The repositories that its definition uses, with their refs."""
        asked = ((self.tools.address(source.url), source) for source in self.tools.fetcher.asked)
        return {
            f"{name} at {source.version or source.branch or 'its default branch'}" for name, source in asked
        }

    def belongs(self, path: str, parts: Collection[str]) -> bool:
        """Return whether a path is of one of these parts."""
        found = self.made.lock.components.get(path)
        return found is not None and bool(find_owner(found, parts))

    def label(self, path: str) -> str:
        """Return the component that writes a path; empty if none does."""
        part = self.made.lock.components.get(path)
        return part.label if part else ""


@dataclass(frozen=True, kw_only=True)
class SideComparison:
    """Makes a preview; the arguments are those of `materialize`.

    `token` is for the changing repository alone; empty for the run's own. `is_trusted`: the change isn't a
    fork's.
    """

    request: Request
    change: PullChange
    tools: RenderingTools
    console: Console
    environment: Mapping[str, str]
    workers: int
    engine: str
    token: str = ""
    is_trusted: bool = True

    def make(self) -> Preview:
        """Materialise both sides and compare them. Parts that are equal are fetched and rendered once.

        Raises:
            PromotionError: with the change, the environment can't be materialised.
        """
        before, broken = self._make_first()
        tree = before.tree if before else KnownTree()
        after = self._judge(self._make(self.change.after, tree, is_told=True))
        holds = compare_holds(
            before.made if before else None,
            after.made,
            self._find_known(before, after),
            repository=self.tools.address(self.change.repository),
            definition=self.tools.address(self.request.hld_repository),
        )
        self._check_rights(after)
        old = {
            **(before.manifests if before else after.manifests),
            # What wasn't there for it failed isn't new.
            **{path: data for path, data in after.manifests.items() if after.belongs(path, holds.healed)},
        }
        files = [
            FileChange(
                path=path,
                component=after.label(path) or (before.label(path) if before else ""),
                before=old.get(path),
                after=after.manifests.get(path),
            )
            for path in sorted(old.keys() | after.manifests.keys())
            if old.get(path) != after.manifests.get(path)
        ]
        differences = compare_closely(files)
        return Preview(
            environment=self.request.environment,
            repository=self.tools.address(self.change.repository),
            branch=self.change.branch,
            before=self.change.before,
            after=self.change.after,
            hld_repository=self.tools.address(self.request.hld_repository),
            hld_ref=self.request.hld_ref,
            differences=differences,
            risks=find_risks(differences),
            warnings=tuple(list_warnings(after.tools)),
            files=len(files),
            diff=render_diff(files, _WHOLE),
            sources=tuple(sorted({name for side in (before, after) if side for name in side.sources})),
            is_used=any(side.tools.fetcher.moved for side in (before, after) if side),
            broken=broken,
            holds=holds,
        )

    def _make_first(self) -> tuple[_Side | None, PromotionError | None]:
        """Return the side without the change, or why it fails, as the change may be about to fix it."""
        try:
            return self._make(self.change.before, KnownTree(), is_told=False), None
        except PromotionError as error:
            return None, error

    def _make(self, commit: str, tree: KnownTree, *, is_told: bool) -> _Side:
        self.console.info(f"{self.change.repository} at {commit}:")
        fetcher = SideFetcher(self.tools.fetcher, self.tools.address, self.change, commit, self.token)
        tools = SideTools(self.tools, fetcher, is_told=is_told)
        maker = EnvironmentRenderer(
            self.request, tools, self.console, self.environment, self.workers, self.engine
        )
        return _Side(maker.make(tree), tree, tools)

    def _judge(self, side: _Side) -> _Side:
        """Judge what a side renders anew, as `materialize` does, and hold the parts that fail.

        Raises:
            PromotionError: what is nobody's fault, or where nothing is to be held.
        """
        judge = partial(
            judge_cluster,
            read=side.base.read,
            policy=self.request.policy,
            schemas=self.tools.schemas,
            warn=side.tools.warn,
        )
        return replace(side, made=hold_what_fails(side.made, judge, str))

    def _find_known(self, before: _Side | None, after: _Side) -> Mapping[str, PromotionError]:
        """Return what fails without the change, too. That side is judged only if the other has failed."""
        if before is None or after.made.held.keys() <= before.made.held.keys():
            return before.made.held if before else {}
        try:
            return self._judge(before).made.held
        except PromotionError:  # nobody's fault, and so told of no part
            return before.made.held

    def _check_rights(self, side: _Side) -> None:
        """Refuse to say of a fork's change that parts fail which it may not read."""
        for error in side.made.held.values():
            if not self.is_trusted and isinstance(error, AccessError | PrivateAddressError):
                raise error
