"""From a plan to manifests, in parallel, with the outcome of rendering one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from promotion.core.digest import digest_inputs
from promotion.core.manifest import clean, inject_namespace, join
from promotion.core.model import Release, RenderedComponent, Source
from promotion.core.plan import Job, Plan
from promotion.core.visited import Visited
from promotion.errors import DefinitionError
from promotion.steps.gather import asked_by
from promotion.steps.parallel import map_in_order


class Helm(Protocol):
    """Renders charts; may be called from several threads."""

    @property
    def version(self) -> str:
        """Helm's version, as `4.3.1`."""

    def template(self, release: Release) -> str:
        """What `helm template` prints on its output stream; RenderError if the chart can't be rendered."""


def render(
    plan: Plan, helm: Helm, *, workers: int, engine: str = "", helm_options: Sequence[str] = ()
) -> list[RenderedComponent]:
    """Make the manifests of a plan.

    Args:
        workers: how many components are rendered at once.
        engine: our version, for the digests.
        helm_options: what else decides Helm's output (Kubernetes version, API versions), for the digests.

    Returns:
        The components whose manifest isn't empty, in the plan's order.

    Raises:
        RenderError: Helm refuses a chart, or prints what is no manifest; the first in the plan's order.
        DefinitionError: a static file isn't YAML, or two components would write one file.
    """

    def render_one(job: Job) -> RenderedComponent:
        with asked_by(job.component.label, job.component.definition.location):
            manifest = _render(job, helm)
            digest = digest_inputs(
                job.component, content=job.digest, engine=engine, helm=helm.version, options=helm_options
            )
        return describe(job, plan.root.source, manifest, digest)

    rendered = map_in_order(render_one, plan.jobs, workers)
    pairs = [(job, result) for job, result in zip(plan.jobs, rendered, strict=True) if result.manifest]
    check_collisions([job for job, _ in pairs])
    return [result for _, result in pairs]


def _render(job: Job, helm: Helm) -> bytes:
    if job.chart is None:
        return join(job.files)
    component = job.component
    release = Release(
        name=component.name,
        namespace=component.namespace or "default",
        chart=job.chart.path,
        values=component.values,
    )
    text = clean(helm.template(release))
    if component.inject_namespace and component.namespace:
        text = inject_namespace(text, component.namespace)
    return text.encode()


def describe(job: Job, own: Source, manifest: bytes, digest: str) -> RenderedComponent:
    """A job's result; `own` is the definition's source, `digest` covers the inputs."""
    origin = job.origin(own)
    return RenderedComponent(
        label=job.component.label,
        path=job.component.manifest_path,
        kind=job.component.definition.type,
        source=origin.source,
        ref=origin.ref,
        revision=origin.revision,
        input_digest=digest,
        manifest=manifest,
    )


def check_collisions(jobs: Sequence[Job | Visited]) -> None:
    """Refuse components that would write one file, or one a file where another needs a folder.

    Fabrikate writes one of the two and loses the other (cmd/generate.go:22-37).

    Raises:
        DefinitionError: names the file and both components.
    """
    owners: dict[str, Job | Visited] = {}
    for job in jobs:
        path = job.component.manifest_path
        if path in owners:
            raise _collision(owners[path], job, f"would both be written to {path}")
        owners[path] = job
    for path, job in owners.items():
        for index, character in enumerate(path):
            if character == "/" and path[:index] in owners:
                raise _collision(
                    owners[path[:index]], job, f"need {path[:index]}, one as a file, one as a folder"
                )


def _collision(first: Job | Visited, second: Job | Visited, what: str) -> DefinitionError:
    one, two = (f"{job.component.label} ({job.component.definition.location})" for job in (first, second))
    return DefinitionError(
        f"the two components {one} and {two} {what}",
        where=second.component.definition.location,
        fix="Give one of them another name.",
    )
