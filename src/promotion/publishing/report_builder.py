"""Make the report of a run from its request and its change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from promotion.common.addresses import without_credentials
from promotion.publishing.manifest_change import ManifestChange
from promotion.publishing.report import Report, ReportedChange, ReportedComponent
from promotion.rendering.lock.lock import LockedComponent
from promotion.rendering.lock.pin_list import describe_pins
from promotion.rendering.manifests.resource_changes import ResourceChange
from promotion.rendering.materialize_request import Request


def make_report(
    request: Request,
    publication: ManifestChange,
    components: Mapping[str, LockedComponent],
    *,
    hld_commit: str,
    address: Callable[[str], str],
    warnings: Sequence[str],
) -> Report:
    """Return the report of a finished run.

    Args:
        components: all that there are now, by output path.
        address: a repository's address in full, without credentials.
        warnings: what the tools warned of.
    """
    edits = [
        f"{path} was changed by hand; it has the rendered content again" for path in publication.foreign_edits
    ]
    return Report(
        environment=request.environment,
        changed=publication.changed,
        dry_run=request.dry_run,
        hld_repository=address(request.hld_repository),
        hld_ref=request.hld_ref,
        hld_commit=hld_commit,
        manifest_repository=address(request.manifest_repository),
        branch=request.manifest_branch,
        commit=publication.commit,
        components=report_components(publication, components),
        changes=report_changes(publication),
        warnings=(*warnings, *edits),
        diff=publication.diff() if request.dry_run else "",
        notes=describe_pins(publication.lock),
    )


def report_components(
    publication: ManifestChange, components: Mapping[str, LockedComponent]
) -> tuple[ReportedComponent, ...]:
    """Return all present components, and those that the commit removes."""
    pins = publication.lock.pins
    return (
        *(
            _component(part, publication.action(path) or ("pinned" if path in pins else ""))
            for path, part in sorted(components.items())
        ),
        *(
            _component(change.before or LockedComponent(label=change.label), "removed")
            for change in publication.components
            if change.after is None
        ),
    )


def report_changes(publication: ManifestChange) -> tuple[ReportedChange, ...]:
    """Return all resources that the commit changes."""
    return tuple(map(_change, publication.resources))


def _change(change: ResourceChange) -> ReportedChange:
    return ReportedChange(
        action=change.action,
        kind=change.resource.kind,
        namespace=change.resource.namespace,
        name=change.resource.name,
        component=change.component,
        images=tuple(str(image) for image in change.images),
    )


def _component(part: LockedComponent, action: str) -> ReportedComponent:
    origin = part.provenance
    return ReportedComponent(
        label=part.label,
        kind=part.kind,
        provenance=replace(origin, source=without_credentials(origin.source)),
        resources=0 if action == "removed" else len(part.resources),
        action=action,
    )
