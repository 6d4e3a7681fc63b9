"""Preview a change: materialise an environment without it and with it, and compare both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from promotion.commands.preview.pull_change import PullChange
from promotion.commands.preview.rendered_sides import KnownTree, SideFetcher, SideTools, list_warnings
from promotion.commands.preview.report import Preview
from promotion.commands.preview.risks import find_risks
from promotion.common.console import Console
from promotion.errors import PromotionError
from promotion.rendering.cluster_evidence import gather_evidence
from promotion.rendering.environment_rendering import EnvironmentRenderer
from promotion.rendering.lock.lock import LOCK_NAME
from promotion.rendering.lock.lock_file import dumps
from promotion.rendering.manifests.file_changes import collect_manifests
from promotion.rendering.manifests.resource_changes import FileChange, compare_closely, render_diff
from promotion.rendering.materialize_request import Request
from promotion.rendering.rendering_outcome import Rendering
from promotion.rendering.rendering_tools import RenderingTools
from promotion.rendering.validation.cluster_policy import inspect_cluster

_WHOLE = 200 * 1024 * 1024  # bytes of the difference in a file


@dataclass(frozen=True)
class _Side:
    """One side: all manifests, including reused ones, and their components by path."""

    made: Rendering
    manifests: Mapping[str, bytes]
    tools: SideTools

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

    def label(self, path: str) -> str:
        """Return the component that writes a path; empty if none does."""
        part = self.made.lock.components.get(path)
        return part.label if part else ""


@dataclass(frozen=True, kw_only=True)
class SideComparison:
    """Makes a preview; the arguments are those of `materialize`.

    `token` is for the changing repository alone; empty for the run's own.
    """

    request: Request
    change: PullChange
    tools: RenderingTools
    console: Console
    environment: Mapping[str, str]
    workers: int
    engine: str
    token: str = ""

    def make(self) -> Preview:
        """Materialise both sides and compare them. Parts that are equal are fetched and rendered once.

        Raises:
            PromotionError: with the change, the environment can't be materialised.
        """
        before, broken = self._make_first()
        tree = before.tree if before else KnownTree()
        after = self._make(self.change.after, tree, is_told=True)
        self._inspect(after, tree)
        old = before.manifests if before else after.manifests
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
        made = maker.make(tree)
        manifests = collect_manifests(made.rendered)
        kept = {path: tree.content[path] for path in made.lock.components if path not in manifests}
        return _Side(made, {**manifests, **kept}, tools)

    def _inspect(self, side: _Side, before: KnownTree) -> None:
        """Judge what the change renders anew, as `materialize` does."""
        cluster = gather_evidence(side.made, before.read, self.request.policy, self.tools.schemas)
        inspect_cluster(cluster, warn=side.tools.warn)
