"""From a plan to manifests, in parallel, with the outcome of rendering one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import inf
from typing import Protocol

from promotion.common.addresses import without_credentials
from promotion.common.lazy_dataclass import dataclass
from promotion.common.parallel import map_in_order
from promotion.errors import DefectError, PartLimitError, PromotionError, RenderError
from promotion.rendering.definition.part_failures import PartFailures
from promotion.rendering.definition.part_room import PartRoom
from promotion.rendering.definition.render_plan import RenderJob, RenderPlan
from promotion.rendering.definition.source_fetching import STOP, asked_by
from promotion.rendering.definition.tree_visit import Need
from promotion.rendering.held_parts import drop_colliding
from promotion.rendering.lock.input_digest import digest_fields, digest_inputs, digest_source
from promotion.rendering.lock.lock import HeldPart, Lock, LockedComponent, lock_component
from promotion.rendering.lock.reuse import NOTHING, ReuseIndex
from promotion.rendering.lock.value_origins import find_values, place_files
from promotion.rendering.manifests.file_claims import Claim, claim
from promotion.rendering.manifests.file_joining import join, make_piece
from promotion.rendering.manifests.manifest_file import clean, inject_namespace
from promotion.rendering.model import Manifests, Release, Rendered, RenderedComponent
from promotion.rendering.sources.source_interface import Source

_Made = RenderedComponent | LockedComponent
_Result = _Made | PromotionError


class HelmRenderer(Protocol):
    """Renders charts; may be called from several threads."""

    @property
    def version(self) -> str:
        """Helm's version, as `4.3.1`."""

    def prepare(self) -> None:
        """Get ready in the background, as there will be charts to render, most likely."""

    def render(self, release: Release) -> Rendered:
        """Return what Helm makes of a release; RenderError if the chart can't be rendered."""


def render_components(
    plan: RenderPlan, helm: HelmRenderer, *, workers: int, engine: str = "", helm_options: Sequence[str] = ()
) -> list[RenderedComponent]:
    """Return all manifests of a plan; arguments and errors as of `render_changed`."""
    return render_changed(
        plan, helm, NOTHING, workers=workers, engine=engine, helm_options=helm_options
    ).rendered


def render_changed(
    plan: RenderPlan,
    helm: HelmRenderer,
    memory: ReuseIndex,
    *,
    workers: int,
    engine: str = "",
    helm_options: Sequence[str] = (),
    failures: PartFailures = STOP,
    before: Lock | None = None,
    limit: float = inf,
    knows_faults: bool = True,
) -> Manifests:
    """Make the manifests of a plan, but for those that an earlier run made from the same inputs.

    Args:
        memory: what an earlier run left; the plan's kept subtrees are there.
        workers: how many components are rendered at once.
        engine: our version, for the digests.
        helm_options: what else decides Helm's output (`HelmOptions.deciding`), for the digests.
        failures: gets what fails in parts; they aren't in the outcome.
        before: the lock of the last commit without pins, which tells newcomers.
        limit: seconds that each part has.
        knows_faults: what is known to fail isn't rendered again. Whoever compares errors needs them whole.

    Raises:
        RenderError: Helm refuses a chart, or prints what is no manifest; the first in the plan's order.
        DefinitionError: a static file isn't YAML, or two components would write one file.
    """
    room = PartRoom("what its charts and files make")

    def digest_job(job: RenderJob) -> str:
        return digest_inputs(
            job.component, content=job.digest, engine=engine, helm=helm.version, options=helm_options
        )

    def digest_fault(job: RenderJob) -> str:
        return digest_fields({"component": digest_job(job), "part-timeout": f"{limit:g}"})

    def render_one(job: RenderJob) -> RenderedComponent | LockedComponent:
        with asked_by(job.component.label, job.component.definition.location):
            digest = digest_job(job)
            before = memory.components.get(job.component.manifest_path)
            is_kept = before is not None and before.input_digest == digest
            room.check(job.component.part)
            made = _NOTHING if is_kept else render_job(job, helm)
            room.take(job.component.part, len(made.manifest) + len(made.left_out))
            result = replace(describe(job, plan.root.source, made.manifest, digest), left_out=made.left_out)
        if before is not None and is_kept:
            return replace(lock_component(result), files=before.files, resources=before.resources)
        return result

    @cache
    def digest_part(part: str) -> str:
        """Return the digest of all that a part has rendered; empty where some of it is kept unread."""
        if any(need.part == part for _, need in plan.kept):
            return ""
        digests = {
            job.component.manifest_path: digest_job(job) for job in plan.jobs if job.component.part == part
        }
        return digest_fields({"part": digests, "part-timeout": f"{limit:g}"})

    # What failed is known to fail again, so nothing of its part is rendered for that.
    suspects = memory.faults if failures.holds and knows_faults else {}
    faults = {
        job.component.part: _repeat(suspects[job.component.part], job)
        for job in plan.jobs
        if job.component.part in suspects
        and suspects[job.component.part].inputs in (digest_fault(job), digest_part(job.component.part))
    }

    def attempt(job: RenderJob) -> RenderedComponent | LockedComponent | PromotionError:
        part = job.component.part
        if part in faults:
            return faults[part]
        result = failures.attempt(part, lambda: render_one(job))
        if isinstance(result, RenderError | DefectError):
            result.inputs = digest_fault(job)
        if isinstance(result, PartLimitError):
            result.inputs = digest_part(part)
        return result

    results = _drop_failed(
        list(zip(plan.jobs, map_in_order(attempt, plan.jobs, workers), strict=True)), failures
    )
    while True:
        made = _gather(results, [pair for pair in plan.kept if pair[1].part not in failures.found], memory)
        manifests, claims = made
        if drop_colliding(claims, failures, before or Lock()):
            return manifests
        results = _drop_failed(results, failures)


