"""Find what a name means: resources that the lock lists, else components."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promotion.common.text import line, list_first
from promotion.errors import PromotionError
from promotion.publishing.reported_holds import describe_hold
from promotion.rendering.lock.lock import Lock, LockedComponent
from promotion.rendering.manifests.resource_identity import Resource, parse_identity

_SHORT = {
    "cj": "cronjob",
    "cm": "configmap",
    "crd": "customresourcedefinition",
    "deploy": "deployment",
    "ds": "daemonset",
    "hpa": "horizontalpodautoscaler",
    "ing": "ingress",
    "netpol": "networkpolicy",
    "ns": "namespace",
    "pdb": "poddisruptionbudget",
    "pvc": "persistentvolumeclaim",
    "sa": "serviceaccount",
    "sts": "statefulset",
    "svc": "service",
}
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Found:
    """A component, by its output path, and the wanted ones of its resources; none means all."""

    path: str
    component: LockedComponent
    resources: tuple[Resource, ...] = ()


def find(lock: Lock, name: str, namespace: str = "") -> Found:
    """Return what a name means: `NAME` or `KIND/NAME` of resources, else a component's name.

    Kinds are as kubectl takes them: in any case, as plural or short name, with the group after a dot.
    Several resources of one component are one answer.

    Args:
        namespace: of the resources; empty for any.

    Raises:
        PromotionError: nothing has the name, or several components have; with what there is.
    """
    hits = list(_find_resources(lock, name, namespace)) or list(_find_components(lock, name, namespace))
    if not hits and namespace:
        _refuse_namespace(lock, name, namespace)
    if not hits:
        kind = _unknown_kind(lock, name)
        why = f": there is no kind {line(kind)!r} here" if kind else ""
        told = [
            describe_hold(part, held)
            for part, held in lock.held.items()
            if part == name or part.endswith(f"/{name}")
        ]
        why = "; ".join([why, *told])
        raise PromotionError(f"nothing here is called {line(name)!r}{why}", fix=_suggest(lock, name, kind))
    if len(hits) > 1:
        shown = [row for hit in hits for row in _candidates(hit)]
        raise PromotionError(
            f"{line(name)!r} means several things:\n{_list(shown)}",
            fix="Name one as KIND/NAME, with --namespace, or by its component.",
        )
    return hits[0]


def _refuse_namespace(lock: Lock, name: str, namespace: str) -> None:
    """Raise an error that says in which other namespaces the name exists."""
    others = list(_find_resources(lock, name, "")) or _find_components(lock, name, "")
    if others:
        shown = [row for hit in others for row in _candidates(hit)]
        raise PromotionError(
            f"nothing in namespace {line(namespace)!r} is called {line(name)!r}",
            fix=f"There is:\n{_list(shown)}",
        )


def _unknown_kind(lock: Lock, name: str) -> str:
    """Return the kind that a name begins with, if no resource has it; empty for a component's folder."""
    kind, separator, _ = name.partition("/")
    is_folder = any(part.label.startswith(f"{kind}/") for part in lock.components.values())
    is_known = any(_is_kind(resource, kind) for resource in _resources(lock))
    return kind if separator and not is_folder and not is_known else ""


def _resources(lock: Lock) -> Iterator[Resource]:
    return (parse_identity(text) for part in lock.components.values() for text in part.resources)


def _find_resources(lock: Lock, name: str, namespace: str) -> Iterator[Found]:
    kind, separator, plain = name.partition("/")
    for path, part in lock.components.items():
        resources = tuple(
            resource
            for resource in map(parse_identity, part.resources)
            if resource.name == (plain if separator else name)
            and (not separator or _is_kind(resource, kind))
            and namespace in ("", resource.namespace)
        )
        if resources:
            yield Found(path=path, component=part, resources=resources)


def _find_components(lock: Lock, name: str, namespace: str) -> list[Found]:
    if namespace:
        return []
    parts = [Found(path=path, component=part) for path, part in lock.components.items()]
    exact = [part for part in parts if part.component.label == name]
    return exact or [part for part in parts if part.component.label.rpartition("/")[2] == name]


def _is_kind(resource: Resource, wanted: str) -> bool:
    kind, _, group = wanted.casefold().partition(".")
    kind = _SHORT.get(kind, kind)
    own = resource.kind.casefold()
    plurals = (own, f"{own}s", f"{own}es", f"{own.removesuffix('y')}ies")
    return kind in plurals and group in ("", resource.group.casefold())


def _candidates(hit: Found) -> list[str]:
    if not hit.resources:
        return [f"component {hit.component.label}"]
    return [f"{name_of(resource)} of component {hit.component.label}" for resource in hit.resources]


def name_of(resource: Resource) -> str:
    """Return a resource's name in the form that the command takes."""
    place = f" --namespace {resource.namespace}" if resource.namespace else ""
    return f"{resource.kind}/{resource.name}{place}"


def _suggest(lock: Lock, name: str, kind: str) -> str:
    plain = name.rpartition("/")[2].casefold()
    known: dict[str, list[str]] = {}
    for part in lock.components.values():
        known.setdefault(part.label.rpartition("/")[2].casefold(), []).append(f"component {part.label}")
        for resource in map(parse_identity, part.resources):
            known.setdefault(resource.name.casefold(), []).append(name_of(resource))
    alike = [each for each in known if plain and plain in each]
    alike += difflib.get_close_matches(plain, known, n=5, cutoff=0.5)
    rows = list(dict.fromkeys(row for each in alike for row in known[each]))
    if rows:
        return f"Alike are:\n{_list(rows)}"
    if kind and (kinds := {resource.kind for resource in _resources(lock)}):
        return f"The kinds are:\n{_list(sorted(kinds))}"
    labels = sorted(part.label for part in lock.components.values())
    return f"The components are:\n{_list(labels)}" if labels else "There are no components."


def _list(rows: Sequence[str]) -> str:
    return "\n".join(list_first(rows, _SHOWN, lambda row: f"  {line(row)}", "  and {} more"))
