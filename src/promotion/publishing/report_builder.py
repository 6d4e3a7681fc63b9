"""Make the report of a run from its request and its change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promotion.common.addresses import without_credentials
from promotion.publishing.manifest_change import ManifestChange, PublishOptions
from promotion.publishing.report import Report, ReportedChange, ReportedComponent
from promotion.publishing.reported_holds import ReportedHold
from promotion.rendering.lock.lock import Lock, LockedComponent
from promotion.rendering.lock.pins import describe_pins
from promotion.rendering.manifests.resource_changes import ResourceChange


def make_report(
    change: ManifestChange,
    lock: Lock,
    options: PublishOptions,
    *,
    warnings: Sequence[str],
    held: Sequence[ReportedHold] = (),
) -> Report:
    """Return the report of a finished run.

    Args:
        lock: what there is now, with the definition's commit even if the lock in the branch stays as it is.
        warnings: what the tools warned of.
        held: the parts that are held back.
    """
    edits = [
        f"{path} was changed by hand; it has the rendered content again" for path in change.foreign_edits
    ]
    return Report(
        environment=lock.environment,
        changed=change.changed,
        dry_run=options.dry_run,
        hld_repository=lock.hld.repository,
        hld_ref=lock.hld.ref,
        hld_commit=lock.hld.commit,
        manifest_repository=options.repository,
        branch=options.branch,
        commit=change.commit,
        components=_report_components(change, lock.components),
        changes=tuple(map(_change, change.resources)),
        warnings=(*warnings, *edits),
        diff=change.diff() if options.dry_run else "",
        notes=describe_pins(change.lock),
        held=tuple(held),
    )


def _report_components(
    change: ManifestChange, components: Mapping[str, LockedComponent]
) -> tuple[ReportedComponent, ...]:
    """Return all present components, and those that the commit removes."""
    pins = change.lock.pins
    return (
        *(
            _component(part, change.action(path) or ("pinned" if path in pins else ""))
            for path, part in sorted(components.items())
        ),
        *(
            _component(gone.before or LockedComponent(label=gone.label), "removed")
            for gone in change.components
            if gone.after is None
        ),
    )


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