def _repeat(held: HeldPart, job: RenderJob) -> RenderError:
    """Return the error for a job that can't be rendered, as the lock has it, to the letter."""
    error, component = RenderError(held.reason), job.component
    place = f"{component.definition.location}: component {component.label}: "
    error.what, error.part, error.inputs = held.reason.removeprefix(place), component.part, held.inputs
    if held.reason.startswith(place):
        error.where, error.component = component.definition.location, component.label
    return error


def _drop_failed(
    results: Sequence[tuple[RenderJob, _Result]], failures: PartFailures
) -> list[tuple[RenderJob, _Made]]:
    """Note the failures, in order, and leave out the parts that failed."""
    for _, result in results:
        if isinstance(result, PromotionError):
            failures.add(result)
    return [
        (job, result)
        for job, result in results
        if not isinstance(result, PromotionError) and job.component.part not in failures.found
    ]


def _gather(
    results: Sequence[tuple[RenderJob, _Made]], kept_subtrees: Sequence[tuple[str, Need]], memory: ReuseIndex
) -> tuple[Manifests, list[Claim]]:
    kept = {job.component.manifest_path: part for job, part in results if isinstance(part, LockedComponent)}
    rendered = [part for _, part in results if isinstance(part, RenderedComponent) and part.manifest]
    claims = [claim(job) for job, part in results if isinstance(part, LockedComponent) or part.manifest]
    parts = {job.component.manifest_path: job.component.part for job, _ in results}
    for digest, need in kept_subtrees:
        found = memory.components_of(memory.within(digest))
        claims += [
            Claim(path=path, label=part.label, where=need.where, part=need.part)
            for path, part in found.items()
        ]
        kept |= found
        parts |= dict.fromkeys(found, need.part)
    made = (part for _, part in results if isinstance(part, RenderedComponent))
    bare = [part for part in made if part.left_out and not part.manifest]
    return Manifests(rendered=rendered, kept=kept, bare=bare, parts=parts), claims


@dataclass(frozen=True, kw_only=True)
class Output:
    """What becomes of a job: a manifest, and what of a chart's folders `crds/` isn't in it."""

    manifest: bytes
    left_out: bytes = b""


_NOTHING = Output(manifest=b"")


def render_job(job: RenderJob, helm: HelmRenderer) -> Output:
    """Return what becomes of a job; errors as of `render_changed`."""
    if job.chart is None:
        return Output(manifest=join(job.files))
    component = job.component
    release = Release(
        name=component.name,
        namespace=component.namespace or "default",
        chart=job.chart.path,
        values=component.values,
        label=component.label,
        part=component.part,
    )
    rendered = helm.render(release)
    text = clean(rendered.text)
    if component.inject_namespace and component.namespace:
        text = inject_namespace(text, component.namespace)
    return Output(manifest=text.encode(), left_out=rendered.left_out.encode())


def describe(job: RenderJob, own: Source, manifest: bytes, digest: str) -> RenderedComponent:
    """Return a job's result; `own` is the definition's source, `digest` covers the inputs."""
    component = job.component
    address = without_credentials(own.address)
    if job.chart is None:
        origins = place_files(((file.where, make_piece(file)) for file in job.files), address)
    else:
        origins = find_values(component.values, address)
    return RenderedComponent(
        label=component.label,
        path=component.manifest_path,
        kind=component.definition.type,
        provenance=job.trace(own),
        input_digest=digest,
        manifest=manifest,
        subtree=job.subtree,
        origins=origins,
        source_digest=digest_source(job.component, content=job.digest),
        part=job.component.part,
    )
