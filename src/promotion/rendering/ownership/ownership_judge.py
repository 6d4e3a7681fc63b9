"""Judge what the parts of a definition make by what they may: no effects, nothing but the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import yaml

from promotion.rendering.materialize_request import OWNERSHIP_FILE
from promotion.rendering.ownership.breach import ADD, Breach, Suspect, show
from promotion.rendering.ownership.grant_checks import judge_grants
from promotion.rendering.ownership.host_places import judge_hosts
from promotion.rendering.ownership.image_places import judge_images
from promotion.rendering.ownership.kind_catalogue import (
    APPLIER_KINDS,
    CLUSTER_KINDS,
    NAMESPACED_KINDS,
    UNSAFE_KINDS,
    Kind,
    is_builtin_group,
)
from promotion.rendering.ownership.node_search import find_all, text_of
from promotion.rendering.ownership.part_rules import Ownership
from promotion.rendering.ownership.resource_heads import Head, read_heads

_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_NAMESPACE = ("", "Namespace")
_NOTHING = yaml.MappingNode("", [])


@dataclass(frozen=True, kw_only=True)
class PartManifest:
    """A component's manifest, the part that it belongs to, and its path below the output folder."""

    part: str
    path: str
    data: bytes = field(repr=False)


def judge_parts(
    manifests: Sequence[PartManifest],
    ownership: Ownership,
    owners: Mapping[str, str] | None = None,
    others: Mapping[str, str] | None = None,
) -> Iterator[tuple[PartManifest, Breach]]:
    """Yield every breach, each with the manifest that it is in.

    Args:
        manifests: of all parts, also what was judged before if a kind's scope may depend on it.
        owners: the part that each resource belonged to before, by its identity without a namespace's default.
            Of two parts that make one resource, the newcomer breaks the rule; both if both are new.
        others: the part of each resource that isn't among the manifests, by its identity.
    """
    scopes = find_scopes(manifests, ownership)
    seen: list[tuple[PartManifest, Suspect]] = []
    for manifest in manifests:
        rule = ownership.find(manifest.part)
        heads = read_heads(manifest.data)
        if rule is None:
            yield manifest, _unnamed(manifest.part, ownership, next(heads, None))
            continue
        for head in heads:
            suspect = Suspect(part=manifest.part, rule=rule, head=head)
            yield from ((manifest, breach) for breach in judge_resource(suspect, scopes))
            # Without its node, for those of a whole cluster take much memory.
            seen.append((manifest, replace(suspect, head=replace(head, node=_NOTHING))))
    makers = _find_makers(suspect for _, suspect in seen)
    for manifest, suspect in seen:
        yield from ((manifest, breach) for breach in _judge_twin(suspect, makers, owners or {}, others or {}))


def judge_resource(suspect: Suspect, scopes: Mapping[Kind, str]) -> Iterator[Breach]:
    """Yield the breaches of one resource.

    Args:
        scopes: of the kinds that the tree's CustomResourceDefinitions define: `Namespaced` or `Cluster`.
    """
    head, rule = suspect.head, suspect.rule
    if rule.is_any:
        return
    if head.faults:
        for fault in head.faults:
            yield Breach(
                resource=str(head),
                field=fault.field,
                what=fault.what,
                rule="",
                right=fault.fix,
                line=fault.line,
                template=head.template,
            )
        return
    if is_namespaced(head.group_kind, scopes):
        yield from _judge_kind(suspect)
        yield from _judge_namespace(suspect)
    elif head.group_kind == _NAMESPACE:
        yield from _judge_namespace_itself(suspect)
    else:
        yield from _judge_cluster_scoped(suspect, scopes)
    yield from judge_grants(suspect)
    yield from judge_hosts(suspect)
    yield from judge_images(suspect)


def is_namespaced(kind: Kind, scopes: Mapping[Kind, str]) -> bool:
    """Return whether a kind surely has a namespace. One that nobody knows counts as without."""
    if is_builtin_group(kind[0]):
        return kind in NAMESPACED_KINDS
    return scopes.get(kind) == "Namespaced"


def _judge_kind(suspect: Suspect) -> Iterator[Breach]:
    kind = suspect.head.group_kind
    if suspect.rule.allows_kind(kind):
        return
    name = f"{kind[0]}/{kind[1]}" if kind[0] else kind[1]
    if suspect.rule.kinds is None:
        why = f". {UNSAFE_KINDS[kind].rstrip('.')}" if kind in UNSAFE_KINDS else ""
        rule = f"the part {suspect.part} may have the safe kinds only ({suspect.rule.where}){why}"
    else:
        rule = suspect.cite("kinds", [entry.text for entry in suspect.rule.kinds])
    if kind in APPLIER_KINDS:
        rule += ". What applies manifests in others' names is allowed by its whole name only"
    yield suspect.report("kind", f"is {name}", rule, f"Leave it out, {ADD} under `kinds`, as `{name}`.")


def _judge_namespace(suspect: Suspect) -> Iterator[Breach]:
    head, allowed = suspect.head, suspect.namespaces
    rule = suspect.cite("namespaces", allowed)
    if not head.namespace:
        what = "is missing, so whoever applies it decides where it lands"
        right = (
            f"Write one, as `namespace: {allowed[0]}`, or set `namespace` and `injectNamespace: true` in the "
            "part's config."
            if allowed
            else f"Have `namespaces` written in {OWNERSHIP_FILE}."
        )
        yield suspect.report("metadata.namespace", what, rule, right)
    elif not suspect.may_use(head.namespace):
        right = f"Take one of these, {ADD}."
        yield suspect.report("metadata.namespace", f"is {show(head.namespace)}", rule, right)


