"""The judges of parts: what each part has made, before any of it is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from promotion.common.paths import find_collision, join
from promotion.common.phrases import say
from promotion.errors import PromotionError, PublishError
from promotion.rendering.cluster_evidence import Read, gather_evidence
from promotion.rendering.held_parts import find_newcomers, find_owner
from promotion.rendering.lock.lock import Lock
from promotion.rendering.lock.lock_file import locate_lock
from promotion.rendering.manifests.cluster_findings import ClusterFinding, make_error
from promotion.rendering.manifests.file_changes import (
    SUBMODULE,
    blame_collision,
    blame_module,
    find_size_flaw,
)
from promotion.rendering.manifests.resource_identity import Resource, parse_identity
from promotion.rendering.materialize_request import Policy
from promotion.rendering.rendering_outcome import Rendering, hold_failed
from promotion.rendering.validation.cluster_policy import Schemas, list_refusals

_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")

Judge = Callable[[Rendering], Iterable[PromotionError]]
"""Gives what is wrong with what was made; each error names the part whose fault it is."""


def judge_cluster(
    made: Rendering, read: Read, policy: Policy, schemas: Schemas, warn: Callable[[str], object]
) -> Iterator[PromotionError]:
    """Yield what the policy of the cluster refuses, for each part at fault; arguments as of `gather_evidence`
    and `list_refusals`.
    """
    cluster = gather_evidence(made, read, policy, schemas)
    for check, findings in list_refusals(cluster, warn=warn):
        if not made.failures.holds:
            yield make_error(check.subject, findings, check.fix)
            continue
        blamed: dict[str, list[ClusterFinding]] = {}
        for finding in findings:
            for name in find_guilty(finding, made) or [""]:
                blamed.setdefault(name, []).append(finding)
        for name, wrong in blamed.items():
            error = make_error(check.subject, wrong, check.fix)
            error.part = name
            yield error


def judge_places(
    made: Rendering, tree: Mapping[str, str], folder: str, *, adopt: bool
) -> Iterator[PromotionError]:
    """Yield why manifests of a part can't be where they would be written, or be written at all.

    Args:
        tree: every path of the branch's tip.
        folder: the normalised `manifest-path`.
        adopt: files that aren't ours may be taken over.
    """
    ours = {join(folder, path) for path in made.before.files}
    others = [*(tree.keys() - ours), locate_lock(folder).file]
    paths = [join(folder, component.path) for component in made.rendered]
    has_collision = find_collision(paths, others) is not None
    for component, path in zip(made.rendered, paths, strict=True):
        error = None
        if path in tree and path not in ours and not adopt:
            error = PublishError(
                f"{path} is in the manifest repository, in our way, and not written by us",
                fix=say("Move or delete it, or set {adopt: true} once to take over."),
            )
        elif tree.get(path, "").startswith(SUBMODULE):
            error = blame_module([path])
        elif has_collision and (pair := find_collision([path], others)):
            error = blame_collision(*pair)
        elif flaw := find_size_flaw(component):
            error = PublishError(flaw)
        if error:
            error.part, error.component = component.part, component.label
            yield error


def hold_what_fails(made: Rendering, judge: Judge, show: Callable[[str], str]) -> Rendering:
    """Return what was made with each part held that a judge finds at fault, until there is none.

    Args:
        show: hides secrets.

    Raises:
        PromotionError: what is nobody's fault; where parts aren't held, the first.
    """
    while errors := list(judge(made)):
        for error in errors:
            made.failures.add(error)
        made = hold_failed(made, show)
    return made


def find_guilty(finding: ClusterFinding, made: Rendering) -> list[str]:
    """Return the parts whose fault a finding is; none if it can't be helped by holding any.

    Of two that define one resource that is the one which didn't before. What was published already, and is
    no longer right, is so by a definition of its kind that has changed: whoever brings that is at fault.
    """
    held = made.failures.found
    own = _find_part(finding.path, made)
    if finding.twin and finding.resource:
        parts = list(dict.fromkeys((own, _find_part(finding.twin, made))))
        had = [name for name in parts if finding.resource in _list_resources(made.before, name)]
        return find_newcomers(parts, had, held)
    if own in held or (made.was_right and _is_as_before(finding.path, made)):
        changed = {
            part.part
            for part in made.rendered
            if _defines_kinds(part.resources) and not _is_as_before(part.path, made)
        } - {"", *held}
        if changed:
            return sorted(changed)
    return [own] if own and own not in held else []


def _is_as_before(path: str, made: Rendering) -> bool:
    """Return whether a manifest is as it was at the last commit, whether made anew or not."""
    before, now = made.before.components.get(path), made.lock.components.get(path)
    return before is not None and now is not None and before.files == now.files


def _find_part(path: str, made: Rendering) -> str:
    component = made.lock.components.get(path)
    if component is None:
        return ""
    return find_owner(component, made.failures.found) or component.part


def _list_resources(before: Lock, name: str) -> set[Resource]:
    return {
        parse_identity(identity)
        for part in before.components.values()
        if find_owner(part, {name})
        for identity in part.resources
    }


def _defines_kinds(resources: Iterable[str]) -> bool:
    found = map(parse_identity, resources)
    return any((resource.group, resource.kind) == _DEFINITION for resource in found)