def _judge_namespace_itself(suspect: Suspect) -> Iterator[Breach]:
    """Judge a Namespace by its name; generateName is none yet."""
    head = suspect.head
    is_own = suspect.may_use(head.name)
    if head.name and (is_own or suspect.rule.allows_cluster_wide(head.group_kind, head.name)):
        return
    what = f"is {show(head.name)}" if head.name else "is missing, so its name isn't known"
    rule = suspect.cite("namespaces", suspect.namespaces)
    yield suspect.report("metadata.name", what, rule, f"Leave the Namespace out, {ADD}.")


def _judge_cluster_scoped(suspect: Suspect, scopes: Mapping[Kind, str]) -> Iterator[Breach]:
    """Judge what has no namespace, or may have none. One that is written must be the part's nevertheless."""
    head, kind = suspect.head, suspect.head.group_kind
    rule = suspect.cite("cluster-scoped", [entry.text for entry in suspect.rule.cluster_scoped])
    is_unknown = not is_builtin_group(kind[0]) and kind not in scopes
    full = kind[1] if CLUSTER_KINDS.get(kind[1]) == kind[0] else f"{kind[1]}.{kind[0]}".rstrip(".")
    if not (head.name and suspect.rule.allows_cluster_wide(kind, head.name)):
        what = f"is {kind[0]}/{kind[1]}".replace(" /", " ")
        scope = (
            "whose scope no CustomResourceDefinition here tells" if is_unknown else "which has no namespace"
        )
        what += f", {scope}"
        if not head.name:
            what += ", and it has no name yet"
        right = f"Leave it out, {ADD} under `cluster-scoped`, as `{full}/{head.name or '…'}`."
        yield suspect.report("kind", what, rule, right)
    elif head.namespace and not suspect.may_use(head.namespace):
        cited = suspect.cite("namespaces", suspect.namespaces)
        what = f"is {show(head.namespace)}"
        yield suspect.report("metadata.namespace", what, cited, f"Leave it out, {ADD}.")


def find_scopes(manifests: Iterable[PartManifest], ownership: Ownership) -> dict[Kind, str]:
    """Return the scopes of custom kinds, from the CustomResourceDefinitions that their part may make.

    Where two differ, the kind counts as without a namespace.
    """
    found: dict[Kind, str] = {}
    for manifest in manifests:
        rule = ownership.find(manifest.part)
        if rule is None or _CRD[1].encode() not in manifest.data:
            continue
        for head in read_heads(manifest.data):
            suspect = Suspect(part=manifest.part, rule=rule, head=head)
            if head.group_kind != _CRD or any(judge_resource(suspect, {})):
                continue
            for kind, scope in _read_definition(head):
                is_new = found.setdefault(kind, scope) == scope
                found[kind] = scope if is_new else "Cluster"
    return found


def _read_definition(head: Head) -> Iterator[tuple[Kind, str]]:
    """Yield the kind that a CustomResourceDefinition defines; `Cluster` where it isn't plain that it isn't.

    It is what `metadata.name` says as well: `<plural>.<group>` (apiextensions-apiserver:
    pkg/apis/apiextensions/validation/validation.go, ValidateCustomResourceDefinition).
    """

    def texts(*path: str) -> set[str]:
        return {text_of(node) or "" for node in find_all(head.node, "spec", *path)}

    groups, kinds, scopes = texts("group"), texts("names", "kind"), texts("scope")
    is_plain = len(groups) == len(kinds) == 1 and scopes == {"Namespaced"}
    for group in groups:
        fits = head.name.endswith(f".{group}")
        for kind in kinds:
            yield (group, kind), "Namespaced" if is_plain and fits else "Cluster"


def _find_makers(suspects: Iterable[Suspect]) -> dict[tuple[str, str, str, str], set[str]]:
    makers: dict[tuple[str, str, str, str], set[str]] = {}
    for suspect in suspects:
        if suspect.head.name and not suspect.head.faults:
            makers.setdefault(_identify(suspect.head), set()).add(suspect.part)
    return makers


def _identify(head: Head) -> tuple[str, str, str, str]:
    kind = head.group_kind
    is_wide = is_builtin_group(kind[0]) and kind not in NAMESPACED_KINDS
    return (*kind, "" if is_wide else head.namespace, head.name)


def _judge_twin(
    suspect: Suspect,
    makers: Mapping[tuple[str, str, str, str], set[str]],
    owners: Mapping[str, str],
    kept: Mapping[str, str],
) -> Iterator[Breach]:
    head = suspect.head
    if not head.name or head.faults:
        return
    identity = f"{head.group}/{head}" if head.group else str(head)
    others = makers[_identify(head)] | ({kept[identity]} if identity in kept else set())
    owner = owners.get(identity)
    if others <= {suspect.part} or owner == suspect.part:
        return
    what = f"is that of the part {min(others - {suspect.part}) if owner is None else owner}, too"
    yield suspect.report("metadata.name", what, "a resource belongs to one part", "Give it another name.")


def _unnamed(part: str, ownership: Ownership, head: Head | None) -> Breach:
    return Breach(
        resource=str(head) if head else "the manifest",
        field="",
        what=f"no entry of {ownership.where} is for the part {part}, so it may make nothing",
        rule="",
        right=f"Have an entry for {part} added there.",
        line=head.line if head else 1,
        template=head.template if head else "",
    )
